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
	moved  sync.Cond // a command has ended
	latest int       // the number of the latest step
	done   []int     // commands to each node that have ended
}

func (s *steps) init(l *Locker) {
	s.commands = &l.commands
	s.moved.L = &s.mu
	s.done = make([]int, len(l.servers))
}

// step is one command to each node, made within one call of redsync. It is the context of that call.
type step struct {
	context.Context
	of     *steps
	number int

	locking *round // of the first step of a lease, whose commands are those of a round
	conns   []conn // redsync's, of that step
	undone  bool   // redsync takes a lock in vain back within the same call: a step of its own
}

type stepKey struct{}

// Value is the step itself.
func (s *step) Value(key any) any {
	if key == (stepKey{}) {
		return s
	}
	return nil
}

// initLock makes the zero step the first of a lease.
func (s *step) initLock(of *steps, l *Locker, r *round) {
	s.Context, s.of, s.locking = context.Background(), of, r
	s.conns = make([]conn, len(l.servers))
	for i, n := range l.servers {
		s.conns[i] = conn{n, s}
	}
}

// next is the step of the next call of redsync on the lease, which follows the call before.
func (s *steps) next() *step {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add()
}

func (s *steps) add() *step {
	s.commands.begin(len(s.done))
	s.latest++
	return s.step(s.latest)
}

func (s *steps) step(number int) *step {
	return &step{Context: context.Background(), of: s, number: number}
}

// undo is the step in which redsync takes a lock in vain back.
func (s *step) undo() *step {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if !s.undone {
		s.undone = true
		return s.of.add()
	}
	return s.of.step(s.number + 1)
}

// begin returns when the step's command to a node may be sent.
func (s *step) begin(node int) {
	o := s.of
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.done[node] < s.number {
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
	s.moved.Broadcast()
}
