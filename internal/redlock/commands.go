package redlock

import (
	"sync"
	"sync/atomic"
)

// commands counts what is on its way to the nodes. It is not a WaitGroup because redsync may start a
// command while somebody waits already.
type commands struct {
	running atomic.Int64

	mu   sync.Mutex
	idle chan struct{} // closed when running falls to 0; nil while nobody waits
}

func (c *commands) begin(n int) { c.running.Add(int64(n)) }

func (c *commands) end() {
	if c.running.Add(-1) > 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil && c.running.Load() == 0 { // another may have begun before the lock was had
		close(c.idle)
		c.idle = nil
	}
}

// wait returns when nothing was on its way for a moment.
func (c *commands) wait() {
	c.mu.Lock()
	if c.running.Load() == 0 {
		c.mu.Unlock()
		return
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	<-idle
}
