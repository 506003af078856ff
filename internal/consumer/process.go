package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// admit takes received messages in: each becomes a delivery with a place, extended from now on, which is ready at once
// or when its message group has come to it.
func (r *Run) admit(messages []types.Message) {
	now := time.Now()
	received := make([]*delivery, 0, len(messages))
	for i := range messages {
		if aws.ToString(messages[i].MessageId) == "" || aws.ToString(messages[i].ReceiptHandle) == "" {
			r.capacity.merged()
			r.log.add(slog.LevelError, "[INIESTA] A message without id or receipt handle was received and is left", slog.String("queue", r.Queue.Name))
			continue
		}
		received = append(received, newDelivery(r.Consumer, r.stopping, r.Handler.Decode(&messages[i]), now))
	}
	if r.Queue.FIFO {
		r.ready(r.groups.admit(received, r.enter)...)
		return
	}
	r.ready(slices.DeleteFunc(received, func(d *delivery) bool { return !r.enter(d) })...)
}

// enter makes d the record of its message, unless the message is in flight already: the delivery that has it goes on
// with the newer receipt handle.
func (r *Run) enter(d *delivery) bool {
	if first := r.inflight.add(d); first != nil {
		r.extender.handleRenewed(first)
		r.capacity.merged()
		r.Counters.Merged.Add(1)
		return false
	}
	r.deliveries.Add(1)
	r.step(d, "received")
	r.extender.track(d)
	return true
}

// ready hands messages over to the workers. After a stop they are released.
func (r *Run) ready(ds ...*delivery) {
	for _, d := range r.pool.push(ds...) {
		r.releaseUnstarted(d)
	}
}

// process runs the execution path for d and passes the result on, also when the handler ends the goroutine. The slot is
// free from then on.
func (r *Run) process(d *delivery) {
	began := time.Now()
	returned := false
	var res Result
	defer func() {
		if !returned {
			res = r.Handler.Abandoned(&d.message)
		}
		took := time.Since(began)
		defer r.processed(d, res, took) // also where the report ends the goroutine
		if res.Outcome == Handled || res.Outcome == Discarded {
			r.report(d, res)
		}
	}()
	res = r.lockAndHandle(d)
	returned = true
}

func (r *Run) lockAndHandle(d *delivery) Result {
	if r.stopping.Err() != nil || r.breaker.reason() != nil || time.Since(d.receivedAt) >= r.MaxExtension {
		return Result{Outcome: Released, Err: ErrLockNotAcquired}
	}
	if unlocked, ok := r.lock(r.handlers, d, r.extender); !ok {
		r.noteLocks(unlocked)
		return unlocked
	}
	r.breaker.lockAnswered()
	return r.handle(r.handlers, d)
}

// noteLocks tells the breaker of an outage. A lock that is held says nothing of the nodes: they may read and not write.
func (r *Run) noteLocks(res Result) {
	if res.Outcome == Released && r.handlers.Err() == nil {
		r.breaker.lockFailed(res.Err)
	}
}

// lock acquires the lock for d. Where it cannot be had, the result is the message's.
func (c *Consumer) lock(ctx context.Context, d *delivery, e *extender) (_ Result, locked bool) {
	lease, err := c.Locker.Acquire(ctx, d.message.ID)
	if err != nil {
		return notLocked(d.message.ID, err), false
	}
	d.locked(lease)
	e.reschedule(d)
	c.step(d, "locked")
	return Result{}, true
}

func notLocked(id string, err error) Result {
	switch {
	case errors.Is(err, ErrAlreadyHandled):
		return Result{Outcome: Duplicate, Err: fmt.Errorf("sqs: message %s: %w", id, err)}
	case errors.Is(err, ErrLockHeld):
		return Result{Outcome: Skipped, Err: fmt.Errorf("%w: message %s: %w", ErrLockNotAcquired, id, err)}
	}
	return Result{Outcome: Released, Err: fmt.Errorf("%w: message %s: %w", ErrLockNotAcquired, id, err)}
}

// handle has the Handler run a message that is locked, under a context of its own.
func (c *Consumer) handle(ctx context.Context, d *delivery) Result {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.HandlerTimeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.HandlerTimeout,
			fmt.Errorf("%w: %s passed (INIESTA_HANDLER_TIMEOUT)", ErrHandlerTimeout, c.HandlerTimeout))
		defer stop()
	}
	ctx = context.WithValue(ctx, insideKey{}, d)
	if res, overtaken := Overtaken(ctx); overtaken {
		return res
	}
	d.begins(ctx, cancel)
	defer d.returned()
	c.Counters.Running.Add(1)
	defer c.Counters.Running.Add(-1)
	return c.Handler.Handle(ctx, &d.message)
}
