// Package consumer is the engine of package sqs. It receives the messages of a queue, locks each, has a Handler run
// and settles the outcome. It knows nothing of registries, settings or Redis.
//
// The way of a message, in the order of the files:
//
//	receive.go   pollers ask for messages, as many as capacity.go has room for, unless breaker.go pauses them
//	delivery.go  each message becomes a delivery, the one record of it; inflight.go finds the record by message id
//	groups.go    a message of a FIFO queue waits for the messages of its group before it
//	pool.go      a worker takes the delivery when it is ready
//	process.go   the worker locks the message and has the Handler run
//	settle.go    the outcome is settled: marked and deleted, released, or left; ack.go tells SQS, ten to a call
//
// Beside them extend.go extends lock and visibility timeout of every delivery, from receipt until it is settled, and
// run.go starts and stops all of it.
package consumer

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/guard"
)

// API is what the engine asks of SQS.
type API interface {
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, optFns ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, optFns ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, optFns ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

// Queue is where messages come from.
type Queue struct {
	API       API
	Name, URL string
	FIFO      bool
}

// Message is what the engine has to know of a message, copied out at receipt.
type Message struct {
	ID, Handle, Group, Event string
	ReceiveCount             int
	Value                    any // the Handler's own view of the message, which the engine never reads
}

// Handler is the application.
type Handler interface {
	Decode(*types.Message) Message
	// Handle runs a message that is locked. It turns panics into results, and may end its goroutine.
	Handle(ctx context.Context, m *Message) Result
	// Abandoned is the result of a Handle that ended its goroutine.
	Abandoned(m *Message) Result
	// Report tells of a message that was handled, was discarded or failed. It returns at once for one that was handled,
	// and may panic, block and end its goroutine for the others.
	Report(m *Message, r Result)
}

// Outcome is how the execution path ended for a message, and so what is settled.
type Outcome int

const (
	Failed    Outcome = iota // left to reappear, or to reappear at a time that was asked for
	Handled                  // marked done and deleted
	Discarded                // as handled, although the handler gave up on it
	Duplicate                // handled before: deleted
	Skipped                  // another consumer has it: left alone
	Released                 // could not be locked, or a stop came first: made visible again
)

// Result is what the execution path reports of one message.
type Result struct {
	Outcome    Outcome
	RetryAfter time.Duration // of a failure: until the message is visible again; below 0 when its visibility timeout ends
	Value      any
	Err        error // nil only where the message was handled
	Handler    string
}

// Locker takes the lock on a message id. Its methods return: they neither panic nor outlast ctx for long.
type Locker interface {
	// Acquire returns an error matching ErrLockHeld or ErrAlreadyHandled, or any other for an outage.
	Acquire(ctx context.Context, id string) (Lease, error)
	// Ping returns nil when leases can be had.
	Ping(ctx context.Context) error
}

// Lease is a lock on one message. Its methods are called one at a time.
type Lease interface {
	Until() time.Time
	Extend(ctx context.Context) error
	MarkDone(ctx context.Context, window time.Duration) error
	Release(ctx context.Context) error
}

// quickLease is a Lease that can be marked done while its owner does something else.
type quickLease interface {
	MarkDoneThen(window time.Duration, then func(error))
}

// Options are everything that a Consumer needs, resolved.
type Options struct {
	Queue              Queue
	Handler            Handler
	Locker             Locker
	Log                *slog.Logger
	Counters           *Counters
	Visibility         time.Duration // never 0
	AskVisibility      bool          // Visibility is not the queue's own: each receive asks for it
	Window             time.Duration // of idempotency; 0 writes no marks
	MinPollers         int
	MaxPollers         int
	Concurrency        int
	ReceiveMaxMessages int
	ReceiveWaitTime    time.Duration
	HandlerTimeout     time.Duration // 0 is none
	MaxExtension       time.Duration
	ShutdownTimeout    time.Duration
	AfterReceive       func(ctx context.Context, received int) // nil, or the user's hook
	CallFailed         func(error)                             // nil, or told of each failed call of the API
}

// Consumer consumes one queue, in one Run after the other.
type Consumer struct {
	Options
	log     *logQueue
	receipt *receiveHealth

	mu     sync.Mutex
	broken map[string]int // calls of the user's code that failed, by what was called
}

// New makes a Consumer. It does no I/O.
func New(o Options) *Consumer {
	c := &Consumer{Options: o, log: newLogQueue(o.Log, o.Counters), broken: make(map[string]int)}
	c.receipt = &receiveHealth{log: func(failures int, err error) {
		c.log.add(slog.LevelError, "[INIESTA] Receiving failed and is tried again",
			slog.String("queue", c.Queue.Name), slog.Int("failures_in_a_row", failures), slog.Any("error", err))
	}}
	return c
}

// Flush waits until every line has been logged, for ten seconds and half of the shutdown timeout at most.
func (c *Consumer) Flush() { c.log.flush(c.flushTimeout()) }

func (c *Consumer) flushTimeout() time.Duration { return min(10*time.Second, c.ShutdownTimeout/2) }

// Process takes one message through lock and handler, and marks or releases it. It deletes nothing.
func (c *Consumer) Process(ctx context.Context, m Message) Result {
	d := newDelivery(c, nil, m, time.Now())
	e := newExtender(c, 0, nil)
	e.start()
	defer e.stop()
	e.track(d)
	res := Result{Outcome: Failed}
	defer func() { // also where the handler ends the goroutine
		e.stopAll(d)
		if err := c.endLease(d, res.Outcome); err != nil {
			c.logMessage(d, "lock could not be ended", err)
		}
		c.Flush()
	}()
	res = c.processLocked(ctx, d, e)
	return res
}

func (c *Consumer) processLocked(ctx context.Context, d *delivery, e *extender) Result {
	if res, locked := c.lock(ctx, d, e); !locked {
		return res
	}
	return c.handle(ctx, d)
}

// insideKey finds in a context the delivery whose handler runs with it, or the consumer whose hook does.
type insideKey struct{}

// Inside reports whether ctx is that of a handler or of the post-receive hook of c, for which a drain waits.
func (c *Consumer) Inside(ctx context.Context) bool {
	switch of := ctx.Value(insideKey{}).(type) {
	case *delivery:
		return of.consumer == c
	case *Consumer:
		return of == c
	}
	return false
}

// Overtaken reports whether the handler that ctx is for may not begin: a stop came, or the lock ended, since the message
// was locked. The result is the message's then. A Handler asks right before it calls code that has an effect.
func Overtaken(ctx context.Context) (Result, bool) {
	d, ok := ctx.Value(insideKey{}).(*delivery)
	if !ok {
		return Result{}, false
	}
	if d.stopping != nil && d.stopping.Err() != nil {
		return Result{Outcome: Released, Err: ErrShutdown}, true
	}
	if err := d.overtaken(); err != nil {
		return Result{Outcome: Skipped, Err: err}, true
	}
	return Result{}, false
}

// Note logs a line that does not belong to one message. It returns at once.
func (c *Consumer) Note(level slog.Level, text string, attributes ...slog.Attr) {
	c.log.add(level, text, attributes...)
}

// WantsDebug reports whether lines at debug level are logged. It returns at once.
func (c *Consumer) WantsDebug() bool { return c.log.debug() }

// reportTimeout is how long a message waits for the report of its failure.
const reportTimeout = 5 * time.Second

// report tells the Handler of a result. A report that does not return is logged and costs nothing else.
func (c *Consumer) report(d *delivery, res Result) {
	if res.Outcome == Handled {
		c.Handler.Report(&d.message, res)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	m := d.message // a report that is late reads it later
	_, err := guard.Do(ctx, "the report of a message", func() (struct{}, error) {
		c.log.flush(time.Second) // the lines of its earlier steps come first
		c.Handler.Report(&m, res)
		return struct{}{}, nil
	}, nil)
	if err != nil {
		c.CallbackFailed(err)
	}
}

// CallbackFailed notes that code of the user's did not return. It logs the first failure of each kind, then each doubling.
func (c *Consumer) CallbackFailed(err error) {
	c.Counters.CallbackFailures.Add(1)
	what := ""
	if failed, ok := errors.AsType[*guard.Error](err); ok {
		what = failed.What()
	}
	c.mu.Lock()
	c.broken[what]++
	n := c.broken[what]
	c.mu.Unlock()
	if n&(n-1) == 0 {
		c.log.add(slog.LevelError, "[INIESTA] A call of code given to the client failed", slog.Any("error", err), slog.Int("failures", n))
	}
}

// step logs one step of a message's path at debug level.
func (c *Consumer) step(d *delivery, what string) {
	if c.log.debug() {
		c.log.add(slog.LevelDebug, "[INIESTA] Message "+what,
			slog.String("sqs_message_id", d.message.ID), slog.String("iniesta_pass", d.message.Event))
	}
}

// logMessage warns of a failure that concerns one message.
func (c *Consumer) logMessage(d *delivery, what string, err error) {
	c.log.add(slog.LevelWarn, "[INIESTA] Message "+what, slog.String("sqs_message_id", d.message.ID), slog.Any("error", err))
}

// wait returns when d has passed or ctx has ended.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
