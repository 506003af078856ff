package consumer

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

// extender extends what keeps other consumers away from the messages in flight: their visibility timeout at SQS and
// their lock. One loop watches the two clocks of each message and extends when a third of the time is gone, so that a
// message whose handler is quick costs nothing.
type extender struct {
	*Consumer
	visibility time.Duration                                    // set by each extension; 0 where there is no queue to ask
	change     func(handle string, timeout time.Duration) error // extends the visibility timeout

	wake chan struct{}
	quit chan struct{}
	loop sync.WaitGroup

	mu   sync.Mutex // never held while anything is called out to
	heap dueHeap
}

// extension is the extender's view of one delivery. The two clocks run by themselves: a slow SQS must not cost the lock,
// nor a slow lock node the visibility timeout.
type extension struct {
	index   int // in the heap, -1 when not in it
	due     time.Time
	expired bool  // the maximum was reached and the handler told
	deleted bool  // SQS was asked to delete the message: it may answer an extension with an error
	lock    clock // of the lease
	visible clock // of the visibility timeout
}

// clock is one thing to extend again and again.
type clock struct {
	at      time.Time     // when to extend next, zero for never
	lost    bool          // there is nothing to extend any more
	stopped bool          // its owner does something else with it
	busy    chan struct{} // closed when the extension under way has ended; nil where there is none
	renewed bool          // it began again while that was under way
	failed  int           // extensions in a row
}

func (c *clock) due(now time.Time) bool {
	return c.running() && c.busy == nil && !c.at.IsZero() && !now.Before(c.at)
}

func (c *clock) running() bool { return !c.lost && !c.stopped }

const minExtensionInterval = 300 * time.Millisecond

func newExtender(c *Consumer, visibility time.Duration, change func(string, time.Duration) error) *extender {
	return &extender{Consumer: c, visibility: visibility, change: change, wake: make(chan struct{}, 1), quit: make(chan struct{})}
}

func (e *extender) start() { e.loop.Go(e.run) }

// stop ends the loop and waits for it and for every extension it started.
func (e *extender) stop() {
	close(e.quit)
	e.loop.Wait()
}

// track begins to extend d, which another poller may have received again by now.
func (e *extender) track(d *delivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if visible := &d.extension.visible; e.visibility > 0 && visible.at.IsZero() {
		visible.at = d.receivedAt.Add(interval(e.visibility))
	}
	e.place(d)
}

// reschedule looks at d's lock again: it was taken, or is extended again after stopLock.
func (e *extender) reschedule(d *delivery) {
	until := d.leaseEnd()
	e.mu.Lock()
	defer e.mu.Unlock()
	lock := &d.extension.lock
	lock.stopped = false
	if !until.IsZero() {
		lock.at = time.Now().Add(interval(time.Until(until)))
	}
	e.place(d)
}

// handleRenewed starts the visibility clock of d again: the message was received again just now.
func (e *extender) handleRenewed(d *delivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	visible := &d.extension.visible
	if e.visibility > 0 && !visible.stopped {
		visible.at, visible.lost, visible.renewed = time.Now().Add(interval(e.visibility)), false, visible.busy != nil
		e.place(d)
	}
}

// stopLock stops extending the lock. Where an extension is under way it returns the channel that is closed at its end:
// only then may the caller use the lease.
func (e *extender) stopLock(d *delivery) (busy <-chan struct{}) { return e.end(d, &d.extension.lock) }

// stopVisibility is stopLock for the visibility timeout, before the message is made visible: a late extension would
// hide it again.
func (e *extender) stopVisibility(d *delivery) (busy <-chan struct{}) {
	return e.end(d, &d.extension.visible)
}

// deleting notes that the message is being deleted. Its visibility timeout is extended on, since a delete may take its
// time. Where an extension is under way it returns the channel that is closed at its end.
func (e *extender) deleting(d *delivery) (busy <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d.extension.deleted = true
	if d.extension.visible.busy == nil {
		return nil
	}
	return d.extension.visible.busy
}

// stopAll stops extending d and waits for the extensions under way.
func (e *extender) stopAll(d *delivery) {
	await(e.stopLock(d))
	await(e.stopVisibility(d))
}

// forget stops extending d and waits for nothing: d is settled.
func (e *extender) forget(d *delivery) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d.extension.lock.stopped, d.extension.visible.stopped = true, true
	e.place(d)
}

func (e *extender) end(d *delivery, c *clock) (busy <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.stopped = true
	e.place(d)
	if c.busy == nil {
		return nil
	}
	return c.busy
}

func await(busy <-chan struct{}) {
	if busy != nil {
		<-busy
	}
}

// place puts d where its next event belongs. The caller holds mu.
func (e *extender) place(d *delivery) {
	x := &d.extension
	due := e.next(d)
	switch {
	case due.IsZero() && x.index >= 0:
		heap.Remove(&e.heap, x.index)
	case due.IsZero():
	case x.index >= 0:
		x.due = due
		heap.Fix(&e.heap, x.index)
	default:
		x.due = due
		heap.Push(&e.heap, d)
	}
	if x.index == 0 {
		select {
		case e.wake <- struct{}{}:
		default:
		}
	}
}

// next is when something has to be done for d, zero for never. The caller holds mu.
func (e *extender) next(d *delivery) time.Time {
	x := &d.extension
	var due time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	if x.lock.running() {
		earlier(d.leaseEnd())
	}
	if x.expired || x.lock.stopped && x.visible.stopped {
		return due
	}
	earlier(d.receivedAt.Add(e.MaxExtension))
	for _, c := range []*clock{&x.lock, &x.visible} {
		if c.running() && c.busy == nil {
			earlier(c.at)
		}
	}
	return due
}

func (e *extender) run() {
	var extending sync.WaitGroup
	defer extending.Wait()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(e.tick(&extending))
		select {
		case <-timer.C:
		case <-e.wake:
		case <-e.quit:
			return
		}
	}
}

// tick does what is due and returns how long nothing is due.
func (e *extender) tick(extending *sync.WaitGroup) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.heap) > 0 {
		d := e.heap[0]
		now := time.Now()
		if wait := d.extension.due.Sub(now); wait > 0 {
			return wait
		}
		e.attend(d, now, extending)
		e.place(d)
	}
	return time.Hour
}

// attend does what is due for d at now. The caller holds mu.
func (e *extender) attend(d *delivery, now time.Time, extending *sync.WaitGroup) {
	x := &d.extension
	if !x.expired && !now.Before(d.receivedAt.Add(e.MaxExtension)) {
		x.expired = true
		d.interrupt(fmt.Errorf("%w: %s since receipt (INIESTA_MAX_EXTENSION)", ErrHandlerTimeout, e.MaxExtension))
	}
	if until := d.leaseEnd(); x.lock.running() && !until.IsZero() && !now.Before(until) {
		e.lost(d, errors.New("it was not extended in time"))
	}
	if x.expired {
		return
	}
	if x.lock.due(now) {
		e.begin(d, &x.lock, extending, e.extendLock, e.lockExtended)
	}
	if x.visible.due(now) {
		e.begin(d, &x.visible, extending, e.extendVisibility, e.visibilityExtended)
	}
}

// begin extends in a goroutine of its own and notes the result. The caller holds mu, and so does done.
func (e *extender) begin(d *delivery, c *clock, extending *sync.WaitGroup, extend func(*delivery) error, done func(*delivery, error)) {
	busy := make(chan struct{})
	c.busy = busy
	extending.Go(func() {
		defer close(busy)
		err := extend(d)
		e.mu.Lock()
		defer e.mu.Unlock()
		c.busy = nil
		done(d, err)
		e.place(d)
	})
}

func (e *extender) lockExtended(d *delivery, err error) {
	c := &d.extension.lock
	c.at = e.after(d, c, err, time.Until(d.leaseEnd()))
	if errors.Is(err, ErrLockLost) && c.running() {
		e.lost(d, err)
	}
}

func (e *extender) visibilityExtended(d *delivery, err error) {
	c := &d.extension.visible
	if c.renewed { // the extended handle is not the message's handle any more
		c.renewed = false
		return
	}
	if err == errLongest {
		c.lost = true
		return
	}
	c.at = e.after(d, c, err, e.visibility)
	c.lost = awsclient.Final(err)
}

// lost tells the handler that its lock is gone. The caller holds mu.
func (e *extender) lost(d *delivery, why error) {
	d.extension.lock.lost = true
	e.Counters.LocksLost.Add(1)
	err := fmt.Errorf("%w: %w: end the work, another consumer may have begun it", ErrLockLost, why)
	d.interrupt(err)
	e.logMessage(d, "lock lost", err)
}

// after is when to extend next: in a third of the time, or soon where the extension failed.
func (e *extender) after(d *delivery, c *clock, err error, whole time.Duration) time.Time {
	if err == nil {
		c.failed = 0
		return time.Now().Add(interval(whole))
	}
	c.failed++
	if first := c.failed&(c.failed-1) == 0; first && c.running() && !d.extension.deleted { // then at each doubling
		e.logMessage(d, "extension failed", err)
	}
	return time.Now().Add(max(interval(whole)/4, minExtensionInterval))
}

func (e *extender) extendLock(d *delivery) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	lease := d.heldLease() // which is ended only after this
	err := lease.Extend(ctx)
	d.extended(lease.Until())
	if err == nil {
		e.Counters.LockExtensions.Add(1)
	}
	return err
}

// errLongest says that SQS keeps the message invisible for no longer.
var errLongest = errors.New("a message cannot be kept invisible for more than 12 hours from its receipt")

func (e *extender) extendVisibility(d *delivery) error {
	handle, timeout := d.invisibleFor(e.visibility)
	if timeout < time.Second {
		return errLongest
	}
	err := e.change(handle, timeout)
	if err == nil {
		e.Counters.VisibilityExtensions.Add(1)
	}
	return err
}

func interval(whole time.Duration) time.Duration {
	return max(whole/3, minExtensionInterval)
}
