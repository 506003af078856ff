package sqs

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// keeper extends what keeps others away from the messages in flight: their visibility timeout at SQS
// and their lock. One loop watches the two clocks of each message and extends when a third of the
// time is gone, so that a message whose handler is quick costs nothing.
type keeper struct {
	visibility   time.Duration         // set by each extension; 0 where there is no queue to ask
	maxExtension time.Duration         // counted from receipt
	extend       func(*delivery) error // extends the visibility timeout
	log          func(d *delivery, what string, err error)
	stats        *counters

	wake chan struct{}
	quit chan struct{}
	loop sync.WaitGroup

	mu   sync.Mutex
	heap dueHeap
}

// extension is the keeper's view of one delivery. The two clocks run by themselves: a slow SQS must
// not cost the lock, nor a slow lock node the visibility timeout.
type extension struct {
	index   int // in the heap, -1 when not in it
	due     time.Time
	expired bool  // the maximum was reached and the handler told
	lock    clock // of the lease
	show    clock // of the visibility timeout
}

// clock is one thing to extend again and again.
type clock struct {
	at      time.Time     // when to extend next, zero for never
	lost    bool          // there is nothing to extend any more
	over    bool          // it is about to be settled
	busy    chan struct{} // closed when the extension under way has ended; nil where there is none
	renewed bool          // it began again while that was under way
}

func (c *clock) due(now time.Time) bool {
	return c.running() && c.busy == nil && !c.at.IsZero() && !now.Before(c.at)
}

func (c *clock) running() bool { return !c.lost && !c.over }

const minExtensionInterval = 300 * time.Millisecond

func (k *keeper) start() {
	k.wake = make(chan struct{}, 1)
	k.quit = make(chan struct{})
	k.loop.Go(k.run)
}

// stop ends the loop and waits for it and for every extension it started.
func (k *keeper) stop() {
	close(k.quit)
	k.loop.Wait()
}

// track begins to extend d, which another poller may have received again by now.
func (k *keeper) track(d *delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if show := &d.extension.show; k.visibility > 0 && show.at.IsZero() {
		show.at = d.receivedAt.Add(interval(k.visibility))
	}
	k.place(d)
}

// reschedule looks at d's clocks again: it was locked, or its receipt handle is a newer one.
func (k *keeper) reschedule(d *delivery) {
	until := leaseEnd(d)
	k.mu.Lock()
	defer k.mu.Unlock()
	x := &d.extension
	if x.lock.at.IsZero() && !until.IsZero() {
		x.lock.at = time.Now().Add(interval(time.Until(until)))
	}
	k.place(d)
}

// handleRenewed starts the visibility clock of d again: it was received again just now.
func (k *keeper) handleRenewed(d *delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	show := &d.extension.show
	if k.visibility > 0 && !show.over {
		show.at, show.lost, show.renewed = time.Now().Add(interval(k.visibility)), false, show.busy != nil
		k.place(d)
	}
}

// release stops extending d and waits for the extensions under way.
func (k *keeper) release(d *delivery) {
	k.releaseLock(d)
	k.releaseVisibility(d)
}

// releaseLock is release for the lock alone, before it is given up or turned into a done mark. It does
// not wait for a slow SQS, during which the lock would end unextended and without its mark.
func (k *keeper) releaseLock(d *delivery) { k.end(d, &d.extension.lock) }

// releaseVisibility is release for the visibility timeout alone, before the message is deleted or
// shown: a late extension of a deleted message is an error, one of a shown message would hide it.
func (k *keeper) releaseVisibility(d *delivery) { k.end(d, &d.extension.show) }

// releaseIdle is release where no extension is under way. Else it does nothing and reports false.
func (k *keeper) releaseIdle(d *delivery) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	x := &d.extension
	if x.lock.busy != nil || x.show.busy != nil {
		return false
	}
	x.lock.over, x.show.over = true, true
	k.place(d)
	return true
}

func (k *keeper) end(d *delivery, c *clock) {
	k.mu.Lock()
	c.over = true
	k.place(d)
	underWay := c.busy
	k.mu.Unlock()
	if underWay != nil {
		<-underWay
	}
}

// place puts d where its next event belongs. The caller holds mu.
func (k *keeper) place(d *delivery) {
	x := &d.extension
	due := k.next(d)
	switch {
	case due.IsZero() && x.index >= 0:
		heap.Remove(&k.heap, x.index)
	case due.IsZero():
	case x.index >= 0:
		x.due = due
		heap.Fix(&k.heap, x.index)
	default:
		x.due = due
		heap.Push(&k.heap, d)
	}
	if x.index == 0 {
		select {
		case k.wake <- struct{}{}:
		default:
		}
	}
}

// next is when something has to be done for d, zero for never. The caller holds mu.
func (k *keeper) next(d *delivery) time.Time {
	x := &d.extension
	var due time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	if x.lock.running() {
		earlier(leaseEnd(d))
	}
	if x.expired || x.lock.over && x.show.over {
		return due
	}
	earlier(d.receivedAt.Add(k.maxExtension))
	for _, c := range []*clock{&x.lock, &x.show} {
		if c.running() && c.busy == nil {
			earlier(c.at)
		}
	}
	return due
}

func (k *keeper) run() {
	var extending sync.WaitGroup
	defer extending.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := k.tick(&extending)
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-k.wake:
		case <-k.quit:
			return
		}
	}
}

// tick does what is due and returns how long there is nothing to do.
func (k *keeper) tick(extending *sync.WaitGroup) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.heap) > 0 {
		d := k.heap[0]
		now := time.Now()
		if wait := d.extension.due.Sub(now); wait > 0 {
			return wait
		}
		k.attend(d, now, extending)
		k.place(d)
	}
	return time.Hour
}

// attend does what is due for d at now. The caller holds mu.
func (k *keeper) attend(d *delivery, now time.Time, extending *sync.WaitGroup) {
	x := &d.extension
	if !x.expired && !now.Before(d.receivedAt.Add(k.maxExtension)) {
		x.expired = true
		d.interrupt(fmt.Errorf("%w: %s since receipt (INIESTA_MAX_EXTENSION)", ErrHandlerTimeout, k.maxExtension))
	}
	if until := leaseEnd(d); x.lock.running() && !until.IsZero() && !now.Before(until) {
		k.lost(d, errors.New("it was not extended in time"))
	}
	if x.expired {
		return
	}
	if x.lock.due(now) {
		k.begin(d, &x.lock, extending, k.extendLock, k.lockExtended)
	}
	if x.show.due(now) {
		k.begin(d, &x.show, extending, k.extendVisibility, k.visibilityExtended)
	}
}

// begin extends in a goroutine of its own and notes the result. The caller holds mu, and so does done.
func (k *keeper) begin(d *delivery, c *clock, extending *sync.WaitGroup, extend func(*delivery) error, done func(*delivery, error)) {
	busy := make(chan struct{})
	c.busy = busy
	extending.Go(func() {
		defer close(busy)
		err := extend(d)
		k.mu.Lock()
		defer k.mu.Unlock()
		c.busy = nil
		done(d, err)
		k.place(d)
	})
}

func (k *keeper) lockExtended(d *delivery, err error) {
	c := &d.extension.lock
	c.at = k.after(d, err, time.Until(leaseEnd(d)))
	if errors.Is(err, ErrLockLost) && c.running() {
		k.lost(d, err)
	}
}

func (k *keeper) visibilityExtended(d *delivery, err error) {
	c := &d.extension.show
	if c.renewed { // what was extended is not the message's handle any more
		c.renewed = false
		return
	}
	c.at = k.after(d, err, k.visibility)
	c.lost = handleRefused(err)
}

// lost tells the handler that its lock is gone. The caller holds mu.
func (k *keeper) lost(d *delivery, why error) {
	d.extension.lock.lost = true
	k.stats.locksLost.Add(1)
	err := fmt.Errorf("%w: %w: end the work, another consumer may have begun it", ErrLockLost, why)
	d.interrupt(err)
	k.log(d, "lock lost", err)
}

// after is when to extend next: in a third of the time, or soon where the extension failed.
func (k *keeper) after(d *delivery, err error, whole time.Duration) time.Time {
	if err == nil {
		return time.Now().Add(interval(whole))
	}
	k.log(d, "extension failed", err)
	return time.Now().Add(max(interval(whole)/4, minExtensionInterval))
}

func (k *keeper) extendLock(d *delivery) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	err := d.heldLease().Extend(ctx) // which is ended only after this
	if err == nil {
		k.stats.lockExtensions.Add(1)
	}
	return err
}

func (k *keeper) extendVisibility(d *delivery) error {
	err := k.extend(d)
	if err == nil {
		k.stats.visibilityExtensions.Add(1)
	}
	return err
}

func leaseEnd(d *delivery) time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lease == nil {
		return time.Time{}
	}
	return d.lease.Until()
}

func interval(whole time.Duration) time.Duration {
	return max(whole/3, minExtensionInterval)
}
