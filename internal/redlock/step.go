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
	latest int        // the number of the latest step
	done   []int      // commands to each node that have ended
	moved  *sync.Cond // nil until somebody waits
}

// step is one command to each node, made within one call of redsync.
type step struct {
	of      *steps
	number  int
	locking *round // of the call that locks
	undone  bool   // redsync takes a lock in vain back within the same call: a step of its own
}

type stepKey struct{}

func (s *step) within() context.Context { return context.WithValue(context.Background(), stepKey{}, s) }

// lock is the step that locks, the first of a lease. Its commands are those of a round.
func (s *steps) lock(r *round) *step { return &step{of: s, locking: r} }

// next is the step of the next call of redsync on the lease, which follows the call before.
func (s *steps) next() *step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add()
}

func (s *steps) add() *step {
	s.commands.begin(len(s.done))
	s.latest++
	return &step{of: s, number: s.latest}
}

// undo is the step in which redsync takes a lock in vain back.
func (s *step) undo() *step {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if !s.undone {
		s.undone = true
		return s.of.add()
	}
	return &step{of: s.of, number: s.number + 1}
}

// begin returns when the step's command to a node may be sent.
func (s *step) begin(node int) {
	o := s.of
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.done[node] < s.number {
		if o.moved == nil {
			o.moved = sync.NewCond(&o.mu)
		}
		o.moved.Wait()
	}
}

// end says that the step's command to a node has ended.
func (s *step) end(node int) {
	s.of.ended(node)
	s.of.commands.end()
}

func (s *steps) ended(node int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[node]++
	if s.moved != nil {
		s.moved.Broadcast()
	}
}
