package locknode

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

// conn runs commands under its context.
type conn struct {
	node *Node
	ctx  context.Context
}

// ask has f carried out as the node is told to, and returns what it says where that comes before the
// context ends.
func ask[T any](c conn, f func(n *Node) (T, error)) (reply T, err error) {
	var answer T // not what is returned: f may be carried out when its caller has left
	var refusal error
	n, carriedOut := c.node, false
	do := func() {
		n.commands++
		answer, refusal = f(n)
		carriedOut = true
	}
	if err := c.wait(n.arrive(do)); err != nil {
		return reply, err
	}
	latency := n.delay()
	if err := c.wait(after(latency / 2)); err != nil {
		return reply, err
	}
	if err := n.carryOut(&carriedOut, do); err != nil {
		return reply, err
	}
	if err := c.wait(after(latency - latency/2)); err != nil {
		return reply, err
	}
	return answer, refusal
}

// arrive is what the node does with a command as it comes, and until when that is all: nil for at once.
func (n *Node) arrive(do func()) (until <-chan struct{}) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.hung == nil {
		return nil
	}
	switch n.hung.keeps {
	case commandsForLater:
		n.hung.late = append(n.hung.late, do)
	case answers:
		do()
	}
	return n.hung.over
}

func (n *Node) delay() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.latency
}

func (n *Node) carryOut(already *bool, do func()) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case *already:
	case n.down:
		return ErrDown
	default:
		do()
	}
	return nil
}

// wait waits for a channel, if there is one, until the command's context ends.
func (c conn) wait(until <-chan struct{}) error {
	if until != nil {
		select {
		case <-until:
		case <-c.ctx.Done():
		}
	}
	return c.ctx.Err()
}

// after is closed when d has passed; nil for no time.
func after(d time.Duration) <-chan struct{} {
	if d <= 0 {
		return nil
	}
	passed := make(chan struct{})
	time.AfterFunc(d, func() { close(passed) })
	return passed
}

func (c conn) Get(name string) (string, error) {
	return ask(c, func(n *Node) (string, error) { return n.get(name), nil })
}

func (c conn) Set(name, value string) (bool, error) {
	return ask(c, func(n *Node) (bool, error) {
		if n.refusal != nil {
			return false, n.refusal
		}
		n.put(name, value, 0)
		return true, nil
	})
}

func (c conn) SetNX(name, value string, expiry time.Duration) (bool, error) {
	return ask(c, func(n *Node) (bool, error) {
		switch {
		case n.refusal != nil: // Redis refuses the command before it looks at the key
			return false, n.refusal
		case n.get(name) != "":
			return false, nil
		}
		n.put(name, value, expiry)
		return true, nil
	})
}

func (c conn) PTTL(name string) (time.Duration, error) {
	return ask(c, func(n *Node) (time.Duration, error) {
		switch e := n.keys[name]; {
		case n.get(name) == "":
			return -2, nil // as go-redis has it for a key that is not there
		case e.ends.IsZero():
			return -1, nil
		default:
			return time.Until(e.ends), nil
		}
	})
}

// Eval knows the scripts of redsync and of package redlock by what they do.
func (c conn) Eval(script *redis.Script, keysAndArgs ...any) (any, error) {
	var run func(n *Node) (int64, error)
	key, token := keysAndArgs[0].(string), fmt.Sprint(keysAndArgs[1])
	switch src := strings.ToUpper(script.Src); {
	case strings.Contains(src, `"DEL"`):
		run = func(n *Node) (int64, error) { return n.release(key, token) }
	case strings.Contains(src, `"PEXPIRE"`):
		life := milliseconds(keysAndArgs[2])
		revive := strings.Contains(src, `"NX"`)
		run = func(n *Node) (int64, error) { return n.touch(key, token, life, revive) }
	case strings.Contains(src, `"SET"`) && strings.Contains(src, "ARGV[3]"):
		mark, life := fmt.Sprint(keysAndArgs[2]), milliseconds(keysAndArgs[3])
		run = func(n *Node) (int64, error) { return n.mark(key, token, mark, life) }
	default:
		return nil, fmt.Errorf("locknode: unknown script %s", script.Hash)
	}
	return ask(c, func(n *Node) (any, error) { return run(n) })
}

func (c conn) ScriptLoad(*redis.Script) error { return nil }
func (c conn) Close() error                   { return nil }

func milliseconds(v any) time.Duration {
	switch n := v.(type) {
	case int:
		return time.Duration(n) * time.Millisecond
	case int64:
		return time.Duration(n) * time.Millisecond
	}
	return 0
}
