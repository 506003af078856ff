package batch

import (
	"fmt"
	"time"
)

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
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushers--
	b.ended.Broadcast()
}

// nextBatch is what may be sent now. Where there is nothing, work is where the next batch comes, or nil
// at the end.
func (b *Batcher[T]) nextBatch(work chan []*entry[T]) []*entry[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready(b.sending - 1) {
		batch := b.take()
		b.flush() // the linger of the rest
		return batch
	}
	b.sending--
	b.ended.Broadcast()
	if b.over {
		close(work)
		return nil
	}
	b.idle = append(b.idle, work)
	return nil
}

func (b *Batcher[T]) sendOne(batch []*entry[T]) {
	items := make([]T, len(batch))
	for i, e := range batch {
		items[i] = e.item
	}
	outcomes := b.options.Send(items)
	if len(outcomes) < len(batch) {
		err := fmt.Errorf("batch: Send returned %d outcomes for %d items", len(outcomes), len(batch))
		for len(outcomes) < len(batch) {
			outcomes = append(outcomes, err)
		}
	}
	for i, e := range batch {
		if outcomes[i] != nil && b.retry(e, outcomes[i]) {
			batch[i] = nil
		}
	}
	b.settle(batch, outcomes)
}

// settle tells the callers of a batch their outcomes, except for entries that are nil or overdue.
func (b *Batcher[T]) settle(batch []*entry[T], outcomes []error) {
	b.mu.Lock()
	for i, e := range batch {
		if e != nil && !b.claim(e) {
			batch[i] = nil
		}
	}
	b.mu.Unlock()
	n := 0
	for i, e := range batch {
		if e != nil {
			e.tell(outcomes[i])
			n++
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told(n)
}

// retry has e sent again after a wait, and reports whether it does.
func (b *Batcher[T]) retry(e *entry[T], err error) bool {
	if e.once || b.options.Retry == nil {
		return false
	}
	e.attempt++
	wait, again := b.options.Retry(err, e.attempt)
	if !again || b.late(e, wait) || !b.failed(e, err) {
		return false
	}
	time.AfterFunc(wait, func() { b.again(e, err) })
	return true
}

func (b *Batcher[T]) late(e *entry[T], wait time.Duration) bool {
	return e.ctx.Err() != nil || b.options.Patience > 0 && time.Since(e.offered)+wait > b.options.Patience
}

// failed notes a failure of e and reports whether e may be sent again.
func (b *Batcher[T]) failed(e *entry[T], err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || e.settled {
		return false
	}
	e.last = err
	return true
}

// again offers e once more, which failed with err before.
func (b *Batcher[T]) again(e *entry[T], err error) {
	if !b.addAgain(e) {
		b.settle([]*entry[T]{e}, []error{err})
	}
}

func (b *Batcher[T]) addAgain(e *entry[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || e.settled || e.ctx.Err() != nil {
		return false
	}
	b.add(e)
	return true
}
