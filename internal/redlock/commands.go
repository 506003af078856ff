package redlock

import "sync"

// commands counts what is on its way to the nodes. It is not a WaitGroup because redsync may start a
// command while somebody waits already.
type commands struct {
	mu      sync.Mutex
	running int
	idle    chan struct{} // closed when running falls to 0; nil while nobody waits
}

func (c *commands) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
}

func (c *commands) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.running == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// wait returns when nothing is on its way.
func (c *commands) wait() {
	c.mu.Lock()
	if c.running == 0 {
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
