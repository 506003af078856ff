package redlock

import (
	"errors"
	"sync"
	"time"
)

// evidenceFor is how long an accepted write stands for the next one.
const evidenceFor = 3 * time.Second

// write is a kind of write that a lock makes. Redis may accept one kind and refuse the other.
type write int

const (
	plainWrite  write = iota // SET
	scriptWrite              // EVALSHA or EVAL
	writes
)

// evidence is what the outcomes of writes say about the next write. Writes overlap, so the order counts,
// not the time: a write that was begun before another one failed does not outweigh the failure.
type evidence struct {
	mu       sync.Mutex
	step     int64
	accepted [writes]int64 // the step at which the latest accepted write was begun
	failed   [writes]int64 // the step at which a write last failed
	latest   time.Time     // when the latest accepted write was begun
}

// attempt is a write under way.
type attempt struct {
	step  int64
	begun time.Time
}

func (e *evidence) begin() attempt {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.step++
	return attempt{e.step, time.Now()}
}

// end notes the outcome of a write: accepted by a majority (nil), or an outage. Other errors say nothing.
func (e *evidence) end(a attempt, kind write, err error) {
	if err != nil && !errors.Is(err, ErrOutage) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.step++
		e.failed[kind] = e.step
		return
	}
	e.accepted[kind] = max(e.accepted[kind], a.step)
	if a.begun.After(e.latest) {
		e.latest = a.begun
	}
}

// fresh reports whether a write was accepted lately, and none of either kind has failed since.
func (e *evidence) fresh() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for kind := range writes {
		if e.accepted[kind] <= e.failed[kind] { // also where none was made
			return false
		}
	}
	return time.Since(e.latest) < evidenceFor
}
