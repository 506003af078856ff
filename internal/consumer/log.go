package consumer

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed08532102/iniesta/internal/guard"
)

// logQueue logs from goroutines that many messages share: a logger that is slow, blocks or panics must not hold them
// up. Lines are written in order by one goroutine, which lives while there are lines.
type logQueue struct {
	logger   *slog.Logger
	counters *Counters

	wanted atomic.Bool  // lines at debug level
	asked  atomic.Int64 // when the logger was last asked for that, in nanoseconds of Unix time

	mu      sync.Mutex
	lines   []line
	writing bool
	idle    chan struct{} // closed when no line is left; nil while nobody waits for that
}

// line is one line to write, or the question whether lines at debug level are wanted.
type line struct {
	slog.Record
	asks bool
}

// mostLines may wait to be written. What comes then is dropped and counted.
const mostLines = 10_000

func newLogQueue(l *slog.Logger, counters *Counters) *logQueue {
	q := &logQueue{logger: l, counters: counters}
	q.debug()
	q.flush(askTimeout)
	return q
}

const (
	askInterval = time.Second // between questions for the level
	askTimeout  = time.Second // for the first of them
)

// debug reports whether lines at debug level are wanted, by an answer of the logger's that is some seconds old at most
// while the logger answers. It returns at once.
func (q *logQueue) debug() bool {
	now, asked := time.Now().UnixNano(), q.asked.Load()
	if now-asked >= int64(askInterval) && q.asked.CompareAndSwap(asked, now) {
		q.put(line{asks: true})
	}
	return q.wanted.Load()
}

// add has a line written soon. It returns at once.
func (q *logQueue) add(level slog.Level, text string, attributes ...slog.Attr) {
	record := slog.NewRecord(time.Now(), level, text, 0)
	record.AddAttrs(attributes...)
	q.put(line{Record: record})
}

func (q *logQueue) put(l line) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) >= mostLines {
		if !l.asks {
			q.counters.DroppedLines.Add(1)
		}
		return
	}
	q.lines = append(q.lines, l)
	if !q.writing {
		q.writing = true
		go q.write()
	}
}

// write writes until no line is left. Where the logger ends the goroutine, another one goes on.
func (q *logQueue) write() {
	ended := false
	defer func() {
		if !ended {
			q.counters.CallbackFailures.Add(1)
			go q.write()
		}
	}()
	for l, ok := q.next(); ok; l, ok = q.next() {
		if guard.Call("the logger", func() error { q.writeOne(l); return nil }) != nil {
			q.counters.CallbackFailures.Add(1)
		}
	}
	ended = true
}

func (q *logQueue) writeOne(l line) {
	handler := q.logger.Handler()
	if l.asks {
		q.wanted.Store(handler.Enabled(context.Background(), slog.LevelDebug))
		return
	}
	if handler.Enabled(context.Background(), l.Level) {
		_ = handler.Handle(context.Background(), l.Record) // nobody is left to tell
	}
}

func (q *logQueue) next() (l line, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		q.lines, q.writing = nil, false
		if q.idle != nil {
			close(q.idle)
			q.idle = nil
		}
		return line{}, false
	}
	l = q.lines[0]
	q.lines[0] = line{}
	q.lines = q.lines[1:]
	return l, true
}

// flush waits until every line has been written, for a while: the logger may never return.
func (q *logQueue) flush(most time.Duration) {
	q.mu.Lock()
	if !q.writing {
		q.mu.Unlock()
		return
	}
	if q.idle == nil {
		q.idle = make(chan struct{})
	}
	idle := q.idle
	q.mu.Unlock()
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	}
}
