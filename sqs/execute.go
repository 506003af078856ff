package sqs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// outcome is how the execution path ended for a message, and so what is settled.
type outcome int

const (
	failed    outcome = iota // left to reappear, or to reappear at a time that was asked for
	handled                  // marked done and deleted
	discarded                // as handled, although the handler gave up on it
	duplicate                // handled before: deleted
	skipped                  // another consumer has it: left alone
	givenBack                // could not be locked: made visible again
)

// result is what the execution path reports of one message.
type result struct {
	outcome outcome
	value   any
	err     error // nil only when handled
	handler string
}

// execute takes a message through the documented path: lock, look for the handler, execute. What
// follows from the result (mark, delete, unlock) is the caller's to settle; the lease stays with d.
func (c *consumer) execute(ctx context.Context, d *delivery, k *keeper) result {
	if res, locked := c.lock(ctx, d, k); !locked {
		return res
	}
	return c.work(ctx, d)
}

// lock acquires the lock for d. Where it cannot be had, the result is the message's.
func (c *consumer) lock(ctx context.Context, d *delivery, k *keeper) (_ result, locked bool) {
	lease, err := c.locker.Acquire(ctx, d.message.MessageID)
	if err != nil {
		return lockFailure(d.message, err), false
	}
	d.locked(lease)
	k.reschedule(d)
	c.step(d.message, "locked")
	return result{}, true
}

// work looks for the handler of a message that is locked, and executes it.
func (c *consumer) work(ctx context.Context, d *delivery) result {
	if err := d.overtaken(); err != nil {
		return result{outcome: skipped, err: err}
	}
	event := d.message.Event()
	b, ok := c.registry.lookup(event)
	if !ok {
		return result{outcome: failed, err: &HandlerError{Message: d.message, Err: fmt.Errorf(
			"%w for event %q: bind one with AddHandler, or a default handler for every other event", ErrHandlerNotFound, event)}}
	}
	value, err := c.call(ctx, d, b)
	return judge(d.message, b.name, value, err)
}

func lockFailure(m *Message, err error) result {
	switch {
	case errors.Is(err, ErrAlreadyHandled):
		return result{outcome: duplicate, err: fmt.Errorf("sqs: message %s: %w", m.MessageID, err)}
	case errors.Is(err, ErrLockHeld):
		return result{outcome: skipped, err: fmt.Errorf("%w: message %s: %w", ErrLockNotAcquired, m.MessageID, err)}
	}
	return result{outcome: givenBack, err: fmt.Errorf("%w: message %s: %w", ErrLockNotAcquired, m.MessageID, err)}
}

func judge(m *Message, handler string, value any, err error) result {
	if err == nil {
		return result{outcome: handled, value: value, handler: handler}
	}
	r := result{outcome: failed, value: value, handler: handler,
		err: &HandlerError{Message: m, Handler: handler, Err: err}}
	if isDiscard(err) {
		r.outcome = discarded
	}
	return r
}

// call runs the handler under its own context and turns a panic into an error.
func (c *consumer) call(ctx context.Context, d *delivery, b *binding) (value any, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if c.config.HandlerTimeout > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, c.config.HandlerTimeout,
			fmt.Errorf("%w: %s passed (INIESTA_HANDLER_TIMEOUT)", ErrHandlerTimeout, c.config.HandlerTimeout))
		defer stop()
	}
	d.begins(ctx, cancel)
	defer d.returned()
	c.stats.running.Add(1)
	started := time.Now()
	returned := false
	defer func() {
		c.stats.running.Add(-1)
		if !returned {
			err = &PanicError{Value: recover(), Stack: debug.Stack()}
		}
		err = withCause(ctx, err)
		c.telemetry.handled(ctx, b, time.Since(started), err)
	}()
	ctx = c.telemetry.start(ctx, d.message, b)
	value, err = c.chained(b)(context.WithValue(ctx, insideKey{}, c), d.message)
	returned = true
	return value, err
}

// withCause adds why the context ended to the error of a handler that stopped for it.
func withCause(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, cause)
}

// insideKey finds in a context the consumer whose drain waits for what runs with it.
type insideKey struct{}

// Middleware wraps the execution of every handler, the first given outermost. It sees the message
// after it was locked, and its error decides like a handler's.
type Middleware func(next HandlerFunc) HandlerFunc

// chained returns the handler inside the client's middleware. Chains are built once for each binding.
func (c *consumer) chained(b *binding) HandlerFunc {
	if len(c.middleware) == 0 {
		return b.call
	}
	if chain, ok := c.chains.Load(b); ok {
		return chain.(HandlerFunc)
	}
	chain := b.call
	for i := len(c.middleware) - 1; i >= 0; i-- {
		chain = c.middleware[i](chain)
	}
	built, _ := c.chains.LoadOrStore(b, chain)
	return built.(HandlerFunc)
}

// finish ends the lease of a message that is not deleted by this client: HandleMessage's, and those
// that failed.
func (c *consumer) finish(d *delivery, o outcome) error {
	lease := d.takeLease()
	if lease == nil {
		return nil
	}
	ctx := within(lockTimeout)
	defer ctx.stop()
	if c.window > 0 && (o == handled || o == discarded) {
		return c.markDone(ctx, lease)
	}
	return lease.Release(ctx)
}

// markDone writes the mark, again and again while it could not be written: one node may be away just
// now and another be asked for by a consumer that tries in vain, and without its mark a message whose
// delete gets lost would run again.
func (c *consumer) markDone(ctx context.Context, lease Lease) error {
	for pause := 20 * time.Millisecond; ; pause *= 2 {
		err := lease.MarkDone(ctx, c.window)
		if err == nil || errors.Is(err, ErrLockLost) || ctx.Err() != nil {
			return err
		}
		wait(ctx, pause)
	}
}

// lockTimeout bounds what is asked of the lock nodes when a message is settled, which a stop does
// not cut short.
const lockTimeout = 5 * time.Second
