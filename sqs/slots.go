package sqs

import (
	"context"
	"sync"
	"time"
)

// slots is the room for messages: how many may be asked for, how many may run, and a bound on those
// that are not settled yet. Memory follows the concurrency and not the backlog.
//
// A receive takes its time, and what it brings finds the room that there is then. Where messages go
// through quicker than a receive returns, room that is promised now would stand empty meanwhile, so as
// many more are asked for as will have gone through by then, at most twice as many as may run. What
// comes too early waits for its turn.
type slots struct {
	concurrency  int
	maxUnsettled int
	wake         chan struct{} // there may be room

	mu        sync.Mutex
	expected  int // asked for by receives under way
	held      int // received, and their handlers have not returned
	unsettled int
	through   average   // time in which a message is locked and handled
	receive   average   // time of a receive that came back full
	fewSince  time.Time // when there began to be some room, but not enough
}

// mostAhead is how many times the concurrency is asked for ahead at most.
const mostAhead = 2

// moment is how long a poller that finds few slots free waits for more, rather than paying a call for
// a message or two.
const moment = 50 * time.Millisecond

func newSlots(concurrency int) *slots {
	return &slots{
		concurrency:  concurrency,
		maxUnsettled: max(10*concurrency, 100*maxBatch),
		wake:         make(chan struct{}, 1),
	}
}

// take waits until it is worth asking for messages and returns for how many to ask, most at most. It
// returns 0 when ctx ends first.
func (s *slots) take(ctx context.Context, most int) int {
	for {
		n, again := s.tryTake(most)
		if n > 0 {
			return n
		}
		if !s.waitForRoom(ctx, again) {
			return 0
		}
	}
}

// waitForRoom returns when there may be more room, or after again where that is not 0. It returns
// false when ctx has ended.
func (s *slots) waitForRoom(ctx context.Context, again time.Duration) bool {
	var enough <-chan time.Time
	if again > 0 {
		timer := time.NewTimer(again)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-s.wake:
	case <-enough:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// tryTake takes up to most. Where there is some room but little it takes none, and says when to take it.
func (s *slots) tryTake(most int) (n int, again time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := min(most, s.room())
	if room == 0 {
		s.fewSince = time.Time{} // whoever waits now is to be told of the first
		return 0, 0
	}
	if s.fewSince.IsZero() {
		s.fewSince = time.Now()
	}
	if room < s.worth(most) {
		if again = moment - time.Since(s.fewSince); again > 0 {
			return 0, again
		}
	}
	s.expected += room
	s.fewSince = time.Time{}
	s.notify()
	return room, 0
}

// worth is how much room is worth a call: a full one, and no more than a tenth of the concurrency, so
// that waiting for it leaves few slots empty.
func (s *slots) worth(most int) int {
	return min(most, max(s.concurrency/10, 1))
}

// came says what a receive brought that n were asked for, and after which time.
func (s *slots) came(n, received int, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected -= n
	s.held += received
	if n == received {
		s.receive.add(took)
	}
	s.notify()
}

// dropped takes back one of those that came: it needs no place of its own.
func (s *slots) dropped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held--
	s.notify()
}

// returned frees the slot of a message whose handler has returned, after it was locked and handled for a
// while, and that is not settled yet. A negative time says that it was not run.
func (s *slots) returned(took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held--
	s.unsettled++
	if took >= 0 {
		s.through.add(max(took, time.Microsecond))
	}
	s.notify()
}

// settled ends what returned began.
func (s *slots) settled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsettled--
	s.notify()
}

// plenty reports whether another poller would find room.
func (s *slots) plenty(most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.room() >= s.worth(most)
}

// room is how many more may be asked for. The caller holds mu, as for all that follow.
func (s *slots) room() int {
	if s.unsettled >= s.maxUnsettled {
		return 0
	}
	return max(s.concurrency+s.ahead()-s.held-s.expected, 0)
}

// ahead is how many go through while a receive is under way, in what is worth a call.
func (s *slots) ahead() int {
	if s.through <= 0 || s.receive <= 0 {
		return 0
	}
	n := int(float64(s.concurrency) * min(mostAhead, float64(s.receive/s.through)))
	return n - n%s.worth(maxBatch)
}

// notify wakes one waiting poller, which wakes the next while there is room for it.
func (s *slots) notify() {
	room := s.room()
	if room == 0 {
		s.fewSince = time.Time{}
		return
	}
	first := s.fewSince.IsZero()
	if first {
		s.fewSince = time.Now()
	}
	if !first && room < s.worth(maxBatch) {
		return // who was woken first waits for more
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// average is a moving average, in seconds, that follows a change within some ten values.
type average float64

func (a *average) add(d time.Duration) {
	if *a == 0 {
		*a = average(d.Seconds())
		return
	}
	*a += (average(d.Seconds()) - *a) / 8
}
