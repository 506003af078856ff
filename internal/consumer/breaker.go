package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// breaker pauses receiving while messages cannot be locked or deleted, so that an outage does not walk messages into
// the dead-letter queue by their receive counts. What a probe asks for is what the work needs: a lock, a delete.
type breaker struct {
	locker Locker
	log    *logQueue

	mu      sync.Mutex
	pauses  [causes]*pause // nil where nothing is wrong
	seen    time.Time      // when a majority of the lock nodes last took a write
	probing bool
}

// cause is one reason to pause.
type cause int

const (
	locks   cause = iota // no majority of the lock nodes
	deletes              // SQS refuses to delete
	causes
)

type pause struct {
	reason error
	probe  func(context.Context) error
}

const (
	probeInterval = time.Second      // between probes while paused
	probeTimeout  = 10 * time.Second // of one probe
	askAfter      = 5 * time.Second  // a poller asks the lock nodes when they were not heard of for this long
)

// lockAnswered notes that a majority of the lock nodes decided on a lock.
func (b *breaker) lockAnswered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = time.Now()
}

// lockFailed pauses receiving until a lock can be had.
func (b *breaker) lockFailed(reason error) {
	b.pause(locks, &pause{reason, b.probeLock})
}

// pause pauses receiving until the probe succeeds.
func (b *breaker) pause(c cause, p *pause) {
	b.mu.Lock()
	was := b.pauses[c]
	b.pauses[c] = p
	b.mu.Unlock()
	if was == nil {
		b.log.add(slog.LevelError, "[INIESTA] Receiving pauses: "+[causes]string{"messages cannot be locked", "messages cannot be deleted"}[c],
			slog.Any("error", p.reason))
	}
}

// resume lets receiving go on as far as a cause is concerned.
func (b *breaker) resume(c cause) {
	b.mu.Lock()
	was := b.pauses[c]
	b.pauses[c] = nil
	if c == locks {
		b.seen = time.Now()
	}
	b.mu.Unlock()
	if was != nil {
		b.log.add(slog.LevelInfo, "[INIESTA] Receiving goes on: "+[causes]string{"a majority of the lock nodes answers", "messages can be deleted"}[c])
	}
}

// reason is why receiving pauses, nil where it does not.
func (b *breaker) reason() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.pauses {
		if p != nil {
			return p.reason
		}
	}
	return nil
}

// paused reports whether receiving pauses for a cause.
func (b *breaker) paused(c cause) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pauses[c] != nil
}

// fresh reports whether receiving may go on, on recent evidence.
func (b *breaker) fresh() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pauses == [causes]*pause{} && time.Since(b.seen) <= askAfter
}

// pass waits until messages can be locked and deleted, and probes meanwhile. It returns false when ctx ends first.
func (b *breaker) pass(ctx context.Context) bool {
	for ctx.Err() == nil {
		if b.fresh() {
			return true
		}
		if b.begin() {
			ok := b.probe(ctx)
			b.end()
			if ok {
				continue
			}
		}
		wait(ctx, probeInterval)
	}
	return false
}

// begin reports whether the caller is to probe: one poller does it for all.
func (b *breaker) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.probing {
		return false
	}
	b.probing = true
	return true
}

func (b *breaker) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}

// probe asks for everything that is in doubt and reports whether it can be had.
func (b *breaker) probe(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	b.mu.Lock()
	pauses := b.pauses
	b.mu.Unlock()
	ok := true
	for c, p := range pauses {
		if p == nil {
			continue
		}
		if p.probe(ctx) != nil {
			ok = false
			continue
		}
		b.resume(cause(c))
	}
	if pauses[locks] == nil {
		ok = b.askLocks(ctx) && ok
	}
	return ok
}

// askLocks asks the lock nodes where no lock was asked for of late.
func (b *breaker) askLocks(ctx context.Context) bool {
	err := b.locker.Ping(ctx)
	if err == nil {
		b.lockAnswered()
		return true
	}
	if !errors.Is(ctx.Err(), context.Canceled) { // not a stop
		b.lockFailed(fmt.Errorf("%w: %w", ErrLockNotAcquired, err))
	}
	return false
}

// probeLock takes a lock, as a message would, and gives it back. A Ping that succeeds is not enough where a lock could
// not be had: nodes may answer and refuse to write.
func (b *breaker) probeLock(ctx context.Context) error {
	lease, err := b.locker.Acquire(ctx, "iniesta-probe-"+strconv.FormatUint(rand.Uint64(), 36))
	if err != nil {
		return err
	}
	_ = lease.Release(ctx) // else the lock ends by itself
	return nil
}
