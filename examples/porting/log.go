package porting

import "sync"

// log is what the examples leave behind, in place of a database.
type log struct {
	mu    sync.Mutex
	lines []string
}

var seen = &log{}

func (l *log) add(handler, event string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, handler+" "+event)
}

// take returns the lines and forgets them.
func (l *log) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := l.lines
	l.lines = nil
	return lines
}

func (l *log) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines)
}
