package sim

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// asksWithRead finds the nodes well where they answer a read.
func asksWithRead(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
	return append(options, sqs.WithLocker(readProbe{w.locker(c), w}))
}

type readProbe struct {
	sqs.Locker
	world *world
}

func (l readProbe) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	if strings.HasPrefix(id, "iniesta-probe-") {
		return noLease{}, l.Ping(ctx)
	}
	return l.Locker.Acquire(ctx, id)
}

func (l readProbe) Ping(ctx context.Context) error {
	for _, n := range l.world.nodes {
		conn, err := n.Get(ctx)
		if err != nil {
			return err
		}
		if _, err := conn.Get("probe"); err != nil {
			return err
		}
	}
	return nil
}

func withOnePoller(_ *world, _ *goConsumer, options []sqs.Option) []sqs.Option {
	return append(options, sqs.WithPollers(1, 1))
}

// takesStrangeForNone knows two errors.
func takesStrangeForNone(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) {
		value, err := next(ctx, m)
		switch err.(type) {
		case nil:
			return value, nil
		case *hostile, unlike, several:
			return value, nil
		}
		return value, errHandler
	}
}

// logsInTurn writes one line at a time, and has the locks wait for that.
func logsInTurn(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
	turn := make(chan struct{}, 1) // no mutex: virtual time stands still for who waits for one
	logger := slog.New(inTurn{tracer{w.ledger, c.at, c.out}, turn})
	locks := leases{w.locker(c), func(l sqs.Lease) sqs.Lease { return waits{l, turn} }}
	return append(options, sqs.WithLogger(logger), sqs.WithLocker(locks))
}

type inTurn struct {
	slog.Handler
	turn chan struct{}
}

func (h inTurn) Handle(ctx context.Context, r slog.Record) error {
	h.turn <- struct{}{}
	defer func() { <-h.turn }()
	return h.Handler.Handle(ctx, r)
}

type waits struct {
	sqs.Lease
	turn chan struct{}
}

func (l waits) Extend(ctx context.Context) error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	return l.Lease.Extend(ctx)
}

// keepsAfter never settles a message once code of the user's has misbehaved: its handler does not return.
func keepsAfter(kind string) breakage {
	return func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
		if kind == "backoff" {
			options = append(options, sqs.WithRetryBackoff(func(receives int) time.Duration {
				c.out.call(always, "backoff", "", receives)
				return time.Second
			}))
		}
		return append(options, sqs.WithMiddleware(func(next sqs.HandlerFunc) sqs.HandlerFunc {
			return func(ctx context.Context, m *sqs.Message) (any, error) {
				value, err := next(ctx, m)
				if c.out.misbehaved(kind) {
					time.Sleep(20 * time.Minute) // more than the calm
				}
				return value, err
			}
		}))
	}
}

// failsWithItsSpan takes a success for a failure where the span could not be ended.
func failsWithItsSpan(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
	return append(options, sqs.WithMiddleware(func(next sqs.HandlerFunc) sqs.HandlerFunc {
		return func(ctx context.Context, m *sqs.Message) (any, error) {
			value, err := next(ctx, m)
			if err == nil && c.out.misbehaved("spans") && !w.calmed.Load() {
				err = errors.New("the span could not be ended")
			}
			return value, err
		}
	}))
}
