package redlock

import (
	"context"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

// detachedPool runs each command under a deadline of its own and not under the caller's context:
// redsync ends that as soon as a majority has answered, and the rest is to be told all the same.
type detachedPool struct {
	pool     redis.Pool
	timeout  time.Duration
	commands *commands
}

// Get is called in the goroutine that runs the one command of the Conn, and Close after it.
func (p *detachedPool) Get(ctx context.Context) (redis.Conn, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.timeout)
	p.commands.begin()
	conn, err := p.pool.Get(ctx)
	if err != nil {
		p.commands.end()
		cancel()
		return nil, err
	}
	return &detachedConn{Conn: conn, cancel: cancel, commands: p.commands}, nil
}

type detachedConn struct {
	redis.Conn
	cancel   context.CancelFunc
	commands *commands
}

func (c *detachedConn) Close() error {
	defer c.commands.end()
	defer c.cancel()
	return c.Conn.Close()
}
