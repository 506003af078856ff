package sqs

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// admit takes received messages in: each becomes a delivery with a slot, extended from now on, which is
// ready to run at once or when its message group has come to it.
func (r *run) admit(messages []types.Message) {
	now := time.Now()
	received := make([]*delivery, len(messages))
	for i := range messages {
		received[i] = newDelivery(newMessage(&messages[i], r.consumer.queue), now)
	}
	if r.consumer.queue.fifo {
		r.workers.push(r.lanes.admit(received)...)
		return
	}
	r.workers.push(r.entered(received)...)
}

// entered enters deliveries and returns those that are new.
func (r *run) entered(received []*delivery) []*delivery {
	return slices.DeleteFunc(received, func(d *delivery) bool { return !r.enter(d) })
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
	r.deliveries.Add(1)
	r.consumer.step(d.message, "received")
	r.keeper.track(d)
	return true
}

// handle runs the execution path for d and passes the result on, also when the handler ends the
// goroutine. The slot is free from then on.
func (r *run) handle(d *delivery) {
	began := time.Now()
	res := result{outcome: failed, err: &HandlerError{Message: d.message, Err: &PanicError{}}}
	defer func() {
		r.slots.returned(time.Since(began))
		r.handled(d, res)
	}()
	if r.stopping.Err() != nil || r.gate.paused() != nil || r.waitedTooLong(d) {
		res = result{outcome: givenBack, err: ErrLockNotAcquired}
		return
	}
	if unlocked, ok := r.consumer.lock(r.handlers, d, r.keeper); !ok {
		res = unlocked
		r.noteLocks(res)
		return
	}
	r.gate.answered()
	if r.stopping.Err() != nil { // told meanwhile: to lock may have taken its time
		res = result{outcome: givenBack, err: ErrShutdown}
		return
	}
	res = r.consumer.work(r.handlers, d)
}

// handled goes on with a message whose handler has returned, and with its group.
func (r *run) handled(d *delivery, res result) {
	if r.consumer.queue.fifo {
		r.lanes.handled(d, res)
		return
	}
	r.settleSoon(d, res)
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
