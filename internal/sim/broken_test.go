package sim

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/sqs"
)

// breach is a consumer that breaks a promise.
type breach struct {
	broken   breakage
	fifo     bool
	says     string   // what the ledger has to say
	measured scenario // in place of the ledger
	kind     string   // of a rare fault that it cannot bear; each plan has it
	does     string   // what code of the user's does then; empty for one thing or another
}

// TestTheSimulationSeesEachPromiseBroken runs consumers that break one promise each. One that goes unseen
// would say that the simulation is blind.
func TestTheSimulationSeesEachPromiseBroken(t *testing.T) {
	for name, b := range map[string]breach{
		"at most one handler runs: nothing is locked":           {broken: withLocker(func(l sqs.Locker) sqs.Locker { return noLock{} }), says: "while"},
		"at most one handler runs: locks are not extended":      {broken: withLease(func(l sqs.Lease) sqs.Lease { return neverExtended{l} }), says: "while"},
		"a success is not run again: it is not marked":          {broken: withLease(func(l sqs.Lease) sqs.Lease { return unmarked{l} }), says: "had succeeded"},
		"a message is deleted only after success: failures too": {broken: withMiddleware(swallowFailures), says: "no handler has succeeded"},
		"nothing is lost: what is received is deleted":          {broken: withAPI(func(w *world, a sqs.API) sqs.API { return deletesAll{a} }), says: "no handler has succeeded"},
		"groups keep their order: the group is not looked at":   {broken: withAPI(func(w *world, a sqs.API) sqs.API { return groupless{a} }), fifo: true, says: "of its group is done"},
		"a handler that loses its lock is told: it is not":      {broken: withMiddleware(tellNothing), says: "while"},
		"a stop starts no handler: it is not heard":             {broken: deafToStops, says: "told to stop"},
		"a stop ends in its time: it takes longer":              {broken: deafToStops, says: "to stop, of"},
		"slots come back: a handler never returns":              {broken: withMiddleware(neverReturns), says: "still holds"},
		"leases come back: one is extended for ever":            {broken: withLease(func(l sqs.Lease) sqs.Lease { return hoarded{l} }), says: "still locked"},
		"calm drains the queue: deletes do nothing":             {broken: withAPI(func(w *world, a sqs.API) sqs.API { return deletesNone{a} }), says: "still in the queue"},
		"outages burn no receives: receiving does not pause":    {broken: withLocker(func(l sqs.Locker) sqs.Locker { return cheerful{l} }), measured: burntBy((*locknode.Node).Down)},
	} {
		t.Run(name, func(t *testing.T) { b.isNoticed(t, name) })
	}
}

func (b breach) isNoticed(t *testing.T, name string) {
	caught, seeds, seed := 0, setting("INIESTA_SIM_BROKEN_SEEDS", 20), 0
	if b.says == "still holds" || b.says == "still in the queue" { // these take long
		seeds = max(seeds/5, 1)
	}
	for ; seed < seeds || caught == 0 && seed < 10*seeds; seed++ { // what is rare may be late
		caught += b.noticed(t, b.plan(uint64(seed+1)))
	}
	t.Logf("%s: caught in %d of %d seeds", name, caught, seed)
	if caught == 0 {
		t.Error("nobody noticed")
	}
}

// plan is one without rare faults but that of the breach.
func (b breach) plan(seed uint64) *plan {
	p := newPlan(seed)
	p.fifo, p.broken, p.pythons, p.calm, p.does = b.fifo, b.broken, 0, 3*time.Minute, b.does
	var with []string
	if b.kind != "" {
		with = append(with, b.kind)
	}
	p.ask(with, slices.DeleteFunc(slices.Clone(rareKinds), func(kind string) bool { return kind == b.kind }))
	p.backsOff = p.backsOff || b.kind == "backoff"
	return p
}

func (b breach) noticed(t *testing.T, p *plan) int {
	if b.measured != nil {
		return b.measured(t, p)
	}
	p.consumers = max(p.consumers, 2)
	if slices.ContainsFunc(simulate(t, p).wrong, func(w string) bool { return strings.Contains(w, b.says) }) {
		return 1
	}
	return 0
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
	return withProcess(func(w *world, c *goConsumer, a sqs.API) sqs.API { return wrap(w, a) })
}

func withProcess(wrap func(*world, *goConsumer, sqs.API) sqs.API) breakage {
	return func(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
		return append(options, sqs.WithAPI(wrap(w, c, w.api(c))))
	}
}
