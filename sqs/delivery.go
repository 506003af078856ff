package sqs

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// delivery is the one record of a message in flight, from its receipt until it is settled. It owns
// the message's newest receipt handle, its lock and the context its handler runs with.
type delivery struct {
	message    *Message
	receivedAt time.Time

	mu     sync.Mutex
	handle string          // the newest receipt handle
	lease  Lease           // nil until locked
	ctx    context.Context // the handler's, while it runs
	cancel context.CancelCauseFunc
	cause  error // why the handler has to end, or may not begin

	extension extension // owned by the keeper, under its mutex
}

func newDelivery(m *Message, receivedAt time.Time) *delivery {
	return &delivery{
		message:    m,
		receivedAt: receivedAt,
		handle:     m.ReceiptHandle,
		extension:  extension{index: -1},
	}
}

// takeOver makes a second delivery's receipt handle the one to delete with: SQS may answer a delete
// with an older handle as done and delete nothing.
func (d *delivery) takeOver(handle string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handle = handle
}

func (d *delivery) receiptHandle() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.handle
}

// locked hands the lease over to the record.
func (d *delivery) locked(lease Lease) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lease = lease
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

// forgetBody lets a long body go: messages that were handled and not deleted yet are many while SQS is
// slow, and none of them is logged with its body.
func (d *delivery) forgetBody() {
	if len(d.message.RawBody) < 1<<10 {
		return
	}
	slim := *d.message // the handler may have kept the message
	slim.RawBody = ""
	d.message = &slim
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

// overtaken is why the handler may not begin although the message was locked: the process may have stood
// still since then, and the message be another consumer's.
func (d *delivery) overtaken() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cause != nil {
		return d.cause
	}
	if until := d.lease.Until(); !until.IsZero() && !time.Now().Before(until) {
		return fmt.Errorf("%w: message %s: it ended before its handler began", ErrLockLost, d.message.MessageID)
	}
	return nil
}
