package sim

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/seed08532102/iniesta/sqs"
)

// callouts are what the library calls of its user's in one process: now and then such a call panics, ends its
// goroutine or takes its time.
type callouts struct {
	world   *world
	process *process

	mu    sync.Mutex
	calls map[string]int
	kinds map[string]bool // that have misbehaved
}

func (w *world) newCallouts(p *process) *callouts {
	return &callouts{world: w, process: p, calls: make(map[string]int), kinds: make(map[string]bool)}
}

// misdeeds are what calls do.
var misdeeds = []string{"panics", "ends its goroutine", "takes its time"}

// How many calls of a thousand misbehave: rarely is for what is called again and again.
const rarely, nowAndThen, always = 3, 90, 1000

// slowest is the longest that a call takes.
const slowest = 20 * time.Second

// call is one of a kind. It is about the message with an id, or about none.
func (c *callouts) call(odds int, kind, about string, what ...any) {
	if c == nil || !c.world.has(kind) || c.world.calmed.Load() || !c.process.receives.Load() {
		return
	}
	key := fmt.Sprint(kind, about, what)
	c.mu.Lock()
	c.calls[key]++
	n := c.calls[key]
	c.mu.Unlock()
	r := c.world.draw("callout", c.process.name, key, n)
	if r.IntN(1000) >= odds {
		return
	}
	how := misdeeds[r.IntN(len(misdeeds))]
	if c.world.does != "" {
		how = c.world.does
	}
	c.note(kind)
	c.world.ledger.hinder(c.process, about, fmt.Sprintf("%s: %s of its user's %s", c.process.name, kind, how))
	switch how {
	case "panics":
		panic(fmt.Sprintf("%s%v panicked on purpose. replay: %s", kind, what, c.world.plan))
	case "ends its goroutine":
		runtime.Goexit()
	default:
		time.Sleep(between(r, 0, slowest))
		c.world.ledger.hinder(c.process, about, fmt.Sprintf("%s: %s goes on", c.process.name, kind))
	}
}

// note remembers that calls of a kind have misbehaved.
func (c *callouts) note(kind string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kinds[kind] = true
}

// misbehaved reports whether a call of a kind has misbehaved.
func (c *callouts) misbehaved(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kinds[kind]
}

// options have the library call them.
func (c *callouts) options() (options []sqs.Option) {
	w := c.world
	if w.has("spans") {
		options = append(options, sqs.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(badSpans{c}))), sqs.WithMeterProvider(badMeters{out: c}))
	}
	if w.has("hook") {
		options = append(options, sqs.WithPostReceiveHook(func(_ context.Context, received int) { c.call(nowAndThen, "hook", "", received) }))
	}
	if w.backsOff {
		options = append(options, sqs.WithRetryBackoff(func(receives int) time.Duration {
			c.call(2*nowAndThen, "backoff", "", receives)
			return time.Duration(receives) * time.Second
		}))
	}
	return options
}

// badLocker does what it is to, before or after it misbehaves.
type badLocker struct {
	sqs.Locker
	out *callouts
}

func (l badLocker) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	l.out.call(nowAndThen, "locker", id, "acquire")
	got, err := l.Locker.Acquire(ctx, id)
	l.out.call(nowAndThen, "locker", id, "acquired")
	if err != nil {
		return nil, err
	}
	return badLease{got, l.out, id}, nil
}

func (l badLocker) Ping(ctx context.Context) error {
	l.out.call(nowAndThen, "locker", "", "ping")
	return l.Locker.Ping(ctx)
}

type badLease struct {
	sqs.Lease
	out *callouts
	id  string
}

func (l badLease) Until() time.Time {
	l.out.call(rarely, "locker", l.id, "until")
	return l.Lease.Until()
}

func (l badLease) Extend(ctx context.Context) error {
	l.out.call(nowAndThen, "locker", l.id, "extend")
	defer l.out.call(nowAndThen, "locker", l.id, "extended")
	return l.Lease.Extend(ctx)
}

func (l badLease) MarkDone(ctx context.Context, window time.Duration) error {
	l.out.call(nowAndThen, "locker", l.id, "mark")
	defer l.out.call(nowAndThen, "locker", l.id, "marked")
	return l.Lease.MarkDone(ctx, window)
}

func (l badLease) Release(ctx context.Context) error {
	l.out.call(nowAndThen, "locker", l.id, "release")
	defer l.out.call(nowAndThen, "locker", l.id, "released")
	return l.Lease.Release(ctx)
}

// badAPI is an SDK with something of the user's around it.
type badAPI struct {
	sqs.API
	out *callouts
}

func (a badAPI) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	a.out.call(nowAndThen, "sdk", "", "receive")
	return a.API.ReceiveMessage(ctx, in, opts...)
}

func (a badAPI) DeleteMessageBatch(ctx context.Context, in *awssqs.DeleteMessageBatchInput, opts ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	a.out.call(nowAndThen, "sdk", "", "delete")
	defer a.out.call(nowAndThen, "sdk", "", "deleted")
	return a.API.DeleteMessageBatch(ctx, in, opts...)
}

func (a badAPI) ChangeMessageVisibilityBatch(ctx context.Context, in *awssqs.ChangeMessageVisibilityBatchInput, opts ...func(*awssqs.Options)) (*awssqs.ChangeMessageVisibilityBatchOutput, error) {
	a.out.call(nowAndThen, "sdk", "", "change")
	return a.API.ChangeMessageVisibilityBatch(ctx, in, opts...)
}

// badSpans is a span processor.
type badSpans struct{ out *callouts }

func (s badSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {
	s.out.call(nowAndThen, "spans", "", "start")
}
func (s badSpans) OnEnd(sdktrace.ReadOnlySpan)    { s.out.call(nowAndThen, "spans", "", "end") }
func (badSpans) Shutdown(context.Context) error   { return nil }
func (badSpans) ForceFlush(context.Context) error { return nil }

// badMeters has a histogram that misbehaves.
type badMeters struct {
	noop.MeterProvider
	out *callouts
}

func (m badMeters) Meter(string, ...metric.MeterOption) metric.Meter { return badMeter{out: m.out} }

type badMeter struct {
	noop.Meter
	out *callouts
}

func (m badMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return badHistogram{out: m.out}, nil
}

type badHistogram struct {
	noop.Float64Histogram
	out *callouts
}

func (h badHistogram) Record(context.Context, float64, ...metric.RecordOption) {
	h.out.call(nowAndThen, "spans", "", "record")
}
