package sqs

import (
	"errors"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// admit takes received messages in: each becomes a delivery with a slot, extended from now on, and
// runs by itself or in the lane of its message group.
func (r *run) admit(messages []types.Message) {
	now := time.Now()
	var grouped []*delivery
	for i := range messages {
		d := newDelivery(newMessage(&messages[i], r.consumer.queue), now, r.consumer.visibility)
		if !r.enter(d) {
			continue
		}
		if r.consumer.queue.fifo {
			grouped = append(grouped, d)
			continue
		}
		r.deliveries.Go(func() { r.handle(d, r.settleNow) })
	}
	r.lanes.push(grouped)
}

// enter makes d the record of its message, unless the message is in flight already: the delivery that
// has it goes on with the newer receipt handle.
func (r *run) enter(d *delivery) bool {
	if first := r.inflight.add(d); first != nil {
		r.keeper.handleRenewed(first)
		r.slots.dropped()
		r.consumer.stats.takenOver.Add(1)
		return false
	}
	r.consumer.step(d.message, "received")
	r.keeper.track(d)
	return true
}

// handle runs the execution path for d and passes the result on, also when the handler ends the
// goroutine. The slot is free from then on.
func (r *run) handle(d *delivery, then func(*delivery, result)) {
	res := result{outcome: failed, err: &HandlerError{Message: d.message, Err: &PanicError{}}}
	defer func() {
		r.slots.returned()
		then(d, res)
	}()
	if !r.slots.enter(r.stopping) {
		res = result{outcome: givenBack, err: ErrLockNotAcquired}
		return
	}
	entered := time.Now()
	defer func() { r.slots.leave(time.Since(entered)) }()
	if r.stopping.Err() != nil || r.gate.paused() != nil || r.waitedTooLong(d) {
		res = result{outcome: givenBack, err: ErrLockNotAcquired}
		return
	}
	res = r.consumer.execute(r.handlers, d, r.keeper)
	r.noteLocks(res)
}

// waitedTooLong reports whether d waited in its lane until nothing kept it from others any more.
func (r *run) waitedTooLong(d *delivery) bool {
	return time.Since(d.receivedAt) >= r.consumer.config.MaxExtension
}

// noteLocks keeps the gate informed of what the lock nodes answer.
func (r *run) noteLocks(res result) {
	if res.outcome != givenBack {
		r.gate.answered()
		return
	}
	if r.handlers.Err() == nil {
		r.gate.close(res.err)
	}
}

// settleNow settles and frees all that d holds.
func (r *run) settleNow(d *delivery, res result) {
	defer r.slots.settled()
	defer r.inflight.remove(d)
	defer r.keeper.release(d)
	r.settle(d, res)
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
			stats.handled.Add(1)
			r.consumer.logHandled(d.message, res)
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
			r.consumer.log.Warn("[INIESTA] Message was handled and could not be deleted; it is deleted when it comes back",
				slog.String("sqs_message_id", d.message.MessageID), slog.Any("error", err))
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
	r.slots.returned()
	defer r.slots.settled()
	defer r.inflight.remove(d)
	defer r.keeper.release(d)
	r.consumer.stats.givenBack.Add(1)
	r.show(d, 0)
}

// retryLater sets when a failed message is seen again: as its handler asked, else as the backoff
// says, else when its visibility timeout ends. What a shutdown cut short is for another consumer now.
func (r *run) retryLater(d *delivery, res result) {
	delay, asked := retryDelay(res.err)
	if !asked && r.consumer.retryBackoff != nil {
		delay = r.consumer.retryBackoff(d.message.ReceiveCount())
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
