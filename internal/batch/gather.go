package batch

import (
	"context"
	"time"
)

type entry[T any] struct {
	item    T
	ctx     context.Context
	once    bool // without retries
	offered time.Time
	attempt int
	last    error       // of the latest attempt
	settled bool        // its outcome is decided
	overdue bool        // by the end of Patience
	outcome chan error  // of room one: a caller that left does not block a flusher
	then    func(error) // in place of outcome, where nobody waits

	older, newer *entry[T] // in the list of those that are not settled
}

func (e *entry[T]) tell(err error) {
	if e.then != nil {
		e.then(err)
		return
	}
	e.outcome <- err
}

func (b *Batcher[T]) do(ctx context.Context, item T, once bool) error {
	e, ok := b.entries.Get().(*entry[T])
	if !ok {
		e = &entry[T]{outcome: make(chan error, 1)}
	}
	e.item, e.ctx, e.once = item, ctx, once
	if err := b.offer(e); err != nil {
		return err
	}
	select {
	case err := <-e.outcome:
		b.reuse(e)
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// reuse keeps e for another item. A flusher may still have one that was overdue.
func (b *Batcher[T]) reuse(e *entry[T]) {
	if e.overdue {
		return
	}
	*e = entry[T]{outcome: e.outcome}
	b.entries.Put(e)
}

// offer accepts e, as soon as there is room for it.
func (b *Batcher[T]) offer(e *entry[T]) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return ErrClosed
	}
	b.expect(e)
	for b.full() && !b.closed && !e.settled {
		if err := b.waitForRoom(e.ctx); err != nil && b.claim(e) {
			b.told(1)
			return err
		}
	}
	if b.closed && b.claim(e) {
		b.told(1)
		return ErrClosed
	}
	if !e.settled {
		b.add(e)
	}
	return nil
}

// accept takes e whatever the backlog.
func (b *Batcher[T]) accept(e *entry[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.expect(e)
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

// makeRoom wakes who waits for room where there is some.
func (b *Batcher[T]) makeRoom() {
	if b.closed || !b.full() {
		b.wake()
	}
}

// wake has those look who wait for room.
func (b *Batcher[T]) wake() {
	if b.room != nil {
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
		b.flushers++
		go b.serve(b.take())
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
