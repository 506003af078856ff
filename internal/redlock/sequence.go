package redlock

import (
	"context"
	"sync"
)

// sequence orders the commands of one lease, where redsync leaves gaps. It runs each command of a step
// in a goroutine of its own and returns when a majority has answered, so that
//
//   - a goroutine may not have begun by then, and nobody knows that its command is still to come: no
//     command of a step is sent before all of them are counted;
//   - a release may overtake the SET NX before it, which then leaves a key that nobody owns: a command
//     to a node waits for the lease's command before it to that node.
//
// Neither waits for a node on behalf of another.
type sequence struct {
	mu      sync.Mutex
	missing int             // commands of the step that have not come yet
	counted chan struct{}   // closed when none is missing
	last    []chan struct{} // of each node, closed when its latest command has ended
}

type sequenceKey struct{}

func newSequence(nodes int) *sequence {
	return &sequence{missing: nodes, counted: make(chan struct{}), last: make([]chan struct{}, nodes)}
}

// within is the context for a call of redsync on the lease.
func (s *sequence) within(ctx context.Context) context.Context {
	return context.WithValue(ctx, sequenceKey{}, s)
}

// turn returns when the next command to a node may be sent; end says that it has ended. A context that
// is within no sequence does not wait.
func turn(ctx context.Context, node int) (end func()) {
	s, ok := ctx.Value(sequenceKey{}).(*sequence)
	if !ok {
		return func() {}
	}
	mine, counted, before := s.queue(node)
	<-counted
	if before != nil {
		<-before
	}
	return func() { close(mine) }
}

func (s *sequence) queue(node int) (mine chan struct{}, counted, before <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mine, counted, before = make(chan struct{}), s.counted, s.last[node]
	s.last[node] = mine
	s.missing--
	if s.missing == 0 {
		close(s.counted)
		s.missing, s.counted = len(s.last), make(chan struct{}) // for the next step
	}
	return mine, counted, before
}
