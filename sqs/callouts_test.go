package sqs_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed08532102/iniesta/sqs"
)

// callout is one kind of call by which a client that receives enters code of its user's. callouts has them all, except
// for what runs before a client starts: see beginnings below, and RegisterMethods' call of Handlers in
// TestAStructThatCannotBeAskedOrCalledIsRefused.
type callout struct {
	name    string
	first   func(ctx context.Context, c *culprit) error // what the handler of message 3 does at first, nil for nothing
	with    func(w *world, c *culprit) []sqs.Option     // has the client call the culprit
	handler func(w *world, ran *runs, c *culprit)       // in place of the usual one
	counted []string                                    // the misdeeds that Stats.CallbackFailures counts
	stops   string                                      // what Healthy says ten minutes into a block that stops all work
	holds   int64                                       // messages in flight at most while it blocks
}

var (
	every   = []string{"panics", "ends its goroutine", "blocks"}
	abrupt  = every[:2] // whoever calls waits until the call returns
	failing = func(context.Context, *culprit) error { return errors.New("no") }
	slow    = func(context.Context, *culprit) error { time.Sleep(50 * time.Second); return nil }
	giveUp  = func(context.Context, *culprit) error { return sqs.Discard(errors.New("no")) }
	later   = func(context.Context, *culprit) error { return sqs.RetryAfter(time.Second, errors.New("no")) }
	hostile = func(method string) func(context.Context, *culprit) error {
		return func(_ context.Context, c *culprit) error { return &culpritError{method, c} }
	}
	callouts = []callout{
		{name: "the handler", first: func(_ context.Context, c *culprit) error { c.call(); return nil }, holds: 2},
		{name: "the decoding of its payload", handler: decodingHandler, holds: 2},
		{name: "Error of its error", first: hostile("Error"), holds: 2},
		{name: "Is of its error", first: hostile("Is"), holds: 2},
		{name: "As of its error", first: hostile("As"), holds: 2},
		{name: "Unwrap of its error", first: hostile("Unwrap"), holds: 2},
		{name: "the construction of middleware", with: func(_ *world, c *culprit) []sqs.Option {
			return []sqs.Option{sqs.WithMiddleware(func(next sqs.HandlerFunc) sqs.HandlerFunc { c.call(); return next })}
		}, holds: 2},
		{name: "middleware", with: func(_ *world, c *culprit) []sqs.Option {
			return []sqs.Option{sqs.WithMiddleware(func(next sqs.HandlerFunc) sqs.HandlerFunc {
				return func(ctx context.Context, m *sqs.Message) (any, error) { c.call(); return next(ctx, m) }
			})}
		}, holds: 2},
		{name: "the post-receive hook", counted: abrupt, with: func(_ *world, c *culprit) []sqs.Option {
			return []sqs.Option{sqs.WithPostReceiveHook(func(context.Context, int) { c.call() })}
		}, stops: "the post-receive hook has not returned for"},
		{name: "the retry backoff", counted: every, first: failing, with: func(_ *world, c *culprit) []sqs.Option {
			return []sqs.Option{sqs.WithRetryBackoff(func(int) time.Duration { c.call(); return time.Second })}
		}},
		{name: "the logger's Enabled", counted: abrupt, with: logging("Enabled")},
		{name: "the logger's Handle", counted: abrupt, with: logging("Handle")},
		{name: "the logger's Handle of a failure", counted: every, first: failing, with: logging("failure")},
		{name: "the logger's Handle of a message that is discarded", counted: every, first: giveUp, with: logging("failure")},
		{name: "a span processor's OnStart", counted: every, with: tracing("OnStart")},
		{name: "a span processor's OnEnd", counted: every, with: tracing("OnEnd")},
		{name: "a meter's Record", counted: every, with: measuring("Record")},
		{name: "the Locker's Acquire", counted: every, with: locking("Acquire")},
		{name: "the Locker's Ping", counted: every, with: locking("Ping")},
		{name: "the Lease's Until", counted: every, with: locking("Until")},
		{name: "the Lease's Until after an extension", counted: every, first: slow, with: locking("Until after Extend")},
		{name: "the Lease's Extend", counted: every, first: slow, with: locking("Extend")},
		{name: "the Lease's MarkDone", counted: every, with: locking("MarkDone")},
		{name: "the Lease's Release", counted: every, first: failing, with: locking("Release")},
		{name: "the API's ReceiveMessage", counted: every, with: asking("ReceiveMessage")},
		{name: "the API's DeleteMessageBatch", counted: every, with: asking("DeleteMessageBatch")},
		{name: "the API's ChangeMessageVisibilityBatch, to keep a message", counted: every, first: slow, with: asking("ChangeMessageVisibilityBatch")},
		{name: "the API's ChangeMessageVisibilityBatch, to make a message visible", counted: every, first: later, with: asking("ChangeMessageVisibilityBatch")},
		{name: "the credentials", counted: every, with: signing("Retrieve")},
		{name: "the HTTP client", counted: every, with: signing("Do")},
	}
)

func TestACallOfTheUsersCodeThatDoesNotReturnCostsNothingElse(t *testing.T) {
	for _, out := range callouts {
		for _, misdeed := range every {
			for _, queue := range []string{"orders", "orders.fifo"} {
				t.Run(out.name+" "+misdeed+" ("+queue+")", func(t *testing.T) {
					inWorldOf(t, queue, func(t *testing.T, w *world) { out.try(t, w, misdeed) })
				})
			}
		}
	}
}

func (out callout) try(t *testing.T, w *world, misdeed string) {
	c, ran := &culprit{misdeed: misdeed}, &runs{}
	if out.handler != nil {
		out.handler(w, ran, c)
	} else {
		w.handle(out.handle(ran, c))
	}
	options := []sqs.Option{sqs.WithPollers(1, 1), sqs.WithConcurrency(20)}
	if out.with != nil {
		options = append(options, out.with(w, c)...)
	}
	client := w.client(options...)
	c.arm()
	require.NoError(t, client.StartReceivingMessages(t.Context()))
	w.after(time.Minute)
	w.sendTo([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
	w.after(time.Second)
	w.sendTo([]string{"13"}) // behind 3 in its group
	w.after(10 * time.Minute)
	assert.True(t, c.called(), "the culprit was called")
	if misdeed == "blocks" {
		out.checkBlocked(t, client, w)
		w.after(2 * time.Hour)
	}
	success := ran.list()
	slices.Sort(success)
	wanted := []string{"0", "1", "13", "2", "3", "4", "5", "6", "7", "8", "9"}
	if strings.HasSuffix(out.name, "discarded") {
		wanted = slices.Delete(wanted, 4, 5)
	}
	assert.Equal(t, wanted, success, "each message is handled once")
	if order := ran.list(); w.queue != "orders" && slices.Contains(order, "3") {
		assert.Less(t, slices.Index(order, "3"), slices.Index(order, "13"), "a group keeps its order")
	}
	assert.Empty(t, w.left())
	stats := client.Stats()
	assert.Zero(t, stats.InFlight+stats.Running)
	assert.NoError(t, client.Healthy(t.Context()))
	assert.Equal(t, slices.Contains(out.counted, misdeed), stats.CallbackFailures > 0, "CallbackFailures: %d", stats.CallbackFailures)
}

// checkBlocked looks ten minutes into an hour of a call.
func (out callout) checkBlocked(t *testing.T, client *sqs.Client, w *world) {
	if out.stops != "" {
		assert.ErrorContains(t, client.Healthy(t.Context()), out.stops)
		return
	}
	assert.NoError(t, client.Healthy(t.Context()))
	assert.LessOrEqual(t, client.Stats().InFlight, out.holds)
	assert.LessOrEqual(t, len(w.left()), int(out.holds), "the others are handled")
}

// beginnings are the calls of the user's code by Initialize and Close.
var beginnings = []callout{
	{name: "the API's GetQueueUrl", with: asking("GetQueueUrl")},
	{name: "the API's GetQueueAttributes", with: asking("GetQueueAttributes")},
	{name: "the credentials", with: signing("Retrieve")},
	{name: "the HTTP client", with: signing("Do")},
	{name: "the tracer provider's Tracer", with: tracing("Tracer")},
	{name: "the meter provider's Meter", with: measuring("Meter")},
	{name: "the meter's Float64Histogram", with: measuring("Float64Histogram")},
	{name: "the meter's RegisterCallback", with: measuring("RegisterCallback")},
	{name: "the registration's Unregister", with: measuring("Unregister")},
	{name: "the logger's Enabled", with: logging("Enabled")},
}

// Initialize returns the failure of such a call, or goes on without what it was for, and may be called again.
func TestACallOfInitializeOrCloseThatDoesNotReturnIsItsFailure(t *testing.T) {
	for _, out := range beginnings {
		for _, misdeed := range every {
			t.Run(out.name+" "+misdeed, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					var ran runs
					w.handle(func(m *sqs.Message) { ran.note(m) })
					c := &culprit{misdeed: misdeed}
					c.arm()
					client := sqs.New(append([]sqs.Option{sqs.WithConfig(w.config), sqs.WithAPI(w.api), sqs.WithRegistry(w.registry),
						sqs.WithLogger(slog.New(slog.DiscardHandler)), sqs.WithLocker(w.locker())}, out.with(w, c)...)...)
					began := time.Now()
					if err := client.Initialize(t.Context()); err != nil {
						assert.Regexp(t, "on purpose|ended its goroutine|has not returned in its time|deadline exceeded", err)
						assert.ErrorContains(t, err, "sqs: initializing")
						require.NoError(t, client.Initialize(t.Context()), "called again")
					}
					assert.LessOrEqual(t, time.Since(began), 15*time.Second)
					require.NoError(t, client.StartReceivingMessages(t.Context()))
					w.send("", "x")
					w.after(time.Minute)
					assert.Equal(t, 1, ran.count())
					assert.NoError(t, client.Healthy(t.Context()))
					began = time.Now()
					require.NoError(t, client.Close(context.Background()))
					assert.LessOrEqual(t, time.Since(began), 40*time.Second)
					assert.True(t, c.called(), "the culprit was called")
					w.after(2 * time.Hour)
				})
			})
		}
	}
}

// handle handles every message, message 3 not always at first.
func (out callout) handle(ran *runs, c *culprit) func(context.Context, *sqs.Message) error {
	var once sync.Once
	return func(ctx context.Context, m *sqs.Message) (err error) {
		if m.RawBody == "3" && out.first != nil {
			once.Do(func() {
				err = out.first(ctx, c)
			})
		}
		if err == nil {
			ran.note(m)
		}
		return err
	}
}

// culprit is code of the user's that does not return as it should, once.
type culprit struct {
	misdeed string

	mu    sync.Mutex
	armed bool
	done  bool
}

func (c *culprit) arm() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = true
}

func (c *culprit) called() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.done
}

func (c *culprit) call() {
	c.mu.Lock()
	first := c.armed && !c.done
	c.done = c.done || first
	c.mu.Unlock()
	if !first {
		return
	}
	switch c.misdeed {
	case "panics":
		panic("on purpose")
	case "ends its goroutine":
		runtime.Goexit()
	default:
		time.Sleep(time.Hour)
	}
}

// callIf calls where a method is the one that misbehaves.
func (c *culprit) callIf(method, called string) {
	if method == called {
		c.call()
	}
}

type culpritError struct {
	method string
	c      *culprit
}

func (e *culpritError) Error() string { e.c.callIf(e.method, "Error"); return "no" }
func (e *culpritError) Is(error) bool { e.c.callIf(e.method, "Is"); return false }
func (e *culpritError) As(any) bool   { e.c.callIf(e.method, "As"); return false }
func (e *culpritError) Unwrap() error { e.c.callIf(e.method, "Unwrap"); return nil }

// decoding is the culprit of every culpritPayload: a value is made by encoding/json.
var decoding struct {
	sync.Mutex
	c *culprit
}

type culpritPayload struct{ number string }

func (p *culpritPayload) UnmarshalJSON(b []byte) error {
	decoding.Lock()
	c := decoding.c
	decoding.Unlock()
	if p.number = string(b); p.number == "3" {
		c.call()
	}
	return nil
}

func decodingHandler(w *world, ran *runs, c *culprit) {
	decoding.Lock()
	decoding.c = c
	decoding.Unlock()
	w.handle(func(m *sqs.Message, _ culpritPayload) { ran.note(m) })
}

type culpritLog struct {
	slog.Handler
	method string
	c      *culprit
}

func logging(method string) func(*world, *culprit) []sqs.Option {
	return func(w *world, c *culprit) []sqs.Option {
		inner := slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})
		return []sqs.Option{sqs.WithLogger(slog.New(culpritLog{inner, method, c}))}
	}
}

func (l culpritLog) Enabled(ctx context.Context, level slog.Level) bool {
	l.c.callIf(l.method, "Enabled")
	return l.Handler.Enabled(ctx, level)
}

func (l culpritLog) Handle(ctx context.Context, r slog.Record) error {
	l.c.callIf(l.method, "Handle")
	if strings.Contains(r.Message, "Error while handling message") {
		l.c.callIf(l.method, "failure")
	}
	return l.Handler.Handle(ctx, r)
}

type culpritSpans struct {
	trace.TracerProvider
	method string
	c      *culprit
}

func tracing(method string) func(*world, *culprit) []sqs.Option {
	return func(_ *world, c *culprit) []sqs.Option {
		s := culpritSpans{method: method, c: c}
		s.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s))
		return []sqs.Option{sqs.WithTracerProvider(s)}
	}
}

func (s culpritSpans) Tracer(name string, o ...trace.TracerOption) trace.Tracer {
	s.c.callIf(s.method, "Tracer")
	return s.TracerProvider.Tracer(name, o...)
}

func (s culpritSpans) OnStart(context.Context, sdktrace.ReadWriteSpan) {
	s.c.callIf(s.method, "OnStart")
}
func (s culpritSpans) OnEnd(sdktrace.ReadOnlySpan)    { s.c.callIf(s.method, "OnEnd") }
func (culpritSpans) Shutdown(context.Context) error   { return nil }
func (culpritSpans) ForceFlush(context.Context) error { return nil }

type culpritMeters struct {
	noop.MeterProvider
	method string
	c      *culprit
}

func measuring(method string) func(*world, *culprit) []sqs.Option {
	return func(_ *world, c *culprit) []sqs.Option {
		return []sqs.Option{sqs.WithMeterProvider(culpritMeters{method: method, c: c})}
	}
}

func (m culpritMeters) Meter(string, ...metric.MeterOption) metric.Meter {
	m.c.callIf(m.method, "Meter")
	return culpritMeter{of: m}
}

type culpritMeter struct {
	noop.Meter
	of culpritMeters
}

func (m culpritMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	m.of.c.callIf(m.of.method, "Float64Histogram")
	return culpritHistogram{of: m.of}, nil
}

func (m culpritMeter) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	m.of.c.callIf(m.of.method, "RegisterCallback")
	return culpritHistogram{of: m.of}, nil
}

type culpritHistogram struct {
	noop.Float64Histogram
	noop.Registration
	of culpritMeters
}

func (h culpritHistogram) Record(context.Context, float64, ...metric.RecordOption) {
	h.of.c.callIf(h.of.method, "Record")
}
func (h culpritHistogram) Unregister() error { h.of.c.callIf(h.of.method, "Unregister"); return nil }

type culpritLocker struct {
	sqs.Locker
	method string
	c      *culprit
}

func locking(method string) func(*world, *culprit) []sqs.Option {
	return func(w *world, c *culprit) []sqs.Option {
		return []sqs.Option{sqs.WithLocker(culpritLocker{w.locker(), method, c})}
	}
}

func (l culpritLocker) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	l.c.callIf(l.method, "Acquire")
	lease, err := l.Locker.Acquire(ctx, id)
	if err != nil {
		return nil, err
	}
	return &culpritLease{Lease: lease, method: l.method, c: l.c}, nil
}

func (l culpritLocker) Ping(ctx context.Context) error {
	l.c.callIf(l.method, "Ping")
	return l.Locker.Ping(ctx)
}

type culpritLease struct {
	sqs.Lease
	method   string
	c        *culprit
	extended bool
}

func (l *culpritLease) Until() time.Time {
	l.c.callIf(l.method, "Until")
	if l.extended {
		l.c.callIf(l.method, "Until after Extend")
	}
	return l.Lease.Until()
}

func (l *culpritLease) Extend(ctx context.Context) error {
	l.c.callIf(l.method, "Extend")
	l.extended = true
	return l.Lease.Extend(ctx)
}

func (l *culpritLease) MarkDone(ctx context.Context, window time.Duration) error {
	l.c.callIf(l.method, "MarkDone")
	return l.Lease.MarkDone(ctx, window)
}

func (l *culpritLease) Release(ctx context.Context) error {
	l.c.callIf(l.method, "Release")
	return l.Lease.Release(ctx)
}

type culpritAPI struct {
	sqs.API
	method string
	c      *culprit
}

func asking(method string) func(*world, *culprit) []sqs.Option {
	return func(w *world, c *culprit) []sqs.Option {
		return []sqs.Option{sqs.WithAPI(culpritAPI{w.api, method, c})}
	}
}

func (a culpritAPI) GetQueueUrl(ctx context.Context, in *awssqs.GetQueueUrlInput, o ...func(*awssqs.Options)) (*awssqs.GetQueueUrlOutput, error) {
	a.c.callIf(a.method, "GetQueueUrl")
	return a.API.GetQueueUrl(ctx, in, o...)
}

func (a culpritAPI) GetQueueAttributes(ctx context.Context, in *awssqs.GetQueueAttributesInput, o ...func(*awssqs.Options)) (*awssqs.GetQueueAttributesOutput, error) {
	a.c.callIf(a.method, "GetQueueAttributes")
	return a.API.GetQueueAttributes(ctx, in, o...)
}

func (a culpritAPI) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, o ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	a.c.callIf(a.method, "ReceiveMessage")
	return a.API.ReceiveMessage(ctx, in, o...)
}

func (a culpritAPI) DeleteMessageBatch(ctx context.Context, in *awssqs.DeleteMessageBatchInput, o ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	a.c.callIf(a.method, "DeleteMessageBatch")
	return a.API.DeleteMessageBatch(ctx, in, o...)
}

func (a culpritAPI) ChangeMessageVisibilityBatch(ctx context.Context, in *awssqs.ChangeMessageVisibilityBatchInput, o ...func(*awssqs.Options)) (*awssqs.ChangeMessageVisibilityBatchOutput, error) {
	a.c.callIf(a.method, "ChangeMessageVisibilityBatch")
	return a.API.ChangeMessageVisibilityBatch(ctx, in, o...)
}

// culpritConfig is what the SDK calls for each request.
type culpritConfig struct {
	method string
	c      *culprit
	http   aws.HTTPClient
}

func signing(method string) func(*world, *culprit) []sqs.Option {
	return func(w *world, c *culprit) []sqs.Option {
		of := culpritConfig{method, c, w.api.Options().HTTPClient}
		return []sqs.Option{sqs.WithAPI(nil), sqs.WithAWSConfig(aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String("http://localhost"), Credentials: of, HTTPClient: of,
		})}
	}
}

func (s culpritConfig) Retrieve(context.Context) (aws.Credentials, error) {
	s.c.callIf(s.method, "Retrieve")
	return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
}

func (s culpritConfig) Do(r *http.Request) (*http.Response, error) {
	s.c.callIf(s.method, "Do")
	return s.http.Do(r)
}

// sendTo sends messages, in groups by the last digit where the queue is FIFO.
func (w *world) sendTo(bodies []string) {
	for _, body := range bodies {
		var group []string
		if w.queue != "orders" {
			group = []string{body[len(body)-1:]}
		}
		w.send("", body, group...)
	}
}
