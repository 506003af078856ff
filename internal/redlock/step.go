package redlock

import (
	"context"
	"sync"
)

// steps orders the commands of one lease, where redsync leaves gaps. It runs each command of a step in
// a goroutine of its own and returns when a majority has answered, so that
//
//   - a goroutine may not have begun by then, and nobody knows that its command is still to come: a
//     step's commands are counted before the first of them is sent;
//   - a release may overtake the SET NX before it, which then leaves a key that nobody owns: a command
//     to a node waits for the lease's command before it to that node.
//
// Neither waits for a node on behalf of another.
type steps struct {
	commands *commands

	mu     sync.Mutex
	number int        // of the latest step
	ended  []int      // commands to each node that have ended
	moved  *sync.Cond // nil until somebody waits
}

// step is one command to each node, made within one call of redsync.
type step struct {
	of     *steps
	number int
	locks  bool // redsync takes a lock in vain back within the same call: a step of its own
	undone bool // that step was counted
}

type stepKey struct{}

func newSteps(nodes int, c *commands) *steps {
	return &steps{commands: c, number: -1, ended: make([]int, nodes)}
}

// lock is the context for the call of redsync that locks, the first on a lease.
func (s *steps) lock() context.Context { return s.within(true) }

// next is the context for the next call of redsync on the lease, which follows the call before.
func (s *steps) next() context.Context { return s.within(false) }

func (s *steps) within(locks bool) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return context.WithValue(context.Background(), stepKey{}, &step{of: s, number: s.add(), locks: locks})
}

// add counts one more step with its commands. The caller holds mu.
func (s *steps) add() (number int) {
	s.commands.begin(len(s.ended))
	s.number++
	return s.number
}

// released is the step in which redsync takes a lock in vain back.
func (s *step) released() *step {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if !s.undone {
		s.undone = true
		s.of.add()
	}
	return &step{of: s.of, number: s.number + 1}
}

// begin returns when the step's command to a node may be sent.
func (s *step) begin(node int) {
	o := s.of
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.ended[node] < s.number {
		if o.moved == nil {
			o.moved = sync.NewCond(&o.mu)
		}
		o.moved.Wait()
	}
}

// end says that the step's command to a node has ended.
func (s *step) end(node int) {
	o := s.of
	o.mu.Lock()
	o.ended[node]++
	if o.moved != nil {
		o.moved.Broadcast()
	}
	o.mu.Unlock()
	o.commands.end()
}
