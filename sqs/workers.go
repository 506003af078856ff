package sqs

import "sync"

// workers run the messages that are ready, in the order in which they came and as many at a time as the
// concurrency allows. A worker goes on while something is ready, so that a busy queue is served by the
// same few goroutines.
type workers struct {
	most   int
	handle func(*delivery)

	running sync.WaitGroup

	mu    sync.Mutex
	ready []*delivery
	busy  int
}

// wait returns when every worker has ended. Nothing may be pushed after it.
func (w *workers) wait() { w.running.Wait() }

// push hands over what is ready to run.
func (w *workers) push(ds ...*delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready = append(w.ready, ds...)
	for range min(len(ds), w.most-w.busy) {
		w.busy++
		w.running.Go(w.work)
	}
}

func (w *workers) work() {
	defer w.replace()
	for d := w.next(); d != nil; d = w.next() {
		w.handle(d)
	}
}

// next is nil when nothing is ready.
func (w *workers) next() *delivery {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ready) == 0 {
		w.ready = nil // lets the array go that the backlog was in
		return nil
	}
	d := w.ready[0]
	w.ready[0] = nil
	w.ready = w.ready[1:]
	return d
}

// replace ends a worker. Where its handler ended the goroutine there may be more to do.
func (w *workers) replace() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ready) > 0 {
		w.running.Go(w.work)
		return
	}
	w.busy--
}
