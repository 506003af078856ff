package consumer

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Run is one period of receiving, from Begin until everything it began has ended.
type Run struct {
	*Consumer
	started time.Time

	stopping       context.Context // ended: receive nothing more, start no handler
	stop           context.CancelFunc
	receives       context.Context // ended: receives under way are cut off
	cancelReceives context.CancelFunc
	handlers       context.Context // ended: handlers have to return
	cancelHandlers context.CancelCauseFunc

	capacity   *capacity
	breaker    *breaker
	receiver   *receiver
	inflight   *inflight
	groups     *groups // of a FIFO queue
	pool       *pool
	extender   *extender
	acker      *acker
	marks      callHealth
	deliveries sync.WaitGroup

	polled chan struct{} // closed when the last poller has ended
	done   chan struct{} // closed when everything has

	mu       sync.Mutex
	deadline time.Time // of the stop, zero before it
	timers   []*time.Timer
	ended    bool
}

// shutdownGrace is what handlers that were told to end have for it, at most.
const shutdownGrace = 3 * time.Second

// NewRun makes a run that has not begun. The values of ctx reach the handlers, its end does not.
func (c *Consumer) NewRun(ctx context.Context) *Run {
	r := &Run{
		Consumer: c,
		started:  time.Now(),
		capacity: newCapacity(c.Concurrency),
		breaker:  &breaker{locker: c.Locker, log: c.log},
		inflight: newInflight(),
		groups:   newGroups(),
		acker:    newAcker(c),
		polled:   make(chan struct{}),
		done:     make(chan struct{}),
	}
	kept := context.WithoutCancel(ctx)
	r.stopping, r.stop = context.WithCancel(kept)
	r.receives, r.cancelReceives = context.WithCancel(kept)
	r.handlers, r.cancelHandlers = context.WithCancelCause(kept)
	r.pool = &pool{most: c.Concurrency, process: r.process}
	r.extender = newExtender(c, c.Visibility, r.acker.extend)
	r.receiver = &receiver{
		Consumer: c, capacity: r.capacity, breaker: r.breaker, admit: r.admit, stopping: r.stopping, receives: r.receives,
	}
	return r
}

// Begin begins to receive, until a stop or the end of ctx.
func (r *Run) Begin(ctx context.Context) {
	r.extender.start()
	r.receiver.start()
	unwatch := context.AfterFunc(ctx, func() { r.DrainSoon() })
	go r.supervise(unwatch)
}

// Stopping is closed when a stop began.
func (r *Run) Stopping() <-chan struct{} { return r.stopping.Done() }

// IsStopping reports whether a stop began.
func (r *Run) IsStopping() bool { return r.stopping.Err() != nil }

// Ended reports whether everything that the run began has ended.
func (r *Run) Ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// InFlight is how many messages are received and not settled, and how many of their handlers are overdue.
func (r *Run) InFlight() (messages, overdue int) { return r.inflight.len(), r.inflight.overdue() }

// Drain ends the run within the shutdown timeout, and sooner where ctx ends sooner.
func (r *Run) Drain(ctx context.Context) error {
	if r.Ended() {
		return nil
	}
	deadline := time.Now().Add(r.patience())
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	r.drainBy(deadline)
	giveUp := time.NewTimer(time.Until(deadline))
	defer giveUp.Stop()
	select {
	case <-r.done:
		return nil
	case <-ctx.Done():
	case <-giveUp.C:
	}
	r.cancelReceives()
	r.cancelHandlers(ErrShutdown)
	return r.unfinished(ctx)
}

// DrainSoon begins what Drain does and does not wait.
func (r *Run) DrainSoon() { r.drainBy(time.Now().Add(r.patience())) }

// patience is how long a stop waits where its caller sets no limit.
func (r *Run) patience() time.Duration { return r.ShutdownTimeout + shutdownGrace }

// supervise owns the end of a run: pollers, then deliveries with their settling, then what serves them.
func (r *Run) supervise(unwatch func() bool) {
	<-r.stopping.Done()
	unwatch()
	r.acker.hurry()
	r.releaseAll()
	r.receiver.waitForPollers()
	close(r.polled)
	r.deliveries.Wait()
	r.pool.wait()
	r.extender.stop()
	r.acker.close()
	r.stopTimers()
	r.cancelReceives()
	r.cancelHandlers(nil)
	r.log.flush(r.timeToFlush())
	close(r.done)
}

// releaseAll releases every message that no handler has begun: those that wait for a worker, and those that wait for
// their group.
func (r *Run) releaseAll() {
	unstarted := r.pool.stop() // first: a message that need not wait for its group must not find a worker
	waiting := r.groups.stop()
	go func() { // r.deliveries counts them
		<-r.polled
		r.releaseWaiting(waiting)
	}()
	for _, d := range unstarted {
		r.releaseUnstarted(d)
	}
}

// drainBy stops receiving and sees to it that the run ends by deadline: a long poll under way is left to return for as
// long as that allows, then it is cut off, then the handlers are told to end.
func (r *Run) drainBy(deadline time.Time) {
	r.mu.Lock()
	if r.deadline.IsZero() || deadline.Before(r.deadline) {
		r.deadline = deadline
	}
	r.mu.Unlock()
	r.stop()
	left := max(time.Until(deadline), 0)
	grace := min(left/10, shutdownGrace)
	r.after(left-2*grace, r.cancelReceives)
	r.after(left-grace, func() { r.cancelHandlers(ErrShutdown) })
}

// after calls f when d has passed, unless the run has ended.
func (r *Run) after(d time.Duration, f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.timers = append(r.timers, time.AfterFunc(d, f))
	}
}

// timeToFlush is how long the end of the run waits for a logger: a logger that blocks must not make a failure of a stop
// that has done its work.
func (r *Run) timeToFlush() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return min(r.flushTimeout(), time.Until(r.deadline)/2)
}

func (r *Run) stopTimers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for _, t := range r.timers {
		t.Stop()
	}
	r.timers = nil
}

// unfinished says what did not end in time.
func (r *Run) unfinished(ctx context.Context) error {
	if r.Ended() {
		return nil
	}
	err := fmt.Errorf("sqs: stopping: %w: %d messages of %s are still in flight (%d handlers run); their locks are held until they end",
		ErrShutdown, r.inflight.len(), r.Queue.Name, r.Counters.Running.Load())
	if cause := ctx.Err(); cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}
