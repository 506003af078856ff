// Package locknode is a lock node in memory, for tests: a redsync pool that does what Redis does with
// the few commands a lock needs, and fails on demand. It takes its time from the time package, so that
// it works in a testing/synctest bubble, where a real Redis cannot.
package locknode

import (
	"context"
	"errors"
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
	hung     *hang // nil while it answers
	refusal  error // of writes; nil while they are accepted
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

// Wipe forgets every key, as a restart without persistence does.
func (n *Node) Wipe() { n.set(func() { n.keys = nil }) }

// SetLatency has every command take that long: half of it on the way there, half on the way back.
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

// Keys are those that are there, with their values.
func (n *Node) Keys() map[string]string {
	n.mu.Lock()
	defer n.mu.Unlock()
	keys := make(map[string]string)
	for name := range n.keys {
		if value := n.get(name); value != "" {
			keys[name] = value
		}
	}
	return keys
}

// SetValue sets a key as another client would.
func (n *Node) SetValue(key, value string, life time.Duration) {
	n.set(func() { n.put(key, value, life) })
}

// Hold sets a key as aioredlock does: for life, where it is absent or has the token already.
func (n *Node) Hold(ctx context.Context, key, token string, life time.Duration) (held bool, err error) {
	return ask(conn{n, ctx}, func(n *Node) (bool, error) {
		touched, err := n.touch(key, token, life, true)
		return touched == 1, err
	})
}

// GiveUp deletes a key that has the token, as aioredlock does.
func (n *Node) GiveUp(ctx context.Context, key, token string) error {
	_, err := ask(conn{n, ctx}, func(n *Node) (int64, error) { return n.release(key, token) })
	return err
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

// The scripts fail at their first write where writes are refused; one that writes nothing succeeds.

func (n *Node) release(key, token string) (int64, error) {
	switch n.get(key) {
	case token:
		return n.write(func() { delete(n.keys, key) })
	case "":
		return -1, nil
	}
	return 0, nil
}

func (n *Node) touch(key, token string, life time.Duration, revive bool) (int64, error) {
	if value := n.get(key); value == token || value == "" && revive {
		return n.write(func() { n.put(key, token, life) })
	}
	return 0, nil
}

func (n *Node) mark(key, token, mark string, life time.Duration) (int64, error) {
	if value := n.get(key); value == "" || value == token || value == mark {
		return n.write(func() { n.put(key, mark, life) })
	}
	return 0, nil
}

func (n *Node) write(do func()) (int64, error) {
	if n.refusal != nil {
		return 0, n.refusal
	}
	do()
	return 1, nil
}
