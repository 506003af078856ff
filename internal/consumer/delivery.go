package consumer

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// delivery is the one record of a message in flight, from its receipt until it is settled. It owns the message's newest
// receipt handle, its lock and the context that its handler runs with.
type delivery struct {
	consumer   *Consumer
	stopping   context.Context // of the run, nil for HandleMessage
	message    Message         // the engine's own copy
	receivedAt time.Time

	mu     sync.Mutex
	handle string          // the newest receipt handle
	held   time.Time       // when the message was received with that handle: SQS counts its 12 hours from then
	lease  Lease           // nil until locked
	until  time.Time       // the end of the lease, zero for never
	ctx    context.Context // the handler's, while it runs
	cancel context.CancelCauseFunc
	cause  error // why the handler has to end, or may not begin

	rounds    int       // deletes that were given up, each with its retries
	extension extension // owned by the extender, under its mutex
}

func newDelivery(c *Consumer, stopping context.Context, m Message, receivedAt time.Time) *delivery {
	return &delivery{
		consumer:   c,
		stopping:   stopping,
		message:    m,
		receivedAt: receivedAt,
		handle:     m.Handle,
		held:       receivedAt,
		extension:  extension{index: -1},
	}
}

// takeOver makes a second delivery's receipt handle the one to delete with: SQS may answer "deleted" to an older handle
// and delete nothing.
func (d *delivery) takeOver(second *delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handle, d.held = second.handle, second.receivedAt
}

func (d *delivery) receiptHandle() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.handle
}

// invisibleFor is how long the message may be kept invisible from now on, and its receipt handle. SQS counts 12 hours
// from receipt and refuses what goes beyond.
func (d *delivery) invisibleFor(wanted time.Duration) (handle string, timeout time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.handle, min(wanted, maxVisibility-time.Since(d.held)-clockMargin).Truncate(time.Second)
}

// locked hands the lease over to the record.
func (d *delivery) locked(lease Lease) {
	until := lease.Until()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lease, d.until = lease, until
}

// extended notes the new end of the lease.
func (d *delivery) extended(until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.until = until
}

// heldLease is the lease, which stays the record's.
func (d *delivery) heldLease() Lease {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lease
}

// takeLease hands the lease back, once.
func (d *delivery) takeLease() Lease {
	d.mu.Lock()
	defer d.mu.Unlock()
	lease := d.lease
	d.lease = nil
	return lease
}

// leaseEnd is when the lease ends, zero where there is none or where it never ends.
func (d *delivery) leaseEnd() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lease == nil {
		return time.Time{}
	}
	return d.until
}

// begins remembers the context of the handler and how to end it, and ends it where it has to.
func (d *delivery) begins(ctx context.Context, cancel context.CancelCauseFunc) {
	d.mu.Lock()
	d.ctx, d.cancel = ctx, cancel
	cause := d.cause
	d.mu.Unlock()
	if cause != nil {
		cancel(cause)
	}
}

// returned forgets the handler.
func (d *delivery) returned() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ctx, d.cancel = nil, nil
}

// overdue reports whether the handler runs on although its context has ended.
func (d *delivery) overdue() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ctx != nil && d.ctx.Err() != nil
}

// interrupt ends the context of the handler that is running, or is about to.
func (d *delivery) interrupt(cause error) {
	d.mu.Lock()
	if d.cause == nil {
		d.cause = cause
	}
	cancel := d.cancel
	d.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

// overtaken is why the handler may not begin although the message was locked: the process may have stood still since
// then, and the message may be another consumer's.
func (d *delivery) overtaken() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cause != nil {
		return d.cause
	}
	if !d.until.IsZero() && !time.Now().Before(d.until) {
		return fmt.Errorf("%w: message %s: it ended before its handler began", ErrLockLost, d.message.ID)
	}
	return nil
}
