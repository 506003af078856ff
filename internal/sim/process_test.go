package sim

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

// process is a consumer as the operating system has it: it can be made to stand still, or be killed. What
// it does to the outside goes through pass.
type process struct {
	name     string
	python   bool
	receives atomic.Bool // it was started

	mu      sync.Mutex
	frozen  chan struct{} // closed when it goes on; nil while it does
	killed  bool
	spans   []span    // of standing still
	stopped time.Time // when it was told to stop; zero before that
}

func (p *process) toldToStop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = time.Now()
}

// stopping reports whether it was told to stop some time ago: in one instant everything may happen in any order.
func (p *process) stopping() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.stopped.IsZero() && time.Now().After(p.stopped)
}

// pass waits while the process stands still.
func (p *process) pass(ctx context.Context) error {
	p.mu.Lock()
	frozen := p.frozen
	p.mu.Unlock()
	if frozen == nil {
		return nil
	}
	select {
	case <-frozen:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *process) freeze(forEver bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = p.killed || forEver
	if p.frozen == nil {
		p.frozen = make(chan struct{})
		p.spans = append(p.spans, span{from: time.Now()})
	}
}

// thaw has it go on. One that was killed only does so at the end of the simulation, to be cleared away.
func (p *process) thaw(atTheEnd bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.frozen == nil || p.killed && !atTheEnd {
		return
	}
	close(p.frozen)
	p.frozen = nil
	p.spans[len(p.spans)-1].to = time.Now()
}

// still reports whether it does nothing now.
func (p *process) still() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frozen != nil || p.killed
}

func (p *process) dead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// stoodStill reports whether it did nothing for some of a time.
func (p *process) stoodStill(from, to time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed || slices.ContainsFunc(p.spans, func(s span) bool {
		return s.from.Before(to) && (s.to.IsZero() || s.to.After(from))
	})
}

var errKilled = errors.New("the process was killed")

// rest waits as a handler does: it goes on only when the process does.
func (p *process) rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var err error
	select {
	case <-timer.C:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	_ = p.pass(context.Background())
	if p.dead() {
		return errKilled
	}
	return err
}

// lockNode is the process's way to a lock node.
type lockNode struct {
	process *process
	inner   redis.Pool
}

func (n lockNode) Get(ctx context.Context) (redis.Conn, error) {
	c, err := n.inner.Get(ctx)
	return lockConn{c, n.process, ctx}, err
}

type lockConn struct {
	redis.Conn
	process *process
	ctx     context.Context
}

func guarded[T any](c lockConn, do func() (T, error)) (reply T, err error) {
	if err := c.process.pass(c.ctx); err != nil {
		return reply, err
	}
	reply, err = do()
	if e := c.process.pass(c.ctx); e != nil {
		return reply, e
	}
	return reply, err
}

func (c lockConn) Get(name string) (string, error) {
	return guarded(c, func() (string, error) { return c.Conn.Get(name) })
}

func (c lockConn) SetNX(name, value string, life time.Duration) (bool, error) {
	return guarded(c, func() (bool, error) { return c.Conn.SetNX(name, value, life) })
}

func (c lockConn) Set(name, value string) (bool, error) {
	return guarded(c, func() (bool, error) { return c.Conn.Set(name, value) })
}

func (c lockConn) PTTL(name string) (time.Duration, error) {
	return guarded(c, func() (time.Duration, error) { return c.Conn.PTTL(name) })
}

func (c lockConn) Eval(script *redis.Script, args ...any) (any, error) {
	return guarded(c, func() (any, error) { return c.Conn.Eval(script, args...) })
}
