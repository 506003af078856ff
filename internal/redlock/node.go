package redlock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

const (
	restAfter = 3           // failures in a row
	restFor   = time.Second // until a node that failed is asked again
)

// errResting is what a node answers that failed lately, without being asked.
var errResting = errors.New("it failed lately and is asked again within a second")

// server carries commands out, each under a deadline of its own.
type server interface {
	get(name string) (string, error)
	setNX(name, value string, expiry time.Duration) (bool, error)
	eval(script *redis.Script, keysAndArgs ...any) (any, error)
}

// node is redsync's Pool of one Redis server. Its commands do not run under the caller's context:
// redsync ends that as soon as a majority has answered, and the rest is to be told all the same. A
// server that fails again and again is left alone for a while, but for one command that tries it.
type node struct {
	index  int // its place in the list
	server server

	failures atomic.Int64 // in a row
	mu       sync.Mutex
	resting  time.Time
	lastErr  error
}

// Get returns the Conn of one command of one step; the step is told by ctx.
func (n *node) Get(ctx context.Context) (redis.Conn, error) {
	step, _ := ctx.Value(stepKey{}).(*step)
	return &conn{node: n, step: step}, nil
}

// admit refuses commands to a node that rests.
func (n *node) admit() error {
	if n.failures.Load() < restAfter {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if n.failures.Load() >= restAfter && now.Before(n.resting) {
		return fmt.Errorf("%w (%w)", n.lastErr, errResting)
	}
	n.resting = now.Add(restFor) // this command tries it, the others go on without
	return nil
}

// note counts failures in a row.
func (n *node) note(err error) {
	if err == nil && n.failures.Load() == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		n.failures.Store(0)
		n.lastErr = nil
		return
	}
	n.lastErr = err
	if n.failures.Add(1) == restAfter {
		n.resting = time.Now().Add(restFor)
	}
}

func (n *node) get(name string) (string, error) {
	if err := n.admit(); err != nil {
		return "", err
	}
	value, err := n.server.get(name)
	n.note(err)
	return value, err
}

func (n *node) setNX(name, value string, expiry time.Duration) (bool, error) {
	if err := n.admit(); err != nil {
		return false, err
	}
	ok, err := n.server.setNX(name, value, expiry)
	n.note(err)
	return ok, err
}

func (n *node) eval(script *redis.Script, keysAndArgs ...any) (any, error) {
	if err := n.admit(); err != nil {
		return nil, err
	}
	reply, err := n.server.eval(script, keysAndArgs...)
	n.note(err)
	return reply, err
}

// conn is redsync's connection for one command. redsync locks by SetNX and does the rest by Eval.
type conn struct {
	node *node
	step *step
}

func (c *conn) SetNX(name, value string, expiry time.Duration) (bool, error) {
	c.step.begin(c.node.index)
	defer c.step.end(c.node.index)
	return c.node.setNX(name, value, expiry)
}

func (c *conn) Eval(script *redis.Script, keysAndArgs ...any) (any, error) {
	step := c.step
	if step.locks {
		step = step.released()
	}
	step.begin(c.node.index)
	defer step.end(c.node.index)
	return c.node.eval(script, keysAndArgs...)
}

func (c *conn) Close() error { return nil }

var errUnused = errors.New("redlock: redsync does not use this command")

func (c *conn) Get(string) (string, error)         { return "", errUnused }
func (c *conn) Set(string, string) (bool, error)   { return false, errUnused }
func (c *conn) PTTL(string) (time.Duration, error) { return 0, errUnused }
func (c *conn) ScriptLoad(*redis.Script) error     { return errUnused }
