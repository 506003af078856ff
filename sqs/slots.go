package sqs

import (
	"context"
	"sync"
)

// slots is the room for messages: a slot for each that waits for or runs its handler, and a bound on
// those that are not settled yet. Pollers take slots before they receive, so that memory follows the
// concurrency and not the backlog.
type slots struct {
	wake chan struct{} // there may be room

	mu           sync.Mutex
	free         int
	unsettled    int
	maxUnsettled int
}

func newSlots(concurrency int) *slots {
	return &slots{
		wake:         make(chan struct{}, 1),
		free:         concurrency,
		maxUnsettled: max(concurrency, 10*maxBatch),
	}
}

// take waits for at least one free slot and takes up to most. It returns 0 when ctx ends first.
func (s *slots) take(ctx context.Context, most int) int {
	for {
		if n := s.tryTake(most); n > 0 {
			return n
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return 0
		}
	}
}

func (s *slots) tryTake(most int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(most, s.free)
	if s.unsettled >= s.maxUnsettled {
		n = 0
	}
	s.free -= n
	s.notify()
	return n
}

// put gives n slots back that nothing runs in.
func (s *slots) put(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	s.notify()
}

// returned frees the slot of a message whose handler has returned and that is not settled yet.
func (s *slots) returned() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	s.unsettled++
	s.notify()
}

// settled ends what returned began.
func (s *slots) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsettled--
	s.notify()
}

// notify wakes one waiting poller, which wakes the next while there is room. The caller holds mu.
func (s *slots) notify() {
	if s.free == 0 || s.unsettled >= s.maxUnsettled {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
