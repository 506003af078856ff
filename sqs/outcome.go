package sqs

import (
	"errors"
	"log/slog"
	"time"
)

// settleSoon settles d without holding the caller up.
func (r *run) settleSoon(d *delivery, res result) {
	if res.outcome == handled && r.settleQuickly(d, res) {
		return
	}
	go r.settleNow(d, res) // r.deliveries has it counted
}

// settleNow settles and frees all that d holds.
func (r *run) settleNow(d *delivery, res result) {
	defer r.settled(d)
	r.settle(d, res)
}

// settled frees all that d holds.
func (r *run) settled(d *delivery) {
	r.keeper.release(d)
	r.inflight.remove(d)
	r.slots.settled()
	r.deliveries.Done()
}

// settle does what follows from a result.
func (r *run) settle(d *delivery, res result) {
	stats := r.consumer.stats
	switch res.outcome {
	case handled, discarded:
		if res.outcome == discarded {
			stats.discarded.Add(1)
			r.consumer.logFailure(d.message, res)
		} else {
			r.noteHandled(d, res)
		}
		r.deleteHandled(d, res.outcome)
	case duplicate:
		stats.duplicates.Add(1)
		r.consumer.step(d.message, "is a duplicate: it was handled before")
		r.delete(d)
	case skipped:
		stats.skipped.Add(1)
		r.consumer.step(d.message, "left to the consumer that has its lock")
	case givenBack:
		r.giveBack(d)
	case failed:
		stats.failed.Add(1)
		r.consumer.logFailure(d.message, res)
		r.endLease(d, failed)
		r.retryLater(d, res)
	}
}

func (r *run) noteHandled(d *delivery, res result) {
	r.consumer.stats.handled.Add(1)
	r.consumer.logHandled(d.message, res)
}

// deleteHandled marks a message done before it deletes it, so that no second consumer can slip in
// between. Without a window there is no mark: the lock is held until the delete is confirmed.
func (r *run) deleteHandled(d *delivery, o outcome) {
	if r.consumer.window > 0 {
		r.endLease(d, o)
		r.delete(d)
		return
	}
	r.delete(d)
	r.endLease(d, o)
}

// delete deletes with the newest receipt handle, again where a newer one came in meanwhile.
func (r *run) delete(d *delivery) {
	r.keeper.releaseVisibility(d)
	for {
		handle := d.receiptHandle()
		if err := r.settler.delete(handle); err != nil {
			r.logNotDeleted(d, err)
			return
		}
		if r.inflight.removeIf(d, handle) {
			r.consumer.step(d.message, "deleted")
			return
		}
	}
}

func (r *run) endLease(d *delivery, o outcome) {
	r.keeper.releaseLock(d)
	if err := r.consumer.finish(d, o); err != nil {
		r.consumer.stats.lockFailures.Add(1)
		r.consumer.log.Warn("[INIESTA] Lock could not be ended; it ends by itself",
			slog.String("sqs_message_id", d.message.MessageID), slog.Any("error", err))
	}
}

// giveBack makes a message that was not run visible again: at once when nothing of this process
// could receive it straight away, else as soon as that is so.
func (r *run) giveBack(d *delivery) {
	r.consumer.stats.givenBack.Add(1)
	r.consumer.step(d.message, "given back")
	r.endLease(d, givenBack)
	if r.stopping.Err() != nil {
		<-r.polled // bounded: a stop cuts off what is still under way at its end
	}
	r.show(d, r.receiver.quietIn())
}

// putBack makes a message that waited in its group's lane visible at once. While the message before
// it is in flight nobody is given it.
func (r *run) putBack(d *delivery) {
	r.slots.returned(-1)
	defer r.settled(d)
	r.consumer.stats.givenBack.Add(1)
	r.show(d, 0)
}

// retryLater sets when a failed message is seen again: as its handler asked, else as the backoff
// says, else when its visibility timeout ends. What a shutdown cut short is for another consumer now.
func (r *run) retryLater(d *delivery, res result) {
	delay, asked := retryDelay(res.err)
	if !asked && r.consumer.retryBackoff != nil {
		r.consumer.callback("The retry backoff", func() { delay = r.consumer.retryBackoff(d.message.ReceiveCount()) })
		asked = delay > 0
	}
	if asked || errors.Is(res.err, ErrShutdown) {
		// SQS counts its 12 hours from receipt and refuses what goes beyond.
		r.show(d, min(delay, maxVisibility-time.Since(d.receivedAt)-time.Second))
	}
}

// show has a message seen again after a while. The record lets go of it first: the next delivery may
// come before SQS has answered, and must not be taken for a second one of this.
func (r *run) show(d *delivery, after time.Duration) {
	r.keeper.releaseVisibility(d)
	r.inflight.remove(d)
	err := r.settler.show(d.receiptHandle(), max(after, 0))
	if err == nil || handleRefused(err) {
		return
	}
	r.consumer.log.Warn("[INIESTA] Visibility timeout could not be set; the message comes back when it ends",
		slog.String("sqs_message_id", d.message.MessageID), slog.Any("error", err))
}
