package sqs

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// gate pauses receiving while no majority of the lock nodes answers, so that an outage does not walk
// messages into the dead-letter queue by their receive counts.
type gate struct {
	locker Locker
	log    func(paused bool, reason error)

	mu     sync.Mutex
	reason error     // why it is closed, nil while it is open
	seen   time.Time // when a majority last answered
}

const (
	probeInterval = time.Second     // between pings while paused
	pingAfter     = 5 * time.Second // a poller asks the nodes when they were not heard of for this long
)

// answered notes that a majority of the lock nodes answered.
func (g *gate) answered() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = time.Now()
}

// close pauses receiving for reason.
func (g *gate) close(reason error) {
	g.mu.Lock()
	wasOpen := g.reason == nil
	g.reason = reason
	g.mu.Unlock()
	if wasOpen {
		g.log(true, reason)
	}
}

// open lets receiving go on.
func (g *gate) open() {
	g.mu.Lock()
	wasOpen := g.reason == nil
	g.reason, g.seen = nil, time.Now()
	g.mu.Unlock()
	if !wasOpen {
		g.log(false, nil)
	}
}

// paused returns why receiving pauses, nil where it does not.
func (g *gate) paused() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reason
}

// fresh reports whether the gate is open on recent evidence.
func (g *gate) fresh() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reason == nil && time.Since(g.seen) <= pingAfter
}

// pass waits until messages can be locked, asking the nodes meanwhile. It returns false when ctx
// ends first.
func (g *gate) pass(ctx context.Context) bool {
	for ctx.Err() == nil {
		if g.fresh() {
			return true
		}
		err := g.locker.Ping(ctx)
		if err == nil {
			g.open()
			return true
		}
		if ctx.Err() == nil {
			g.close(fmt.Errorf("%w: %w", ErrLockNotAcquired, err))
		}
		wait(ctx, probeInterval)
	}
	return false
}

// wait returns when d has passed or ctx has ended.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
