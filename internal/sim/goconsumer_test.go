package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/sqs"
)

// goConsumer is a consumer of this library.
type goConsumer struct {
	at     *process
	client *sqs.Client
	lock   *redlock.Locker
	deaf   time.Duration // to a stop
}

// newGo starts one, as often as it takes: the API may be out.
func (w *world) newGo(ctx context.Context) consumer {
	c := &goConsumer{at: &process{name: w.name("go")}}
	var nodes []redlock.Node
	for i, n := range w.nodes {
		nodes = append(nodes, redlock.Node{Name: fmt.Sprint("node", i), Pool: lockNode{c.at, n}})
	}
	var err error
	if c.lock, err = redlock.New(nodes, redlock.Options{Expiry: w.lockTimeout, Tries: w.tries}); err != nil {
		panic(err)
	}
	registry := sqs.NewRegistry()
	if err := registry.AddHandler(func(ctx context.Context, m *sqs.Message) error { return w.handle(ctx, c.at, m.MessageID, m.RawBody) }); err != nil {
		panic(err)
	}
	settings := config.Default()
	settings.QueueName, settings.ServiceName = w.queue(), "sim"
	settings.LockTimeout, settings.ShutdownTimeout, settings.HandlerTimeout = w.lockTimeout, w.shutdown, w.handlerTimeout
	settings.MaxExtension, settings.Concurrency = w.maxExtension, w.concurrency
	settings.IdempotencyWindow, settings.LockRetryCount = w.window, w.tries
	settings.ReceiveMaxMessages, settings.ReceiveWaitTime = w.receives, w.wait
	if w.asksVisibility {
		settings.VisibilityTimeout = w.visibility
	}
	options := []sqs.Option{
		sqs.WithConfig(settings), sqs.WithAPI(w.sdk(network{c.at, w.server.Transport()})), sqs.WithRegistry(registry),
		sqs.WithLocker(locker{c.lock}), sqs.WithLogger(slog.New(tracer{w.ledger, c.at})),
		sqs.WithPollers(w.leastPollers, w.pollers),
	}
	if w.backsOff {
		options = append(options, sqs.WithRetryBackoff(func(receives int) time.Duration { return time.Duration(receives) * time.Second }))
	}
	if w.broken != nil {
		options = w.broken(w, c, options)
	}
	c.client = sqs.New(options...)
	for c.client.Initialize(ctx) != nil {
		time.Sleep(time.Second)
	}
	if err := c.client.StartReceivingMessages(ctx); err != nil {
		panic(err)
	}
	return c
}

func (c *goConsumer) process() *process { return c.at }

func (c *goConsumer) stop(ctx context.Context) error {
	time.Sleep(c.deaf)
	return c.client.StopReceivingMessages(ctx)
}

// busy is how many messages it holds.
func (c *goConsumer) busy() int64 {
	s := c.client.Stats()
	return s.InFlight + s.Running
}

func (c *goConsumer) clear() int64 {
	busy := c.busy()
	for c.client.Close(context.Background()) != nil { // a handler of a killed process may take its time
		time.Sleep(time.Second)
	}
	_ = c.lock.Close() // waits for what is on its way
	return busy
}

// locker is the client's own locker over the simulated nodes: the key and the errors are the same.
type locker struct{ *redlock.Locker }

func (l locker) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	got, err := l.Locker.Acquire(ctx, "sqs:event:"+id)
	switch {
	case err == nil:
		return lease{got}, nil
	case errors.Is(err, redlock.ErrHeld):
		return nil, fmt.Errorf("%w: %w", sqs.ErrLockHeld, err)
	case errors.Is(err, redlock.ErrDone):
		return nil, fmt.Errorf("%w: %w", sqs.ErrAlreadyHandled, err)
	}
	return nil, err
}

type lease struct{ *redlock.Lease }

func (l lease) Extend(ctx context.Context) error { return lost(l.Lease.Extend(ctx)) }
func (l lease) MarkDone(ctx context.Context, window time.Duration) error {
	return lost(l.Lease.MarkDone(ctx, window))
}

func lost(err error) error {
	if errors.Is(err, redlock.ErrLost) {
		return fmt.Errorf("%w: %w", sqs.ErrLockLost, err)
	}
	return err
}

var errHandler = errors.New("the handler failed")

// handle is the handler of both languages. What it does is drawn from the message and from how often it
// ran.
func (w *world) handle(ctx context.Context, p *process, id, body string) (err error) {
	told := ctx
	if p.python {
		told = nil
	}
	run := w.ledger.start(told, p, id, body)
	ended := false
	defer func() {
		if !ended { // a panic, or the end of the goroutine
			w.ledger.end(id, run, errHandler)
		}
	}()
	err = w.work(ctx, p, body, w.ledger.attempts(id))
	ended = true
	w.ledger.end(id, run, err)
	if errors.Is(err, errLater) {
		return sqs.RetryAfter(3*time.Second, err)
	}
	return err
}

var errLater = errors.New("later")

func (w *world) work(ctx context.Context, p *process, body string, attempt int) error {
	r := w.draw("handler", body, attempt)
	if !w.has("handler") || attempt > 6 { // in the end everything succeeds
		return p.rest(context.Background(), between(r, 0, 50*time.Millisecond))
	}
	switch n := r.IntN(100); {
	case n < 60:
		return p.rest(context.Background(), between(r, 0, 200*time.Millisecond))
	case n < 70:
		return p.rest(ctx, between(r, time.Second, 30*time.Second)) // heeds its context
	case n < 78:
		return p.rest(context.Background(), between(r, time.Second, 30*time.Second)) // does not
	case n < 80:
		return p.rest(context.Background(), w.maxExtension+between(r, 0, 20*time.Second)) // past every timeout
	case n < 88:
		return errHandler
	case n < 92:
		return errLater
	case n < 94:
		panic("the handler panicked")
	case n < 96 && !p.python:
		runtime.Goexit()
	}
	_ = p.rest(context.Background(), between(r, 0, 3*time.Second))
	return nil
}

// attempts is how often handlers began a message, this time included.
func (l *ledger) attempts(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.life(id).runs)
}

// breakage makes a consumer break a promise.
type breakage func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option
