package redlock

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	restAfter = 3           // failures in a row
	restFor   = time.Second // until a node that failed is asked again
)

// errResting is what a node answers that failed lately, without being asked.
var errResting = errors.New("it failed lately and is asked again within a second")

// server carries commands out, each within a time of its own, and tells the node it was asked by of
// the answer.
type server interface {
	start(c command, from *node, to sink)
}

// node is one Redis server. Its commands do not run under the caller's context:
// redsync ends that as soon as a majority has answered, and the rest is to be told all the same. A
// server that fails again and again is left alone for a while, but for one command that tries it and for
// leases that would have no majority without it: the end of a lease waits for nobody.
type node struct {
	index    int // its place in the list
	server   server
	commands *commands
	mostRest func() bool // a majority of the nodes is left alone

	failures atomic.Int64 // in a row
	mu       sync.Mutex
	resting  time.Time
	lastErr  error
}

// start has the server carry a command out. The answer may come before it returns.
func (n *node) start(c command, to sink) {
	n.commands.begin(1)
	if err := n.admit(c); err != nil {
		n.commands.end()
		to.answer(n.index, nil, err)
		return
	}
	n.server.start(c, n, to)
}

// answered passes an answer on.
func (n *node) answered(to sink, reply any, err error) {
	n.note(err)
	to.answer(n.index, reply, err)
	n.commands.end()
}

// do carries a command out and waits for its answer.
func (n *node) do(c command) (any, error) {
	one := make(answers, 1)
	n.start(c, one)
	a := <-one
	return a.reply, a.err
}

// admit refuses commands to a node that rests.
func (n *node) admit(c command) error {
	if n.failures.Load() < restAfter || c.ofLease() && n.mostRest() {
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

// note counts failures in a row. A server that answers with an error is not left alone: the answer costs little,
// and the next one may be another.
func (n *node) note(err error) {
	if isAnswer(err) {
		err = nil
	}
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
