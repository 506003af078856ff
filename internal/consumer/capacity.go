package consumer

import (
	"context"
	"sync"
	"time"
)

// capacity is the room for messages: how many may be asked for, how many may run, and a bound on those
// that are not settled yet. Memory follows the concurrency and not the backlog.
//
// A receive takes time, and its messages find the room that is there when it returns. Where messages go through
// quicker than a receive returns, slots would stand empty meanwhile. So the pollers ask for as many more messages as
// will have gone through by then, at most twice as many as may run. Messages that come too early wait for a slot.
type capacity struct {
	concurrency  int
	maxUnsettled int
	wake         chan struct{} // there may be room

	mu        sync.Mutex
	expected  int // asked for by receives under way
	held      int // received, and their handlers have not returned
	unsettled int
	through   average   // time in which a message is locked and handled
	receive   average   // time of a receive that did not wait for messages
	fewSince  time.Time // when there began to be some room, but not enough
}

// mostAhead is how many times the concurrency is asked for ahead at most.
const mostAhead = 2

// partialWait is how long a poller that finds few slots free waits for more, rather than paying a call for a message
// or two.
const partialWait = 50 * time.Millisecond

func newCapacity(concurrency int) *capacity {
	return &capacity{
		concurrency:  concurrency,
		maxUnsettled: max(10*concurrency, 100*maxBatch),
		wake:         make(chan struct{}, 1),
	}
}

// take waits until it is worth asking for messages and returns for how many to ask, most at most. It
// returns 0 when ctx ends first.
func (c *capacity) take(ctx context.Context, most int) int {
	for {
		n, again := c.tryTake(most)
		if n > 0 {
			return n
		}
		if !c.waitForRoom(ctx, again) {
			return 0
		}
	}
}

// waitForRoom returns when there may be more room, or after again where that is not 0. It returns
// false when ctx has ended.
func (c *capacity) waitForRoom(ctx context.Context, again time.Duration) bool {
	var enough <-chan time.Time
	if again > 0 {
		timer := time.NewTimer(again)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case <-c.wake:
	case <-enough:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// tryTake takes up to most. Where there is some room but little it takes none, and says when to take it.
func (c *capacity) tryTake(most int) (n int, again time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	room := min(most, c.room())
	if room == 0 {
		c.fewSince = time.Time{} // the first free slot wakes a poller
		return 0, 0
	}
	if c.fewSince.IsZero() {
		c.fewSince = time.Now()
	}
	if room < c.worth(most) {
		if again = partialWait - time.Since(c.fewSince); again > 0 {
			return 0, again
		}
	}
	c.expected += room
	c.fewSince = time.Time{}
	c.notify()
	return room, 0
}

// worth is how much room is worth a call: a full one, and no more than a tenth of the concurrency, so
// that waiting for it leaves few slots empty.
func (c *capacity) worth(most int) int {
	return min(most, max(c.concurrency/10, 1))
}

// received notes a receive that asked for some messages and brought some. Took is how long it took where that is the
// time of a receive that did not wait for messages, else 0.
func (c *capacity) received(asked, brought int, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expected -= asked
	c.held += brought
	if took > 0 {
		c.receive.add(took)
	}
	c.notify()
}

// merged gives one place back: the message was received before, and its delivery has a place.
func (c *capacity) merged() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held--
	c.notify()
}

// freed frees the slot of a message that is not settled yet. Took is how long the message was locked and handled; below
// 0 where it was not run.
func (c *capacity) freed(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held--
	c.unsettled++
	if took >= 0 {
		c.through.add(max(took, time.Microsecond))
	}
	c.notify()
}

// settled notes that a message whose slot was freed is settled.
func (c *capacity) settled() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsettled--
	c.notify()
}

// plenty reports whether another poller would find room.
func (c *capacity) plenty(most int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.room() >= c.worth(most)
}

// room is how many more may be asked for. The caller holds mu, as for all that follow.
func (c *capacity) room() int {
	if c.unsettled >= c.maxUnsettled {
		return 0
	}
	return max(c.concurrency+c.ahead()-c.held-c.expected, 0)
}

// ahead is how many go through while a receive is under way, in what is worth a call.
func (c *capacity) ahead() int {
	if c.through <= 0 || c.receive <= 0 {
		return 0
	}
	n := int(float64(c.concurrency) * min(mostAhead, float64(c.receive/c.through)))
	return n - n%c.worth(maxBatch)
}

// notify wakes one waiting poller, which wakes the next while there is room for it.
func (c *capacity) notify() {
	room := c.room()
	if room == 0 {
		c.fewSince = time.Time{}
		return
	}
	first := c.fewSince.IsZero()
	if first {
		c.fewSince = time.Now()
	}
	if !first && room < c.worth(maxBatch) {
		return // the poller that was woken first waits for more
	}
	select {
	case c.wake <- struct{}{}:
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
