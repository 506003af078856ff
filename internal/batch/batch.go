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
	// Send sends a batch and returns one error for each item, nil where it succeeded. It bounds its
	// own time: the Batcher waits for it.
	Send func(items []T) []error
	// Retry says whether an item that failed is sent again, and after which wait. Attempt is 1 after
	// the first failure. Nil never retries.
	Retry func(err error, attempt int) (wait time.Duration, again bool)
	// Patience is how long after it was offered an item is sent again; 0 sets no bound.
	Patience time.Duration
}

// Batcher sends items in batches. Make one with New and end it with Close.
type Batcher[T any] struct {
	options  Options[T]
	flushers sync.WaitGroup

	mu        sync.Mutex
	waiting   []*entry[T]
	idle      []chan<- []*entry[T] // flushers without a batch, the latest last
	sending   int                  // batches on their way
	open      int                  // items accepted whose callers do not know their outcome
	linger    *time.Timer          // of what waits
	lingering bool                 // it runs
	due       bool                 // what waits has waited for the linger
	room      chan struct{}        // closed when the backlog shrinks; nil while nobody waits for that
	ended     *sync.Cond           // open or sending fell to 0
	closed    bool

	entries sync.Pool // whose callers have their outcome
}

type entry[T any] struct {
	item    T
	ctx     context.Context
	once    bool // without retries
	offered time.Time
	attempt int
	outcome chan error  // of room one: a caller that left does not block a flusher
	then    func(error) // in place of outcome, where nobody waits
}

func (e *entry[T]) settle(err error) {
	if e.then != nil {
		e.then(err)
		return
	}
	e.outcome <- err
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
// then is called with the outcome, in a goroutine that sends batches and must not be held up.
func (b *Batcher[T]) Go(item T, then func(error)) {
	e := &entry[T]{item: item, ctx: context.Background(), offered: time.Now(), then: then}
	if !b.accept(e) {
		then(ErrClosed)
	}
}

// DoAll sends items side by side and returns one outcome for each.
func (b *Batcher[T]) DoAll(ctx context.Context, items []T) []error {
	outcomes := make([]error, len(items))
	var callers sync.WaitGroup
	for i, item := range items {
		callers.Go(func() { outcomes[i] = b.Do(ctx, item) })
	}
	callers.Wait()
	return outcomes
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
// given up. It may be called again.
func (b *Batcher[T]) Close() {
	b.finish()
	b.flushers.Wait()
}

// finish has everything sent that was accepted.
func (b *Batcher[T]) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.due = len(b.waiting) > 0
	b.makeRoom()
	b.flush()
	for b.open > 0 || b.sending > 0 {
		b.ended.Wait()
	}
	for _, work := range b.idle {
		close(work)
	}
	b.idle = nil
}

func (b *Batcher[T]) do(ctx context.Context, item T, once bool) error {
	e, ok := b.entries.Get().(*entry[T])
	if !ok {
		e = &entry[T]{outcome: make(chan error, 1)}
	}
	e.item, e.ctx, e.once, e.offered, e.attempt = item, ctx, once, time.Now(), 0
	if err := b.offer(e); err != nil {
		return err
	}
	select {
	case err := <-e.outcome:
		var none T
		e.item, e.ctx = none, nil
		b.entries.Put(e)
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// offer accepts e, as soon as there is room for it.
func (b *Batcher[T]) offer(e *entry[T]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.full() && !b.closed {
		if err := b.waitForRoom(e.ctx); err != nil {
			return err
		}
	}
	if b.closed {
		return ErrClosed
	}
	b.open++
	b.add(e)
	return nil
}

// accept takes e whatever the backlog.
func (b *Batcher[T]) accept(e *entry[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.open++
	b.add(e)
	return true
}

func (b *Batcher[T]) full() bool {
	return b.options.Backlog > 0 && len(b.waiting) >= b.options.Backlog
}

// waitForRoom returns when the backlog has shrunk. The caller holds mu, which is free meanwhile.
func (b *Batcher[T]) waitForRoom(ctx context.Context) error {
	if b.room == nil {
		b.room = make(chan struct{})
	}
	room := b.room
	b.mu.Unlock()
	defer b.mu.Lock()
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Batcher[T]) makeRoom() {
	if b.room != nil && (b.closed || !b.full()) {
		close(b.room)
		b.room = nil
	}
}

// add has e wait for its batch. The caller holds mu, as for all that follow.
func (b *Batcher[T]) add(e *entry[T]) {
	b.waiting = append(b.waiting, e)
	if b.closed {
		b.due = true
	}
	b.flush()
}

// flush starts what may be sent now, and the linger for the rest.
func (b *Batcher[T]) flush() {
	for b.ready(b.sending) {
		b.sending++
		if last := len(b.idle) - 1; last >= 0 {
			b.idle[last] <- b.take() // which has room for it
			b.idle = b.idle[:last]
			continue
		}
		first := b.take()
		b.flushers.Go(func() { b.serve(first) })
	}
	if len(b.waiting) == 0 || b.due || b.lingering {
		return
	}
	if b.options.Linger <= 0 {
		b.due = true // for the next flusher that has time
		return
	}
	b.lingering = true
	if b.linger == nil {
		b.linger = time.AfterFunc(b.options.Linger, b.lingered)
		return
	}
	b.linger.Reset(b.options.Linger)
}

// ready reports whether a batch may join those on their way.
func (b *Batcher[T]) ready(sending int) bool {
	if len(b.waiting) >= b.options.Size {
		return sending < b.options.Flushers
	}
	eager := b.due || b.options.Linger <= 0
	return len(b.waiting) > 0 && eager && sending < b.options.Partial
}

func (b *Batcher[T]) lingered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.lingering {
		return // its items were taken meanwhile
	}
	b.lingering = false
	b.due = len(b.waiting) > 0
	b.flush()
}

// take takes a batch. What is left lingers anew.
func (b *Batcher[T]) take() []*entry[T] {
	n := min(b.options.Size, len(b.waiting))
	batch := b.waiting[:n:n]
	b.waiting = b.waiting[n:]
	b.due = b.closed && len(b.waiting) > 0
	if b.lingering {
		b.lingering = false
		b.linger.Stop()
	}
	b.makeRoom()
	return batch
}

// serve is a flusher, with its first batch. It stays when there is nothing to send, since its stack has
// grown to what Send needs; the one that was idle for the shortest time is the next to send.
func (b *Batcher[T]) serve(batch []*entry[T]) {
	work := make(chan []*entry[T], 1)
	for batch != nil {
		b.sendOne(batch)
		if batch = b.nextBatch(work); batch == nil {
			batch = <-work
		}
	}
}

// nextBatch is what may be sent now. Where there is nothing, work is where the next batch comes, or nil
// at the end.
func (b *Batcher[T]) nextBatch(work chan<- []*entry[T]) []*entry[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready(b.sending - 1) {
		batch := b.take()
		b.flush() // the linger of the rest
		return batch
	}
	b.sending--
	b.idle = append(b.idle, work)
	b.ended.Broadcast()
	return nil
}

func (b *Batcher[T]) sendOne(batch []*entry[T]) {
	items := make([]T, len(batch))
	for i, e := range batch {
		items[i] = e.item
	}
	outcomes := b.options.Send(items)
	settled := 0
	for i, e := range batch {
		err := fmt.Errorf("batch: Send returned %d outcomes for %d items", len(outcomes), len(batch))
		if i < len(outcomes) {
			err = outcomes[i]
		}
		if err != nil && b.retry(e, err) {
			continue
		}
		e.settle(err)
		settled++
	}
	b.settle(settled)
}

// settle notes that n callers know their outcomes.
func (b *Batcher[T]) settle(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open -= n
	b.ended.Broadcast()
}

// retry has e sent again after a wait, and reports whether it does.
func (b *Batcher[T]) retry(e *entry[T], err error) bool {
	if e.once || b.options.Retry == nil {
		return false
	}
	e.attempt++
	wait, again := b.options.Retry(err, e.attempt)
	if !again || b.isClosed() || b.late(e, wait) {
		return false
	}
	time.AfterFunc(wait, func() { b.again(e, err) })
	return true
}

func (b *Batcher[T]) late(e *entry[T], wait time.Duration) bool {
	return e.ctx.Err() != nil || b.options.Patience > 0 && time.Since(e.offered)+wait > b.options.Patience
}

// again offers e once more, which failed with err before.
func (b *Batcher[T]) again(e *entry[T], err error) {
	if !b.addAgain(e) {
		e.settle(err)
		b.settle(1)
	}
}

func (b *Batcher[T]) addAgain(e *entry[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || e.ctx.Err() != nil {
		return false
	}
	b.add(e)
	return true
}

func (b *Batcher[T]) isClosed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}
