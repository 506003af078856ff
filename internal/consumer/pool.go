package consumer

import "sync"

// pool runs the messages that are ready, in the order in which they came and as many at a time as the concurrency
// allows. A worker goes on while a message is ready, so that a busy queue is served by the same few goroutines.
type pool struct {
	most    int
	process func(*delivery) // may end its goroutine

	workers sync.WaitGroup

	mu      sync.Mutex
	ready   []*delivery
	busy    int
	stopped bool
}

// push hands over messages that are ready. It returns them where the pool was stopped.
func (p *pool) push(ds ...*delivery) (refused []*delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return ds
	}
	p.ready = append(p.ready, ds...)
	for range min(len(ds), p.most-p.busy) {
		p.busy++
		p.workers.Go(p.work)
	}
	return nil
}

// stop keeps the pool from beginning another message and returns those that no worker has taken.
func (p *pool) stop() (unstarted []*delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	unstarted, p.ready = p.ready, nil
	return unstarted
}

// wait returns when every worker has ended. The pool has to be stopped.
func (p *pool) wait() { p.workers.Wait() }

func (p *pool) work() {
	defer p.replace()
	for d := p.next(); d != nil; d = p.next() {
		p.process(d)
	}
}

// next is nil when no message is ready.
func (p *pool) next() *delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ready) == 0 {
		p.ready = nil // frees the array of a backlog
		return nil
	}
	d := p.ready[0]
	p.ready[0] = nil
	p.ready = p.ready[1:]
	return d
}

// replace ends a worker. Where its handler ended the goroutine more messages may be ready.
func (p *pool) replace() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.ready) > 0 {
		p.workers.Go(p.work)
		return
	}
	p.busy--
}
