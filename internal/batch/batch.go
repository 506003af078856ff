// Package batch gathers single items into batches for an API that takes several at once, and tells
// the caller of each item its own outcome.
//
// One flusher at a time gathers, so that a trickle of items ends in one batch and not in one for each
// flusher; while it sends, the next one gathers. Few flushers and a short linger are what makes
// batches: with a flusher for every item there is nobody left to share a batch with.
package batch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrClosed is returned for an item that was offered to a closed Batcher.
var ErrClosed = errors.New("batch: closed")

// Options say how a Batcher gathers and sends.
type Options[T any] struct {
	// Size is the most items in a batch, at least 1.
	Size int
	// Linger is how long a batch that is not full waits for more items.
	Linger time.Duration
	// Flushers is how many batches may be on their way at once, at least 1.
	Flushers int
	// Send sends a batch and returns one error for each item, nil where it succeeded. It bounds its
	// own time: the Batcher waits for it.
	Send func(items []T) []error
	// Retry says whether an item that failed is sent again, and after which wait. Attempt is 1 after
	// the first failure. Nil never retries.
	Retry func(err error, attempt int) (wait time.Duration, again bool)
}

// Batcher sends items in batches. Make one with New and end it with Close.
type Batcher[T any] struct {
	options  Options[T]
	flushers sync.WaitGroup
	gather   chan struct{} // a token: whoever holds it gathers
	wake     chan struct{} // there may be something in pending
	quit     chan struct{} // closed by Close

	mu      sync.Mutex
	pending []entry[T]
	closed  bool
}

type entry[T any] struct {
	item    T
	outcome chan<- error
}

// New starts a Batcher. It panics where Send is missing, and takes one for a Size or Flushers below it.
func New[T any](o Options[T]) *Batcher[T] {
	if o.Send == nil {
		panic("batch: Options.Send is nil")
	}
	o.Size, o.Flushers = max(o.Size, 1), max(o.Flushers, 1)
	b := &Batcher[T]{
		options: o,
		gather:  make(chan struct{}, 1),
		wake:    make(chan struct{}, 1),
		quit:    make(chan struct{}),
	}
	b.gather <- struct{}{}
	for range o.Flushers {
		b.flushers.Go(b.flush)
	}
	return b
}

// Do sends item with the next batch and returns its outcome, after the retries that Options.Retry
// asked for. When ctx ends first, Do returns ctx's error; the item may still be sent.
func (b *Batcher[T]) Do(ctx context.Context, item T) error {
	for attempt := 1; ; attempt++ {
		err := b.DoOnce(ctx, item)
		if err == nil || b.options.Retry == nil || ctx.Err() != nil || errors.Is(err, ErrClosed) {
			return err
		}
		wait, again := b.options.Retry(err, attempt)
		if !again || !pause(ctx, wait) {
			return err
		}
	}
}

// DoAll sends items side by side and returns one outcome for each.
func (b *Batcher[T]) DoAll(ctx context.Context, items []T) []error {
	outcomes := make([]error, len(items))
	var waiting sync.WaitGroup
	for i, item := range items {
		waiting.Go(func() { outcomes[i] = b.Do(ctx, item) })
	}
	waiting.Wait()
	return outcomes
}

// Close refuses new items, sends what was accepted and waits for it. It may be called again.
func (b *Batcher[T]) Close() {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.quit)
	}
	b.mu.Unlock()
	b.flushers.Wait()
}

// DoOnce sends item with the next batch and returns its outcome, without retries.
func (b *Batcher[T]) DoOnce(ctx context.Context, item T) error {
	outcome := make(chan error, 1) // room for one: a caller that left does not block the flusher
	if err := b.offer(entry[T]{item, outcome}); err != nil {
		return err
	}
	select {
	case err := <-outcome:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Batcher[T]) offer(e entry[T]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.pending = append(b.pending, e)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return nil
}

func (b *Batcher[T]) flush() {
	for {
		<-b.gather
		batch := b.next()
		b.gather <- struct{}{}
		if len(batch) == 0 {
			return
		}
		b.send(batch)
	}
}

// next waits for a first item and then, for the linger at most, for the rest of a batch. It returns
// nothing once the Batcher is closed and empty.
func (b *Batcher[T]) next() []entry[T] {
	batch := make([]entry[T], 0, b.options.Size)
	var linger <-chan time.Time
	for {
		batch = b.take(batch)
		if len(batch) == b.options.Size {
			return batch
		}
		if len(batch) > 0 && linger == nil {
			linger = time.After(b.options.Linger)
		}
		select {
		case <-b.wake:
		case <-linger:
			return batch
		case <-b.quit:
			return b.take(batch)
		}
	}
}

func (b *Batcher[T]) take(batch []entry[T]) []entry[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(b.options.Size-len(batch), len(b.pending))
	batch = append(batch, b.pending[:n]...)
	b.pending = b.pending[n:]
	if len(b.pending) == 0 {
		b.pending = nil // lets the array go that the backlog was in
	}
	return batch
}

func (b *Batcher[T]) send(batch []entry[T]) {
	items := make([]T, len(batch))
	for i, e := range batch {
		items[i] = e.item
	}
	outcomes := b.options.Send(items)
	for i, e := range batch {
		if i >= len(outcomes) {
			e.outcome <- fmt.Errorf("batch: Send returned %d outcomes for %d items", len(outcomes), len(batch))
			continue
		}
		e.outcome <- outcomes[i]
	}
}

// pause reports whether the wait was spent whole.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
