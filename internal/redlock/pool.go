package redlock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

const (
	restAfter = 3           // failures in a row
	restFor   = time.Second // until a node that failed is asked again
)

// errResting is what a node answers that failed lately, without being asked.
var errResting = errors.New("it failed lately and is asked again within a second")

// detachedPool runs each command under a deadline of its own and not under the caller's context:
// redsync ends that as soon as a majority has answered, and the rest is to be told all the same. A
// node that fails again and again is left alone for a while, but for one command that tries it.
type detachedPool struct {
	node     int // its place in the list
	pool     redis.Pool
	timeout  time.Duration
	commands *commands

	mu       sync.Mutex
	failures int // in a row
	resting  time.Time
	lastErr  error
}

// Get is called in the goroutine that runs the one command of the Conn, and Close after it.
func (p *detachedPool) Get(ctx context.Context) (redis.Conn, error) {
	p.commands.begin()
	end := turn(ctx, p.node)
	conn, err := p.open(ctx)
	if err != nil {
		end()
		p.commands.end()
		return nil, err
	}
	conn.end = end
	return conn, nil
}

func (p *detachedPool) open(ctx context.Context) (*detachedConn, error) {
	if err := p.admit(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timeout)
	conn, err := p.pool.Get(ctx)
	if err != nil {
		cancel()
		p.note(err)
		return nil, err
	}
	return &detachedConn{conn: conn, cancel: cancel, pool: p}, nil
}

// admit refuses commands to a node that rests.
func (p *detachedPool) admit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.failures < restAfter {
		return nil
	}
	if now.Before(p.resting) {
		return fmt.Errorf("%w (%w)", p.lastErr, errResting)
	}
	p.resting = now.Add(restFor) // this command tries it, the others go on without
	return nil
}

// note counts failures in a row.
func (p *detachedPool) note(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.failures, p.lastErr = 0, nil
		return
	}
	p.failures++
	p.lastErr = err
	if p.failures == restAfter {
		p.resting = time.Now().Add(restFor)
	}
}

// detachedConn notes how its command went.
type detachedConn struct {
	conn   redis.Conn
	cancel context.CancelFunc
	end    func() // the lease's next command may follow
	pool   *detachedPool
}

func (c *detachedConn) Get(name string) (string, error) {
	value, err := c.conn.Get(name)
	c.pool.note(err)
	return value, err
}

func (c *detachedConn) Set(name, value string) (bool, error) {
	ok, err := c.conn.Set(name, value)
	c.pool.note(err)
	return ok, err
}

func (c *detachedConn) SetNX(name, value string, expiry time.Duration) (bool, error) {
	ok, err := c.conn.SetNX(name, value, expiry)
	c.pool.note(err)
	return ok, err
}

func (c *detachedConn) Eval(script *redis.Script, keysAndArgs ...any) (any, error) {
	reply, err := c.conn.Eval(script, keysAndArgs...)
	c.pool.note(err)
	return reply, err
}

func (c *detachedConn) ScriptLoad(script *redis.Script) error {
	err := c.conn.ScriptLoad(script)
	c.pool.note(err)
	return err
}

func (c *detachedConn) PTTL(name string) (time.Duration, error) {
	life, err := c.conn.PTTL(name)
	c.pool.note(err)
	return life, err
}

func (c *detachedConn) Close() error {
	defer c.pool.commands.end()
	defer c.end()
	defer c.cancel()
	return c.conn.Close()
}
