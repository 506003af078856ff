package consumer

import (
	"context"
	"sync"
	"time"
)

// deadline is a context.WithDeadline that makes its timer when somebody asks for Done, which few
// lockers do: most messages are settled without.
type deadline struct {
	context.Context
	at time.Time

	mu     sync.Mutex
	armed  context.Context
	disarm context.CancelFunc
}

// within is a context that ends after d. Its owner calls stop.
func within(d time.Duration) *deadline {
	return &deadline{Context: context.Background(), at: time.Now().Add(d)}
}

func (d *deadline) Deadline() (time.Time, bool) { return d.at, true }

func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.armed == nil {
		d.armed, d.disarm = context.WithDeadline(d.Context, d.at)
	}
	return d.armed.Done()
}

func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.armed != nil:
		return d.armed.Err()
	case time.Now().Before(d.at):
		return nil
	}
	return context.DeadlineExceeded
}

// stop ends the context where somebody waits for that, and frees its timer.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.disarm != nil {
		d.disarm()
	}
}
