package sqs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/seed08532102/iniesta/internal/consumer"
	"github.com/seed08532102/iniesta/internal/guard"
)

// acquireTimeout is how long a Locker of the user's may take for one lock.
const acquireTimeout = 15 * time.Second

// lockerOf is a Locker as the engine takes it. One of the user's is called under guard: a panic, the end of its goroutine
// or a call that does not return is a lock that could not be had.
func lockerOf(l Locker, failed func(error)) consumer.Locker {
	switch l.(type) {
	case redisLocker, noLocker:
		return ownLocker{l}
	}
	return &guardedLocker{l, failed}
}

// ownLocker is a Locker of this package.
type ownLocker struct{ Locker }

func (l ownLocker) Acquire(ctx context.Context, id string) (consumer.Lease, error) {
	lease, err := l.Locker.Acquire(ctx, id)
	if err != nil {
		return nil, err
	}
	return lease, nil
}

type guardedLocker struct {
	Locker
	failed func(error)
}

func (l *guardedLocker) Acquire(ctx context.Context, id string) (consumer.Lease, error) {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	return noted(l.failed)(guard.Do(ctx, "the Locker's Acquire", func() (consumer.Lease, error) {
		lease, err := l.Locker.Acquire(ctx, id)
		if err != nil {
			return nil, guard.Checked(err)
		}
		if lease == nil {
			return nil, errors.New("the Locker returned neither a lease nor an error")
		}
		g := &guardedLease{lease: lease, failed: l.failed, free: make(chan struct{}, 1), until: lease.Until()}
		if quick, ok := lease.(quickLease); ok { // one over this module's own lock
			return &guardedQuickLease{g, quick}, nil
		}
		return g, nil
	}, func(lease consumer.Lease) { _ = lease.Release(context.Background()) }))
}

func (l *guardedLocker) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := noted(l.failed)(guard.Do(ctx, "the Locker's Ping", func() (consumer.Lease, error) {
		return nil, guard.Checked(l.Locker.Ping(ctx))
	}, nil))
	return err
}

// noted passes the result of a guarded call on, and tells failed where the call did not return.
func noted(failed func(error)) func(consumer.Lease, error) (consumer.Lease, error) {
	return func(lease consumer.Lease, err error) (consumer.Lease, error) {
		if _, ok := errors.AsType[*guard.Error](err); ok {
			failed(err)
		}
		return lease, err
	}
}

// guardedLease is a Lease of the user's.
type guardedLease struct {
	lease  Lease
	failed func(error)
	free   chan struct{} // holds a value while a call is under way

	mu    sync.Mutex
	until time.Time
}

// Until is the end that the Lease had after the latest call.
func (l *guardedLease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

func (l *guardedLease) Extend(ctx context.Context) error {
	return l.call(ctx, "the Lease's Extend", func() error {
		err := l.lease.Extend(ctx)
		until := l.lease.Until()
		l.mu.Lock()
		defer l.mu.Unlock()
		l.until = until
		return err
	})
}

func (l *guardedLease) MarkDone(ctx context.Context, window time.Duration) error {
	return l.call(ctx, "the Lease's MarkDone", func() error { return l.lease.MarkDone(ctx, window) })
}

func (l *guardedLease) Release(ctx context.Context) error {
	return l.call(ctx, "the Lease's Release", func() error { return l.lease.Release(ctx) })
}

// call makes one call, after the one before has returned.
func (l *guardedLease) call(ctx context.Context, what string, f func() error) error {
	_, err := noted(l.failed)(guard.Do(ctx, what, func() (consumer.Lease, error) {
		select {
		case l.free <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("%s: the call before has not returned: %w", what, ctx.Err())
		}
		defer func() { <-l.free }()
		return nil, guard.Checked(f())
	}, nil))
	return err
}

// quickLease is a Lease that can be marked done while its owner does something else.
type quickLease interface {
	MarkDoneThen(window time.Duration, then func(error))
}

type guardedQuickLease struct {
	*guardedLease
	quick quickLease
}

func (l *guardedQuickLease) MarkDoneThen(window time.Duration, then func(error)) {
	var once sync.Once
	marked := func(err error) { once.Do(func() { then(guard.Checked(err)) }) }
	if err := guard.Call("the Lease's MarkDoneThen", func() error { l.quick.MarkDoneThen(window, marked); return nil }); err != nil {
		l.failed(err)
		marked(err)
	}
}

// guardedLogger is l, or the default logger, with a handler that cannot panic.
func guardedLogger(l *slog.Logger, counters *consumer.Counters) *slog.Logger {
	if l == nil {
		l = slog.Default()
	}
	return slog.New(guardedHandler{l.Handler(), counters})
}

// guardedHandler is a slog.Handler of the user's. A panic costs one line.
type guardedHandler struct {
	handler  slog.Handler
	counters *consumer.Counters
}

func (h guardedHandler) Enabled(ctx context.Context, level slog.Level) (enabled bool) {
	h.call(func() error { enabled = h.handler.Enabled(ctx, level); return nil })
	return enabled
}

func (h guardedHandler) Handle(ctx context.Context, r slog.Record) error {
	h.call(func() error { return h.handler.Handle(ctx, r) })
	return nil // slog drops it
}

func (h guardedHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	next := h
	h.call(func() error { next.handler = h.handler.WithAttrs(attributes); return nil })
	return next
}

func (h guardedHandler) WithGroup(name string) slog.Handler {
	next := h
	h.call(func() error { next.handler = h.handler.WithGroup(name); return nil })
	return next
}

func (h guardedHandler) call(f func() error) {
	if _, ok := guard.Call("the logger", f).(*guard.Error); ok {
		h.counters.CallbackFailures.Add(1)
	}
}
