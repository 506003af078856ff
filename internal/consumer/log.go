package consumer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/seed08532102/iniesta/internal/guard"
)

// logQueue logs from goroutines that many messages share: a logger that is slow, blocks or panics must not hold them
// up. Lines are written in order by one goroutine, which lives while there are lines.
type logQueue struct {
	logger   *slog.Logger
	counters *Counters

	mu      sync.Mutex
	lines   []slog.Record
	writing bool
	idle    chan struct{} // closed when no line is left; nil while nobody waits for that
}

// mostLines may wait to be written. What comes then is dropped and counted.
const mostLines = 10_000

func newLogQueue(l *slog.Logger, counters *Counters) *logQueue {
	return &logQueue{logger: l, counters: counters}
}

// debug reports whether lines at debug level are wanted.
func (q *logQueue) debug() bool { return q.logger.Enabled(context.Background(), slog.LevelDebug) }

// add has a line written soon. It returns at once.
func (q *logQueue) add(level slog.Level, text string, attributes ...slog.Attr) {
	line := slog.NewRecord(time.Now(), level, text, 0)
	line.AddAttrs(attributes...)
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) >= mostLines {
		q.counters.DroppedLines.Add(1)
		return
	}
	q.lines = append(q.lines, line)
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
	for line, ok := q.next(); ok; line, ok = q.next() {
		if guard.Call("the logger", func() error { q.writeOne(line); return nil }) != nil {
			q.counters.CallbackFailures.Add(1)
		}
	}
	ended = true
}

func (q *logQueue) writeOne(line slog.Record) {
	handler := q.logger.Handler()
	if handler.Enabled(context.Background(), line.Level) {
		_ = handler.Handle(context.Background(), line) // nobody is left to tell
	}
}

func (q *logQueue) next() (line slog.Record, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == 0 {
		q.lines, q.writing = nil, false
		if q.idle != nil {
			close(q.idle)
			q.idle = nil
		}
		return slog.Record{}, false
	}
	line = q.lines[0]
	q.lines[0] = slog.Record{}
	q.lines = q.lines[1:]
	return line, true
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
