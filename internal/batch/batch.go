// Package batch gathers single items into batches for an API that takes several at once, and tells
// the caller of each item its own outcome.
//
// A full batch goes out at once, side by side with others. What does not fill a batch waits for a
// linger, and only few such batches go out side by side: with a call for every item there is nothing
// left to share one. An item that failed and can succeed is sent again by itself, with whatever is
// gathered by then.
package batch

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is returned for an item that was offered to a closed Batcher.
var ErrClosed = errors.New("batch: closed")

// ErrOverdue is returned for an item whose outcome was not known when Options.Patience had passed. It wraps the item's last
// failure, where there was one.
var ErrOverdue = errors.New("batch: no outcome in time")

// Options say how a Batcher gathers and sends.
type Options[T any] struct {
	// Size is the most items in a batch, at least 1.
	Size int
	// Linger is how long an item waits for others to fill its batch. 0 sends at once where fewer than
	// Partial batches are on their way.
	Linger time.Duration
	// Flushers is how many batches may be on their way at once, at least 1.
	Flushers int
	// Partial is how many batches may be on their way when one that is not full joins them; 0 for
	// Flushers.
	Partial int
	// Backlog is how many items may wait; who offers more waits too. 0 sets no bound.
	Backlog int
	// Send sends a batch and returns one error for each item, nil where it succeeded. It should bound
	// its own time: until it returns it keeps a flusher.
	Send func(items []T) []error
	// Retry says whether an item that failed is sent again, and after which wait. Attempt is 1 after
	// the first failure. Nil never retries.
	Retry func(err error, attempt int) (wait time.Duration, again bool)
	// Patience is how long after it was offered an item's outcome is known at the latest, whatever it
	// waits for: room, a flusher, Send, or to be sent again. An outcome that comes later is dropped.
	// Close takes no longer either. 0 sets no bound.
	Patience time.Duration
}

// Batcher sends items in batches. Make one with New and end it with Close.
type Batcher[T any] struct {
	options Options[T]

	mu        sync.Mutex
	waiting   []*entry[T]
	idle      []chan<- []*entry[T] // flushers without a batch, the latest last
	flushers  int
	sending   int           // batches on their way
	open      int           // items offered whose callers do not know their outcome
	unsettled list[T]       // items offered without an outcome, the oldest first
	watch     *time.Timer   // of the first of them
	watching  bool          // it runs
	linger    *time.Timer   // of what waits
	lingering bool          // it runs
	due       bool          // what waits has waited for the linger
	room      chan struct{} // closed when the backlog shrinks; nil while nobody waits for that
	ended     *sync.Cond    // open, sending or flushers fell
	closed    bool
	over      bool // flushers that have nothing to send end

	entries sync.Pool // whose callers have their outcome
}

// New makes a Batcher. It panics where Send is missing, and takes one for a Size or Flushers below it.
func New[T any](o Options[T]) *Batcher[T] {
	if o.Send == nil {
		panic("batch: Options.Send is nil")
	}
	o.Size, o.Flushers = max(o.Size, 1), max(o.Flushers, 1)
	if o.Partial <= 0 {
		o.Partial = o.Flushers
	}
	b := &Batcher[T]{options: o}
	b.ended = sync.NewCond(&b.mu)
	return b
}

// Do sends item with the next batch and returns its outcome, after the retries that Options.Retry
// asked for. When ctx ends first, Do returns ctx's error; the item may still be sent.
func (b *Batcher[T]) Do(ctx context.Context, item T) error {
	return b.do(ctx, item, false)
}

// DoOnce is Do without retries.
func (b *Batcher[T]) DoOnce(ctx context.Context, item T) error {
	return b.do(ctx, item, true)
}

// Go is Do for who has something else to do meanwhile: it returns at once, whatever the backlog, and
// then is called with the outcome, in a goroutine that serves other items too and must not be held up.
func (b *Batcher[T]) Go(item T, then func(error)) {
	e := &entry[T]{item: item, ctx: context.Background(), then: then}
	if !b.accept(e) {
		then(ErrClosed)
	}
}

// Hurry has nothing linger any more.
func (b *Batcher[T]) Hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.options.Linger = 0
	b.due = len(b.waiting) > 0
	b.flush()
}

// Close refuses new items, sends what was accepted and waits for it; what waits to be sent again is
// given up. A Send that has not returned by Options.Patience is left behind. Close may be called again.
func (b *Batcher[T]) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.due = len(b.waiting) > 0
	b.makeRoom()
	b.flush()
	b.waitForOutcomes()
	b.over = true
	for _, work := range b.idle {
		close(work)
	}
	b.idle = nil
	for b.flushers > b.sending {
		b.ended.Wait()
	}
	if b.watching {
		b.watching = false
		b.watch.Stop()
	}
}

// waitForOutcomes waits until every caller has its outcome and nothing is on its way, the latter for Patience at most.
// The caller holds mu, which is free meanwhile.
func (b *Batcher[T]) waitForOutcomes() {
	late := false
	if b.options.Patience > 0 {
		giveUp := time.AfterFunc(b.options.Patience, func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			late = true
			b.ended.Broadcast()
		})
		defer giveUp.Stop()
	}
	for b.open > 0 || b.sending > 0 && !late {
		b.ended.Wait()
	}
}
