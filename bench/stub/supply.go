package stub

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Supply is where messages come from.
type Supply interface {
	// Take takes up to most messages, waiting for the first one for wait at most, and returns when
	// each was sent.
	Take(ctx context.Context, most int, wait time.Duration) []time.Time
}

// Endless never runs out: a backlog that is never drained.
type Endless struct{}

// Take returns most messages, sent just now.
func (Endless) Take(_ context.Context, most int, _ time.Duration) []time.Time {
	return slices.Repeat([]time.Time{time.Now()}, most)
}

// Line is a queue with a sender: Send sends, Take waits.
type Line struct {
	mu   sync.Mutex
	sent []time.Time
	more chan struct{} // closed by the next Send
}

// NewLine makes an empty Line.
func NewLine() *Line { return &Line{more: make(chan struct{})} }

// Send sends n messages.
func (l *Line) Send(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent = append(l.sent, slices.Repeat([]time.Time{time.Now()}, n)...)
	close(l.more)
	l.more = make(chan struct{})
}

// Every sends n messages at each interval until ctx ends.
func (l *Line) Every(ctx context.Context, interval time.Duration, n int) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.Send(n)
		case <-ctx.Done():
			return
		}
	}
}

// AtRandom sends so many messages a second, one at a time and independently of each other, until ctx ends.
func (l *Line) AtRandom(ctx context.Context, rate float64) {
	for next := time.Now(); ; {
		next = next.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second)))
		select {
		case <-time.After(time.Until(next)):
			l.Send(1)
		case <-ctx.Done():
			return
		}
	}
}

// Take waits for the first message and takes what is there.
func (l *Line) Take(ctx context.Context, most int, wait time.Duration) []time.Time {
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		got, more := l.take(most)
		if len(got) > 0 {
			return got
		}
		select {
		case <-more:
		case <-timeout.C:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

func (l *Line) take(most int) ([]time.Time, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(most, len(l.sent))
	got := slices.Clone(l.sent[:n])
	l.sent = l.sent[n:]
	return got, l.more
}
