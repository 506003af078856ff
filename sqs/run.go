package sqs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// run is one period of receiving, from StartReceivingMessages until everything it began has ended.
type run struct {
	consumer *consumer
	started  time.Time

	stopping context.Context // ended: receive nothing more, start no handler
	stop     context.CancelFunc
	calls    context.Context // ended: receives under way are cut off
	cutCalls context.CancelFunc
	handlers context.Context // ended: handlers have to return
	cutShort context.CancelCauseFunc

	slots      *slots
	gate       *gate
	receiver   *receiver
	inflight   *inflight
	lanes      *lanes
	workers    *workers
	keeper     *keeper
	settler    *settler
	deliveries sync.WaitGroup

	polled chan struct{} // closed when the last poller has ended
	done   chan struct{} // closed when everything has

	mu     sync.Mutex
	timers []*time.Timer
}

// shutdownGrace is what handlers that were told to end have for it, at most.
const shutdownGrace = 3 * time.Second

// newRun makes a run that has not begun. The values of ctx reach the handlers, its end does not.
func newRun(ctx context.Context, c *consumer) *run {
	r := &run{
		consumer: c,
		started:  time.Now(),
		slots:    newSlots(c.config.Concurrency),
		inflight: newInflight(),
		settler:  newSettler(c.queue, c.visibility, c.stats),
		polled:   make(chan struct{}),
		done:     make(chan struct{}),
	}
	kept := context.WithoutCancel(ctx)
	r.stopping, r.stop = context.WithCancel(kept)
	r.calls, r.cutCalls = context.WithCancel(kept)
	r.handlers, r.cutShort = context.WithCancelCause(kept)
	r.gate = &gate{locker: c.locker, log: c.logGate}
	r.lanes = &lanes{run: r, waiting: make(map[string][]*delivery)}
	r.workers = &workers{most: c.config.Concurrency, handle: r.handle}
	r.keeper = &keeper{
		visibility: c.visibility, maxExtension: c.config.MaxExtension, extend: r.extendVisibility, log: c.logExtension, stats: c.stats,
	}
	r.receiver = &receiver{
		consumer: c, slots: r.slots, gate: r.gate, admit: r.admit, stopping: r.stopping, calls: r.calls, health: c.health,
	}
	return r
}

// begin begins to receive, until a stop or the end of ctx.
func (r *run) begin(ctx context.Context) {
	r.keeper.start()
	r.receiver.start()
	unwatch := context.AfterFunc(ctx, func() { r.drainBy(time.Now().Add(r.patience())) })
	go r.supervise(unwatch)
}

// patience is how long a stop waits where its caller sets no limit.
func (r *run) patience() time.Duration { return r.consumer.config.ShutdownTimeout + shutdownGrace }

// supervise owns the end of a run: pollers, then deliveries with their settling, then what serves
// them.
func (r *run) supervise(unwatch func() bool) {
	<-r.stopping.Done()
	unwatch()
	r.settler.hurry()
	r.receiver.wait()
	close(r.polled)
	r.deliveries.Wait()
	r.workers.wait()
	r.keeper.stop()
	r.settler.close()
	r.stopTimers()
	r.cutCalls()
	r.cutShort(nil)
	close(r.done)
}

// drainBy stops receiving and sees to it that the run ends by deadline: a long poll under way is left
// to return for as long as that allows, then it is cut off, then the handlers are told to end.
func (r *run) drainBy(deadline time.Time) {
	r.stop()
	left := max(time.Until(deadline), 0)
	grace := min(left/10, shutdownGrace)
	r.after(left-2*grace, r.cutCalls)
	r.after(left-grace, func() { r.cutShort(ErrShutdown) })
}

func (r *run) after(d time.Duration, f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timers = append(r.timers, time.AfterFunc(d, f))
}

func (r *run) stopTimers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.timers {
		t.Stop()
	}
}

// drain ends the run within the shutdown timeout, and sooner where ctx ends sooner.
func (r *run) drain(ctx context.Context) error {
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
	r.cutCalls()
	r.cutShort(ErrShutdown)
	return r.unfinished(ctx)
}

// unfinished says what did not end in time.
func (r *run) unfinished(ctx context.Context) error {
	select {
	case <-r.done:
		return nil
	default:
	}
	err := fmt.Errorf("sqs: stopping: %w: %d messages of %s are still in flight (%d handlers run); their locks are held until they end",
		ErrShutdown, r.inflight.len(), r.consumer.queue.name, r.consumer.stats.running.Load())
	if cause := ctx.Err(); cause != nil {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

func (r *run) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

func (r *run) extendVisibility(d *delivery) error {
	return r.settler.extend(d.receiptHandle(), r.consumer.visibility)
}

func (c *consumer) logGate(paused bool, reason error) {
	if paused {
		c.log.Error("[INIESTA] Receiving pauses: messages cannot be locked", slog.Any("error", reason))
		return
	}
	c.log.Info("[INIESTA] Receiving goes on: a majority of the lock nodes answers")
}

func (c *consumer) logExtension(d *delivery, what string, err error) {
	c.log.Warn("[INIESTA] Message "+what, slog.String("sqs_message_id", d.message.MessageID), slog.Any("error", err))
}
