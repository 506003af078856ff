package sqs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed08532102/iniesta/internal/redlock"
)

// Locker takes the lock on a message id before its handler runs. The client has one over Redis
// (redlock on INIESTA_CACHES); give another to [WithLocker].
type Locker interface {
	// Acquire takes the lease on a message id. It returns an error matching ErrLockHeld while another
	// consumer has the lease, and ErrAlreadyHandled where the message was marked done. Any other
	// error is an outage, also where the store of the locks answers and refuses: the message is released, and
	// receiving pauses until a lock can be had: it is asked for once a second on an id of its own, which begins
	// with iniesta-probe-.
	Acquire(ctx context.Context, messageID string) (Lease, error)
	// Ping returns nil where Acquire, Extend, MarkDone and Release would succeed. It has to try what
	// they do, for instance a write where they write: a store that can be read and not written would take
	// messages to the dead-letter queue otherwise. A success of a few seconds ago may stand for a new
	// attempt, unless a call has failed since. Ping is called by Initialize, by Healthy, and before a receive
	// when no lock was taken for five seconds.
	Ping(ctx context.Context) error
}

// Lease is a lock on one message id. The client calls its methods one at a time, except for Until.
type Lease interface {
	// Until is when the lease ends unless it is extended; zero means never.
	Until() time.Time
	// Extend renews the lease for its whole time. An error matching ErrLockLost means that it is lost;
	// after any other error it is tried again until the lease has ended.
	Extend(ctx context.Context) error
	// MarkDone turns the lease into a mark that makes Acquire return ErrAlreadyHandled for window. Unless
	// its error matches ErrLockLost it is tried again, while the lease is extended: for 20 seconds where other
	// locks can be had, else until an outage ends, INIESTA_MAX_EXTENSION has passed, or a stop ends handlers.
	MarkDone(ctx context.Context, window time.Duration) error
	// Release gives the lease up. Releasing a lease that has ended is no error.
	Release(ctx context.Context) error
}

// lockKeyPrefix makes the key that Python's iniesta locks, so that both exclude each other.
const lockKeyPrefix = "sqs:event:"

// redisLocker is the Locker over Redis.
type redisLocker struct{ *redlock.Locker }

func (l redisLocker) Acquire(ctx context.Context, messageID string) (Lease, error) {
	lease, err := l.Locker.Acquire(ctx, lockKeyPrefix+messageID)
	switch {
	case err == nil:
		return redisLease{lease}, nil
	case errors.Is(err, redlock.ErrHeld):
		return nil, fmt.Errorf("%w: %w", ErrLockHeld, err)
	case errors.Is(err, redlock.ErrDone):
		return nil, fmt.Errorf("%w: %w", ErrAlreadyHandled, err)
	}
	return nil, err
}

type redisLease struct{ *redlock.Lease }

func (l redisLease) Extend(ctx context.Context) error {
	return asLockLost(l.Lease.Extend(ctx))
}

func (l redisLease) MarkDone(ctx context.Context, window time.Duration) error {
	return asLockLost(l.Lease.MarkDone(ctx, window))
}

func asLockLost(err error) error {
	if errors.Is(err, redlock.ErrLost) {
		return fmt.Errorf("%w: %w", ErrLockLost, err)
	}
	return err
}

// noLocker is the Locker of WithoutLocks.
type noLocker struct{}

func (noLocker) Acquire(context.Context, string) (Lease, error) { return noLease{}, nil }
func (noLocker) Ping(context.Context) error                     { return nil }

type noLease struct{}

func (noLease) Until() time.Time                               { return time.Time{} }
func (noLease) Extend(context.Context) error                   { return nil }
func (noLease) MarkDone(context.Context, time.Duration) error  { return nil }
func (noLease) Release(context.Context) error                  { return nil }
func (noLease) MarkDoneThen(_ time.Duration, then func(error)) { then(nil) }
