package sim

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/sqs"
)

// TestTheSimulationSeesEachPromiseBroken runs consumers that break one promise each. One that goes unseen
// would say that the simulation is blind.
func TestTheSimulationSeesEachPromiseBroken(t *testing.T) {
	seeds := setting("INIESTA_SIM_BROKEN_SEEDS", 20)
	for name, tt := range map[string]struct {
		broken breakage
		fifo   bool
		says   string // what the ledger has to say
	}{
		"at most one handler runs: nothing is locked":           {withLocker(func(l sqs.Locker) sqs.Locker { return noLock{} }), false, "while"},
		"at most one handler runs: locks are not extended":      {withLease(func(l sqs.Lease) sqs.Lease { return neverExtended{l} }), false, "while"},
		"a success is not run again: it is not marked":          {withLease(func(l sqs.Lease) sqs.Lease { return unmarked{l} }), false, "had succeeded"},
		"a message is deleted only after success: failures too": {withMiddleware(swallowFailures), false, "no handler has succeeded"},
		"nothing is lost: what is received is deleted":          {withAPI(func(w *world, a sqs.API) sqs.API { return deletesAll{a} }), false, "no handler has succeeded"},
		"groups keep their order: the group is not looked at":   {withAPI(func(w *world, a sqs.API) sqs.API { return groupless{a} }), true, "of its group is done"},
		"a handler that loses its lock is told: it is not":      {withMiddleware(tellNothing), false, "while"},
		"a stop starts no handler: it is not heard":             {deafToStops, false, "told to stop"},
		"a stop ends in its time: it takes longer":              {deafToStops, false, "to stop, of"},
		"slots come back: a handler never returns":              {withMiddleware(neverReturns), false, "still holds"},
		"leases come back: one is extended for ever":            {withLease(func(l sqs.Lease) sqs.Lease { return hoarded{l} }), false, "still locked"},
		"calm drains the queue: deletes do nothing":             {withAPI(func(w *world, a sqs.API) sqs.API { return deletesNone{a} }), false, "still in the queue"},
		"outages burn no receives: receiving does not pause":    {withLocker(func(l sqs.Locker) sqs.Locker { return cheerful{l} }), false, "burnt"},
	} {
		t.Run(name, func(t *testing.T) {
			caught, seeds, seed := 0, seeds, 0
			if tt.says == "still holds" || tt.says == "still in the queue" { // these take long
				seeds = max(seeds/5, 1)
			}
			for ; seed < seeds || caught == 0 && seed < 10*seeds; seed++ { // what is rare may be late
				p := newPlan(uint64(seed + 1))
				p.fifo, p.broken, p.pythons, p.calm = tt.fifo, tt.broken, 0, 3*time.Minute
				if tt.says == "burnt" {
					caught += burnt(t, p)
					continue
				}
				p.consumers = max(p.consumers, 2)
				if slices.ContainsFunc(simulate(t, p).wrong, func(w string) bool { return strings.Contains(w, tt.says) }) {
					caught++
				}
			}
			t.Logf("%s: caught in %d of %d seeds", name, caught, seed)
			if caught == 0 {
				t.Error("nobody noticed")
			}
		})
	}
}

// TestAnOutageOfTheLockNodesBurnsNoReceives has no majority for a long time, and counts receives.
func TestAnOutageOfTheLockNodesBurnsNoReceives(t *testing.T) {
	for seed := range setting("INIESTA_SIM_BROKEN_SEEDS", 20) {
		p := newPlan(uint64(seed + 1))
		p.pythons = 0
		if burnt(t, p) > 0 {
			t.Errorf("seed %d: an outage burnt receives", seed+1)
		}
	}
}

// burnt runs a plan with nothing but a long outage and returns 1 where a message was received more often
// meanwhile than each consumer may need to notice.
func burnt(t *testing.T, p *plan) (found int) {
	p.without = slices.Clone(kinds)
	p.trouble = 10 * time.Minute
	l := simulateWith(t, p, func(w *world) {
		w.withoutMajority(10*time.Minute, (*locknode.Node).Down)
		for _, m := range w.server.Inspect(w.queue()).Messages {
			if m.Receives > 2*p.consumers {
				found = 1
			}
		}
	})
	if len(l.wrong) > 0 && p.broken == nil {
		t.Error(l.wrong)
	}
	return found
}

func withLocker(wrap func(sqs.Locker) sqs.Locker) breakage {
	return func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
		return append(options, sqs.WithLocker(wrap(locker{c.lock})))
	}
}

// leases makes leases that break a promise.
type leases struct {
	sqs.Locker
	wrap func(sqs.Lease) sqs.Lease
}

func (l leases) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	got, err := l.Locker.Acquire(ctx, id)
	if err != nil {
		return nil, err
	}
	return l.wrap(got), nil
}

func withLease(wrap func(sqs.Lease) sqs.Lease) breakage {
	return withLocker(func(l sqs.Locker) sqs.Locker { return leases{l, wrap} })
}

func withMiddleware(m sqs.Middleware) breakage {
	return func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
		return append(options, sqs.WithMiddleware(m))
	}
}

func withAPI(wrap func(*world, sqs.API) sqs.API) breakage {
	return func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
		return append(options, sqs.WithAPI(wrap(w, w.sdk(w.to(c.at)))))
	}
}

type noLock struct{}

func (noLock) Acquire(context.Context, string) (sqs.Lease, error) { return noLease{}, nil }
func (noLock) Ping(context.Context) error                         { return nil }

type noLease struct{}

func (noLease) Until() time.Time                              { return time.Time{} }
func (noLease) Extend(context.Context) error                  { return nil }
func (noLease) MarkDone(context.Context, time.Duration) error { return nil }
func (noLease) Release(context.Context) error                 { return nil }

// neverExtended says that it is.
type neverExtended struct{ sqs.Lease }

func (neverExtended) Until() time.Time             { return time.Time{} }
func (neverExtended) Extend(context.Context) error { return nil }

// unmarked releases in place of marking.
type unmarked struct{ sqs.Lease }

func (l unmarked) MarkDone(ctx context.Context, _ time.Duration) error { return l.Release(ctx) }

// hoarded is kept in place of marking.
type hoarded struct{ sqs.Lease }

func (l hoarded) MarkDone(context.Context, time.Duration) error {
	end := time.Now().Add(2 * time.Hour)
	var again func()
	again = func() {
		if !errors.Is(l.Extend(context.Background()), sqs.ErrLockLost) && time.Now().Before(end) {
			time.AfterFunc(time.Second, again)
		}
	}
	again()
	return nil
}

func swallowFailures(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) {
		value, _ := next(ctx, m)
		return value, nil
	}
}

func tellNothing(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) { return next(context.WithoutCancel(ctx), m) }
}

// deafToStops goes on for a while when it is to stop.
func deafToStops(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
	c.deaf = w.shutdown + time.Minute
	return options
}

func neverReturns(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) {
		value, err := next(ctx, m)
		time.Sleep(20 * time.Minute)
		return value, err
	}
}

// deletesAll deletes messages as soon as they are received.
type deletesAll struct{ sqs.API }

func (a deletesAll) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	out, err := a.API.ReceiveMessage(ctx, in, opts...)
	if err != nil || len(out.Messages) == 0 {
		return out, err
	}
	entries := []types.DeleteMessageBatchRequestEntry{{Id: out.Messages[0].MessageId, ReceiptHandle: out.Messages[0].ReceiptHandle}}
	_, _ = a.API.DeleteMessageBatch(ctx, &awssqs.DeleteMessageBatchInput{QueueUrl: in.QueueUrl, Entries: entries})
	return out, nil
}

// deletesNone says that it deletes.
type deletesNone struct{ sqs.API }

func (deletesNone) DeleteMessageBatch(_ context.Context, in *awssqs.DeleteMessageBatchInput, _ ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	out := &awssqs.DeleteMessageBatchOutput{}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

// groupless hides the groups of messages.
type groupless struct{ sqs.API }

func (a groupless) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	out, err := a.API.ReceiveMessage(ctx, in, opts...)
	if err == nil {
		for i := range out.Messages {
			out.Messages[i].Attributes["MessageGroupId"] = *out.Messages[i].MessageId
		}
	}
	return out, err
}

// cheerful says that the lock nodes can be had, whatever is the case.
type cheerful struct{ sqs.Locker }

func (cheerful) Ping(context.Context) error { return nil }
