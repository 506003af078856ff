package consumer

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

// lockTimeout bounds each thing that is asked of the lock nodes when a message is settled. A stop does not cut it short.
const lockTimeout = 5 * time.Second

// processed frees the slot of a message whose handler has returned, and settles the message and its group.
func (r *Run) processed(d *delivery, res Result, took time.Duration) {
	r.capacity.freed(took)
	switch res.Outcome {
	case Handled, Discarded, Duplicate:
		r.settleDone(d, res.Outcome)
		if r.Queue.FIFO {
			if next := r.groups.next(d.message.Group); next != nil {
				r.ready(next)
			}
		}
	default:
		if r.Queue.FIFO {
			go r.holdBack(d, res) // r.deliveries counts d
			return
		}
		go r.settleUndone(d, res)
	}
}

// settleDone settles a message that is not to be run again: mark, then delete, then let go. Lock and visibility timeout
// are extended until the mark is written, and the visibility timeout until SQS has confirmed the delete. It returns at
// once.
func (r *Run) settleDone(d *delivery, o Outcome) {
	switch o {
	case Handled:
		r.Counters.Handled.Add(1)
	case Discarded:
		r.Counters.Discarded.Add(1)
	default:
		r.Counters.Duplicates.Add(1)
		r.step(d, "is a duplicate: it was handled before")
	}
	d.message.Value = nil // a body may be long, and a delete may take its time
	if d.heldLease() == nil || r.Window <= 0 {
		r.delete(d)
		return
	}
	r.mark(d)
}

// mark writes the mark. Without it, a message whose delete gets lost would run again.
func (r *Run) mark(d *delivery) {
	quick, ok := d.heldLease().(quickLease)
	if busy := r.extender.stopLock(d); busy != nil || !ok {
		go r.markSlowly(d, busy)
		return
	}
	quick.MarkDoneThen(r.Window, func(err error) {
		r.marks.note([]error{err})
		if err != nil && !errors.Is(err, ErrLockLost) {
			go r.markAgain(d, err)
			return
		}
		r.marked(d, err)
	})
}

// markSlowly is mark where something has to be waited for.
func (r *Run) markSlowly(d *delivery, busy <-chan struct{}) {
	await(busy)
	err := r.tryToMark(d)
	if err != nil && !errors.Is(err, ErrLockLost) {
		r.markAgain(d, err)
		return
	}
	r.marked(d, err)
}

// markAgain writes a mark that could not be written, whatever that takes: a node may be away just now, or a majority
// for long. Meanwhile the message is kept from everybody. It gives up at the end of a shutdown, where the message may
// not be kept any longer, and where other locks can be had and this one cannot be marked.
func (r *Run) markAgain(d *delivery, err error) {
	r.breaker.lockFailed(fmt.Errorf("%w: marking message %s done: %w", ErrLockNotAcquired, d.message.ID, err))
	began := time.Now()
	for pause := 20 * time.Millisecond; err != nil && !errors.Is(err, ErrLockLost); pause = min(2*pause, time.Second) {
		onlyThis := time.Since(began) > settleTimeout && !r.breaker.paused(locks) // other locks can be had
		if onlyThis || r.handlers.Err() != nil || time.Since(d.receivedAt) >= r.MaxExtension {
			break
		}
		r.extender.reschedule(d)
		wait(r.handlers, pause)
		await(r.extender.stopLock(d))
		err = r.tryToMark(d)
	}
	r.marked(d, err)
}

func (r *Run) tryToMark(d *delivery) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	err := d.heldLease().MarkDone(ctx, r.Window)
	r.marks.note([]error{err})
	return err
}

// marked goes on once the mark was written, or cannot be.
func (r *Run) marked(d *delivery, err error) {
	d.takeLease()
	if err != nil {
		r.Counters.LockFailures.Add(1)
		r.logMessage(d, "could not be marked as handled; it is deleted all the same", err)
	}
	r.delete(d)
}

// delete deletes a message, after an extension of its visibility timeout that is under way: SQS would answer a later one
// with an error.
func (r *Run) delete(d *delivery) {
	if busy := r.extender.deleting(d); busy != nil {
		go func() { // r.deliveries counts d
			<-busy
			r.deleteNewest(d)
		}()
		return
	}
	r.deleteNewest(d)
}

// deleteNewest deletes with the newest receipt handle, again where a newer one came in meanwhile.
func (r *Run) deleteNewest(d *delivery) {
	handle := d.receiptHandle()
	r.acker.deleteThen(handle, func(err error) {
		switch {
		case err != nil && d.receiptHandle() == handle:
			if r.notDeleted(d, handle, err) {
				return
			}
		case err != nil || !r.inflight.removeIf(d, handle):
			r.deleteNewest(d)
			return
		default:
			r.step(d, "deleted")
		}
		if d.heldLease() != nil { // without a window the lock is held until here
			go r.releaseLock(d)
			return
		}
		r.end(d)
	})
}

// notDeleted asks for a delete again that SQS did not confirm, until a stop or until the message may not be kept any
// longer: meanwhile the message is invisible, so that neither a Python consumer nor the dead-letter queue gets a message
// that was handled. After that it is deleted when it comes back. It reports whether it asks again.
func (r *Run) notDeleted(d *delivery, handle string, err error) (again bool) {
	r.pauseIfRefused(handle, err)
	if awsclient.Final(err) || r.stopping.Err() != nil || time.Since(d.receivedAt) >= r.MaxExtension {
		r.logMessage(d, "was handled and could not be deleted; it is deleted when it comes back", err)
		return false
	}
	d.rounds++
	if d.rounds == 1 {
		r.logMessage(d, "was handled and could not be deleted; it is kept, and the delete is tried again", err)
	}
	go func() { // r.deliveries counts d
		wait(r.stopping, backoff(d.rounds))
		r.deleteNewest(d)
	}()
	return true
}

// pauseIfRefused pauses receiving where SQS refuses every delete: to receive more messages would only add to those that
// cannot be deleted. It goes on once the same delete is not refused.
func (r *Run) pauseIfRefused(handle string, err error) {
	if _, refused := awsclient.AccessProblem(err, ""); !refused || r.acker.deleteHealth.problem() == nil {
		return
	}
	r.breaker.pause(deletes, &pause{reason: r.acker.refused("deleted from", "sqs:DeleteMessage", err), probe: func(context.Context) error {
		if err := r.acker.sendDeletes([]string{handle})[0]; err != nil && !awsclient.Final(err) {
			return err
		}
		return nil
	}})
}

// releaseLock ends the lock of a message that was deleted.
func (r *Run) releaseLock(d *delivery) {
	defer r.end(d)
	r.endLock(d)
}

// end ends the record of a message that is settled.
func (r *Run) end(d *delivery) {
	r.extender.forget(d)
	r.inflight.remove(d)
	r.capacity.settled()
	r.deliveries.Done()
}

// settleUndone settles a message that was not handled: it is left, released or belongs to another consumer.
func (r *Run) settleUndone(d *delivery, res Result) {
	defer r.end(d)
	switch res.Outcome {
	case Skipped:
		r.Counters.Skipped.Add(1)
		r.step(d, "left to the consumer that has its lock")
		r.endLock(d)
	case Released:
		r.release(d)
	default:
		r.Counters.Failed.Add(1)
		r.report(d, res)
		r.endLock(d)
		r.retryAfter(d, res.RetryAfter)
	}
}

// retryAfter sets when a failed message is seen again. A message that a shutdown cut short is seen at once: it is for
// another consumer.
func (r *Run) retryAfter(d *delivery, delay time.Duration) {
	if delay < 0 && r.handlers.Err() != nil {
		delay = 0
	}
	if delay >= 0 {
		r.changeVisibility(d, delay)
	}
}

// releaseUnstarted releases a message that no worker has taken, and its group.
func (r *Run) releaseUnstarted(d *delivery) {
	r.processed(d, Result{Outcome: Released, Err: ErrShutdown}, -1)
}

// release makes a message that was not run visible again: at once when nothing of this process could receive it straight
// away, else as soon as that is so.
func (r *Run) release(d *delivery) {
	r.Counters.Released.Add(1)
	r.step(d, "released")
	r.endLock(d)
	if r.stopping.Err() != nil {
		<-r.polled // bounded: a stop cuts off the receives that are under way at its end
	}
	r.changeVisibility(d, r.receiver.quietIn())
}

// holdBack settles a message of a FIFO queue that was not handled. It releases the rest of the group first: while the
// message is in flight SQS gives out no other message of its group, so that the order is kept.
func (r *Run) holdBack(d *delivery, res Result) {
	group, id := d.message.Group, d.message.ID
	r.releaseWaiting(r.groups.takeWaiting(group))
	r.settleUndone(d, res)
	for {
		next, early, ended := r.groups.resume(group, id)
		r.releaseWaiting(early)
		if next != nil {
			r.ready(next)
		}
		if ended {
			return
		}
	}
}

// releaseWaiting makes messages that waited for their group visible at once. While the message before them is in flight
// nobody is given them.
func (r *Run) releaseWaiting(ds []*delivery) {
	var released sync.WaitGroup
	for _, d := range ds {
		released.Go(func() {
			defer r.end(d)
			r.capacity.freed(-1)
			r.Counters.Released.Add(1)
			r.changeVisibility(d, 0)
		})
	}
	released.Wait()
}

// changeVisibility has a message seen again after a while. The record lets go of it first: the next delivery may come
// before SQS has answered, and must not be taken for a second one of this record.
func (r *Run) changeVisibility(d *delivery, after time.Duration) {
	await(r.extender.stopVisibility(d))
	r.inflight.remove(d)
	handle, timeout := d.invisibleFor(after + time.Second - 1) // rounded up
	err := r.acker.changeVisibility(handle, max(timeout, 0))
	if err == nil || awsclient.Final(err) {
		return
	}
	r.logMessage(d, "could not be made visible; it comes back when its visibility timeout ends", err)
}

// endLock gives up the lock of a message of the run.
func (r *Run) endLock(d *delivery) {
	await(r.extender.stopLock(d))
	if err := r.endLease(d, Failed); err != nil {
		r.Counters.LockFailures.Add(1)
		r.logMessage(d, "could not be unlocked; the lock ends by itself", err)
	}
}

// endLease marks the lease of a message that was handled, and releases any other.
func (c *Consumer) endLease(d *delivery, o Outcome) error {
	lease := d.takeLease()
	if lease == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	if c.Window <= 0 || o != Handled && o != Discarded {
		return lease.Release(ctx)
	}
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		err := lease.MarkDone(ctx, c.Window)
		if err == nil || errors.Is(err, ErrLockLost) || ctx.Err() != nil {
			return err
		}
		wait(ctx, pause)
	}
}
