package batch

import (
	"fmt"
	"slices"
	"time"
)

// list has the entries that are not settled, the one that was offered first at the front: all have the same Patience, so
// that one timer is enough, and an entry that is settled in time costs none.
type list[T any] struct{ oldest, newest *entry[T] }

func (l *list[T]) add(e *entry[T]) {
	e.older = l.newest
	if l.newest == nil {
		l.oldest = e
	} else {
		l.newest.newer = e
	}
	l.newest = e
}

func (l *list[T]) remove(e *entry[T]) {
	if e.older == nil {
		l.oldest = e.newer
	} else {
		e.older.newer = e.newer
	}
	if e.newer == nil {
		l.newest = e.older
	} else {
		e.newer.older = e.older
	}
	e.older, e.newer = nil, nil
}

// expect has e settled by the end of its time. The caller holds mu, as for all that follow but overdue.
func (b *Batcher[T]) expect(e *entry[T]) {
	e.offered = time.Now()
	b.open++
	b.unsettled.add(e)
	if b.options.Patience > 0 && !b.watching {
		b.watchFor(b.options.Patience)
	}
}

func (b *Batcher[T]) watchFor(d time.Duration) {
	b.watching = true
	if b.watch == nil {
		b.watch = time.AfterFunc(d, b.overdue)
		return
	}
	b.watch.Reset(d)
}

// claim reports whether the caller is to tell the outcome of e: it is told once.
func (b *Batcher[T]) claim(e *entry[T]) bool {
	if e.settled {
		return false
	}
	e.settled = true
	b.unsettled.remove(e)
	return true
}

// told notes that n callers know their outcomes.
func (b *Batcher[T]) told(n int) {
	b.open -= n
	b.ended.Broadcast()
}

// overdue tells those their outcome whose time has passed, and watches for the next.
func (b *Batcher[T]) overdue() {
	late := b.takeOverdue()
	for _, e := range late {
		err := fmt.Errorf("%w: %s passed since it was offered", ErrOverdue, b.options.Patience)
		if e.last != nil {
			err = fmt.Errorf("%w; last: %w", err, e.last)
		}
		e.tell(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.told(len(late))
}

func (b *Batcher[T]) takeOverdue() (late []*entry[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.watching = false
	for e := b.unsettled.oldest; e != nil; e = b.unsettled.oldest {
		if left := b.options.Patience - time.Since(e.offered); left > 0 {
			b.watchFor(left)
			break
		}
		e.overdue = true
		b.claim(e)
		late = append(late, e)
	}
	if len(late) == 0 {
		return nil
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(e *entry[T]) bool { return e.settled })
	b.due = b.due && len(b.waiting) > 0
	b.wake() // also for who is overdue before there was room
	return late
}
