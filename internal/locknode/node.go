// Package locknode is a lock node in memory, for tests: a redsync pool that does what Redis does with
// the few commands a lock needs, and fails on demand. It takes its time from the time package, so that
// it works in a testing/synctest bubble, where a real Redis cannot.
package locknode

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

// ErrDown is what every command to a node that is down returns.
var ErrDown = errors.New("connection refused")

// Node is one lock node. The zero value is up and empty.
type Node struct {
	mu       sync.Mutex
	keys     map[string]entry
	down     bool
	hung     chan struct{} // closed when the node answers again; nil while it does
	latency  time.Duration
	speed    float64 // of the node's clock; 0 is 1
	commands int
}

type entry struct {
	value string
	ends  time.Time // zero for never
}

// Down has every command fail at once.
func (n *Node) Down() { n.set(func() { n.down = true }) }

// Hang has every command wait until its context ends, or until Up.
func (n *Node) Hang() {
	n.set(func() {
		if n.hung == nil {
			n.hung = make(chan struct{})
		}
	})
}

// Up ends Down and Hang.
func (n *Node) Up() {
	n.set(func() {
		n.down = false
		if n.hung != nil {
			close(n.hung)
			n.hung = nil
		}
	})
}

// Wipe forgets every key, as a restart without persistence does.
func (n *Node) Wipe() { n.set(func() { n.keys = nil }) }

// SetLatency has every command take that long.
func (n *Node) SetLatency(d time.Duration) { n.set(func() { n.latency = d }) }

// SetClockSpeed has the node's clock run faster (above 1) or slower than ours: its keys end sooner or later.
func (n *Node) SetClockSpeed(speed float64) { n.set(func() { n.speed = speed }) }

// Commands counts the commands that the node carried out.
func (n *Node) Commands() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.commands
}

// Value returns a key's value, empty where there is none.
func (n *Node) Value(key string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.get(key)
}

// SetValue sets a key as another client would.
func (n *Node) SetValue(key, value string, life time.Duration) {
	n.set(func() { n.put(key, value, life) })
}

// Hold sets a key as aioredlock does: for life, where it is absent or has the token already.
func (n *Node) Hold(ctx context.Context, key, token string, life time.Duration) (held bool, err error) {
	err = conn{n, ctx}.do(func(n *Node) { held = n.touch(key, token, life, true) == 1 })
	return held, err
}

// GiveUp deletes a key that has the token, as aioredlock does.
func (n *Node) GiveUp(ctx context.Context, key, token string) error {
	return conn{n, ctx}.do(func(n *Node) { n.release(key, token) })
}

// Get opens a connection. It is redsync's Pool.
func (n *Node) Get(ctx context.Context) (redis.Conn, error) { return conn{n, ctx}, nil }

func (n *Node) set(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *Node) get(key string) string {
	e, ok := n.keys[key]
	if !ok || !e.ends.IsZero() && !time.Now().Before(e.ends) {
		return ""
	}
	return e.value
}

func (n *Node) put(key, value string, life time.Duration) {
	if n.keys == nil {
		n.keys = make(map[string]entry)
	}
	e := entry{value: value}
	if life > 0 && n.speed > 0 {
		life = time.Duration(float64(life) / n.speed)
	}
	if life > 0 {
		e.ends = time.Now().Add(life)
	}
	n.keys[key] = e
}

// conn runs commands under its context.
type conn struct {
	node *Node
	ctx  context.Context
}

// do waits as the node is told to and then carries f out.
func (c conn) do(f func(n *Node)) error {
	n := c.node
	n.mu.Lock()
	hung, latency := n.hung, n.latency
	n.mu.Unlock()
	if hung != nil {
		select {
		case <-hung:
		case <-c.ctx.Done():
		}
	}
	if latency > 0 {
		timer := time.NewTimer(latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.ctx.Done():
		}
	}
	if err := c.ctx.Err(); err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		return ErrDown
	}
	n.commands++
	f(n)
	return nil
}

func (c conn) Get(name string) (value string, err error) {
	err = c.do(func(n *Node) { value = n.get(name) })
	return value, err
}

func (c conn) Set(name, value string) (bool, error) {
	err := c.do(func(n *Node) { n.put(name, value, 0) })
	return err == nil, err
}

func (c conn) SetNX(name, value string, expiry time.Duration) (set bool, err error) {
	err = c.do(func(n *Node) {
		if set = n.get(name) == ""; set {
			n.put(name, value, expiry)
		}
	})
	return set, err
}

func (c conn) PTTL(name string) (life time.Duration, err error) {
	err = c.do(func(n *Node) {
		switch e := n.keys[name]; {
		case n.get(name) == "":
			life = -2 // as go-redis has it for a key that is not there
		case e.ends.IsZero():
			life = -1
		default:
			life = time.Until(e.ends)
		}
	})
	return life, err
}

// Eval knows the scripts of redsync and of package redlock by what they do.
func (c conn) Eval(script *redis.Script, keysAndArgs ...any) (status any, err error) {
	var run func(n *Node) int64
	key, token := keysAndArgs[0].(string), fmt.Sprint(keysAndArgs[1])
	switch src := strings.ToUpper(script.Src); {
	case strings.Contains(src, `"DEL"`):
		run = func(n *Node) int64 { return n.release(key, token) }
	case strings.Contains(src, `"PEXPIRE"`):
		life := milliseconds(keysAndArgs[2])
		revive := strings.Contains(src, `"NX"`)
		run = func(n *Node) int64 { return n.touch(key, token, life, revive) }
	case strings.Contains(src, `"SET"`) && strings.Contains(src, "ARGV[3]"):
		mark, life := fmt.Sprint(keysAndArgs[2]), milliseconds(keysAndArgs[3])
		run = func(n *Node) int64 { return n.mark(key, token, mark, life) }
	default:
		return nil, fmt.Errorf("locknode: unknown script %s", script.Hash)
	}
	err = c.do(func(n *Node) { status = run(n) })
	return status, err
}

func (c conn) ScriptLoad(*redis.Script) error { return nil }
func (c conn) Close() error                   { return nil }

func (n *Node) release(key, token string) int64 {
	switch n.get(key) {
	case token:
		delete(n.keys, key)
		return 1
	case "":
		return -1
	}
	return 0
}

func (n *Node) touch(key, token string, life time.Duration, revive bool) int64 {
	if value := n.get(key); value == token || value == "" && revive {
		n.put(key, token, life)
		return 1
	}
	return 0
}

func (n *Node) mark(key, token, mark string, life time.Duration) int64 {
	if value := n.get(key); value == "" || value == token || value == mark {
		n.put(key, mark, life)
		return 1
	}
	return 0
}

func milliseconds(v any) time.Duration {
	switch n := v.(type) {
	case int:
		return time.Duration(n) * time.Millisecond
	case int64:
		return time.Duration(n) * time.Millisecond
	}
	return 0
}
