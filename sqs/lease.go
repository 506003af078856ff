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
	visibility   time.Duration                          // set by each extension; 0 where there is no queue to ask
	maxExtension time.Duration                          // counted from receipt
	extend       func(context.Context, *delivery) error // extends the visibility timeout
	log          func(d *delivery, what string, err error)
	stats        *counters

	wake chan struct{}
	quit chan struct{}
	loop sync.WaitGroup

	mu   sync.Mutex
	heap dueHeap
}

// extension is the keeper's view of one delivery.
type extension struct {
	index      int // in the heap, -1 when not in it
	due        time.Time
	ended      bool          // nothing is extended any more
	expired    bool          // the maximum was reached and the handler told
	lockAt     time.Time     // when to extend the lock
	showAt     time.Time     // when to extend the visibility timeout
	lockLost   bool          // the lock is no longer ours
	handleLost bool          // SQS refuses the receipt handle
	extending  chan struct{} // closed when the extension under way has ended; nil where there is none
}

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

// track begins to extend d.
func (k *keeper) track(d *delivery) {
	d.extension.index = -1
	if k.visibility > 0 {
		d.extension.showAt = d.receivedAt.Add(interval(k.visibility))
	}
	k.reschedule(d)
}

// reschedule looks at d's clocks again: it was locked, or its receipt handle is a newer one.
func (k *keeper) reschedule(d *delivery) {
	until := leaseEnd(d)
	k.mu.Lock()
	defer k.mu.Unlock()
	x := &d.extension
	if x.ended {
		return
	}
	if x.lockAt.IsZero() && !until.IsZero() {
		x.lockAt = time.Now().Add(interval(time.Until(until)))
	}
	k.place(d)
}

// handleRenewed starts the visibility clock of d again: it was received again just now.
func (k *keeper) handleRenewed(d *delivery) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.visibility > 0 && !d.extension.ended {
		d.extension.showAt = time.Now().Add(interval(k.visibility))
		d.extension.handleLost = false
		k.place(d)
	}
}

// release stops extending d and waits for the extension under way: it has to be over before the
// message is settled.
func (k *keeper) release(d *delivery) {
	k.mu.Lock()
	x := &d.extension
	x.ended = true
	if x.index >= 0 {
		heap.Remove(&k.heap, x.index)
	}
	extending := x.extending
	k.mu.Unlock()
	if extending != nil {
		<-extending
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
	if !x.expired {
		earlier(d.receivedAt.Add(k.maxExtension))
	}
	if !x.lockLost {
		earlier(leaseEnd(d))
	}
	if x.extending != nil || x.expired {
		return due
	}
	if !x.lockLost {
		earlier(x.lockAt)
	}
	if !x.handleLost {
		earlier(x.showAt)
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
	if until := leaseEnd(d); !x.lockLost && !until.IsZero() && !now.Before(until) {
		k.lost(d, errors.New("it was not extended in time"))
	}
	if x.extending != nil || x.expired {
		return
	}
	lock := !x.lockLost && due(x.lockAt, now)
	show := !x.handleLost && due(x.showAt, now)
	if !lock && !show {
		return
	}
	done := make(chan struct{})
	x.extending = done
	extending.Go(func() {
		defer close(done)
		k.extendBoth(d, lock, show)
	})
}

// lost tells the handler that its lock is gone. The caller holds mu.
func (k *keeper) lost(d *delivery, why error) {
	d.extension.lockLost = true
	k.stats.locksLost.Add(1)
	err := fmt.Errorf("%w: %w: end the work, another consumer may have begun it", ErrLockLost, why)
	d.interrupt(err)
	k.log(d, "lock lost", err)
}

func (k *keeper) extendBoth(d *delivery, lock, show bool) {
	var both sync.WaitGroup
	var lockErr, showErr error
	if lock {
		both.Go(func() { lockErr = k.extendLock(d) })
	}
	if show {
		both.Go(func() { showErr = k.extendVisibility(d) })
	}
	both.Wait()
	k.mu.Lock()
	defer k.mu.Unlock()
	x := &d.extension
	x.extending = nil
	now := time.Now()
	if lock {
		x.lockAt = k.after(d, now, lockErr, time.Until(leaseEnd(d)))
		if errors.Is(lockErr, ErrLockLost) && !x.lockLost {
			k.lost(d, lockErr)
		}
	}
	if show {
		x.showAt = k.after(d, now, showErr, k.visibility)
		x.handleLost = handleRefused(showErr)
	}
	if !x.ended {
		k.place(d)
	}
}

// after is when to extend next: in a third of the time, or soon where the extension failed.
func (k *keeper) after(d *delivery, now time.Time, err error, whole time.Duration) time.Time {
	if err == nil {
		return now.Add(interval(whole))
	}
	k.log(d, "extension failed", err)
	return now.Add(max(interval(whole)/4, minExtensionInterval))
}

func (k *keeper) extendLock(d *delivery) error {
	d.mu.Lock()
	lease := d.lease
	d.mu.Unlock()
	if lease == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	err := lease.Extend(ctx)
	if err == nil {
		k.stats.lockExtensions.Add(1)
	}
	return err
}

func (k *keeper) extendVisibility(d *delivery) error {
	asked := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), settleTimeout)
	defer cancel()
	if err := k.extend(ctx, d); err != nil {
		return err
	}
	k.stats.visibilityExtensions.Add(1)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.visibleAt = asked.Add(k.visibility)
	return nil
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

func due(at, now time.Time) bool {
	return !at.IsZero() && !now.Before(at)
}

// dueHeap orders deliveries by when something has to be done for them.
type dueHeap []*delivery

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].extension.due.Before(h[j].extension.due) }
func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].extension.index, h[j].extension.index = i, j
}
func (h *dueHeap) Push(d any) {
	d.(*delivery).extension.index = len(*h)
	*h = append(*h, d.(*delivery))
}
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	d := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	d.extension.index = -1
	return d
}
