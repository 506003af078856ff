package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	out    *callouts
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
	if err := registry.AddHandler(func(ctx context.Context, m *sqs.Message) error { return w.handle(ctx, c.at, m, m.MessageID, m.RawBody) }); err != nil {
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
	c.out = w.newCallouts(c.at)
	options := append([]sqs.Option{
		sqs.WithConfig(settings), sqs.WithAPI(w.api(c)), sqs.WithRegistry(registry),
		sqs.WithLocker(w.locker(c)), sqs.WithLogger(slog.New(tracer{w.ledger, c.at, c.out})),
		sqs.WithPollers(w.leastPollers, w.pollers),
	}, c.out.options()...)
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
	c.at.receives.Store(true)
	return c
}

// api is the SDK of a process.
func (w *world) api(c *goConsumer) sqs.API {
	api := w.sdk(w.to(c.at))
	if w.has("sdk") {
		return badAPI{api, c.out}
	}
	return api
}

// locker is the lock of a process. Without faults of its own it can be marked done on the side.
func (w *world) locker(c *goConsumer) sqs.Locker {
	if w.has("locker") {
		return badLocker{locker{c.lock}, c.out}
	}
	return locker{c.lock}
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
	busy, began := c.busy(), time.Now()
	for err := errors.New(""); err != nil; { // a handler of a killed process may take its time
		if err = c.client.Close(context.Background()); time.Since(began) > time.Hour {
			panic(fmt.Sprintf("%s cannot be closed for an hour: %v", c.at.name, err))
		}
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

// breakage makes a consumer break a promise.
type breakage func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option
