package sqs

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed08532102/iniesta/internal/consumer"
	"github.com/seed08532102/iniesta/internal/guard"
)

const instrumentation = "github.com/seed08532102/iniesta/sqs"

// telemetry makes spans and metrics after OpenTelemetry's conventions for messaging. Without
// providers it does nothing and costs nothing.
type telemetry struct {
	queue    string
	tracer   trace.Tracer
	duration metric.Float64Histogram
	counts   metric.Registration
	failed   func(error) // told of telemetry that does not work
}

func newTelemetry(queue string, o *options, stats func() Stats, failed func(error)) (*telemetry, error) {
	t := &telemetry{queue: queue, failed: failed}
	tracers, meters := o.tracers, o.meters
	if tracers != nil {
		t.tracer = tracers.Tracer(instrumentation)
	}
	if meters == nil {
		return t, nil
	}
	meter := meters.Meter(instrumentation)
	var err error
	if t.duration, err = meter.Float64Histogram("messaging.process.duration",
		metric.WithUnit("s"), metric.WithDescription("Time a handler took.")); err != nil {
		return nil, fmt.Errorf("sqs: making metrics: %w", err)
	}
	if t.counts, err = observeStats(meter, queue, stats); err != nil {
		return nil, fmt.Errorf("sqs: making metrics: %w", err)
	}
	return t, nil
}

// observeStats reports the counts of Stats whenever they are collected.
func observeStats(meter metric.Meter, queue string, stats func() Stats) (metric.Registration, error) {
	messages, err := meter.Int64ObservableCounter("iniesta.sqs.messages",
		metric.WithUnit("{message}"), metric.WithDescription("Messages by what became of them."))
	if err != nil {
		return nil, err
	}
	calls, err := meter.Int64ObservableCounter("iniesta.sqs.calls",
		metric.WithUnit("{call}"), metric.WithDescription("API calls by operation."))
	if err != nil {
		return nil, err
	}
	inFlight, err := meter.Int64ObservableUpDownCounter("iniesta.sqs.in_flight",
		metric.WithUnit("{message}"), metric.WithDescription("Messages received and not settled."))
	if err != nil {
		return nil, err
	}
	overdue, err := meter.Int64ObservableUpDownCounter("iniesta.sqs.overdue",
		metric.WithUnit("{handler}"), metric.WithDescription("Handlers that run on although their context has ended."))
	if err != nil {
		return nil, err
	}
	system := attribute.String("messaging.destination.name", queue)
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := stats()
		for outcome, n := range map[string]int64{
			"received": s.Received, "handled": s.Handled, "failed": s.Failed, "discarded": s.Discarded, "deleted": s.Deleted,
			"duplicate": s.Duplicates, "skipped": s.Skipped, "released": s.Released,
		} {
			o.ObserveInt64(messages, n, metric.WithAttributes(system, attribute.String("iniesta.outcome", outcome)))
		}
		for operation, n := range map[string]int64{
			"ReceiveMessage": s.ReceiveCalls, "DeleteMessageBatch": s.DeleteCalls, "ChangeMessageVisibilityBatch": s.VisibilityCalls,
		} {
			o.ObserveInt64(calls, n, metric.WithAttributes(system, attribute.String("rpc.method", operation)))
		}
		o.ObserveInt64(inFlight, s.InFlight, metric.WithAttributes(system))
		o.ObserveInt64(overdue, s.Overdue, metric.WithAttributes(system))
		return nil
	}, messages, calls, inFlight, overdue)
}

// close stops reporting the counts.
func (t *telemetry) close() {
	if t.counts != nil {
		_, _ = t.guarded("unregistering metrics", func() context.Context { _ = t.counts.Unregister(); return nil })
	}
}

// start begins the span of a handler, as a child of the producer's where the message names one. Span processors are code
// of the user's: a span that cannot be begun is left out.
func (t *telemetry) start(ctx context.Context, m *consumer.Message, in *incoming, b *binding) context.Context {
	if t.tracer == nil {
		return ctx
	}
	began, err := t.guarded("starting a span", func() context.Context {
		ctx := propagation.TraceContext{}.Extract(ctx, attributeCarrier{in.message})
		ctx, _ = t.tracer.Start(ctx, "process "+t.queue, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			attribute.String("messaging.system", "aws_sqs"),
			attribute.String("messaging.operation.type", "process"),
			attribute.String("messaging.destination.name", t.queue),
			attribute.String("messaging.message.id", m.ID),
			attribute.String("iniesta.event", m.Event),
			attribute.String("iniesta.handler", b.name),
		))
		return ctx
	})
	if err != nil || began == nil {
		return ctx
	}
	return began
}

// dropped ends the span of a handler that did not begin.
func (t *telemetry) dropped(ctx context.Context) {
	if t.tracer != nil {
		_, _ = t.guarded("ending a span", func() context.Context { trace.SpanFromContext(ctx).End(); return nil })
	}
}

// handled ends the span and reports the time the handler took.
func (t *telemetry) handled(ctx context.Context, b *binding, took time.Duration, err error) {
	if t.tracer != nil {
		_, _ = t.guarded("ending a span", func() context.Context {
			span := trace.SpanFromContext(ctx)
			if err != nil {
				span.SetStatus(codes.Error, fmt.Sprintf("%T", err)) // an error's text may carry the body
			}
			span.End()
			return nil
		})
	}
	if t.duration == nil {
		return
	}
	attributes := []attribute.KeyValue{
		attribute.String("messaging.system", "aws_sqs"),
		attribute.String("messaging.destination.name", t.queue),
		attribute.String("iniesta.handler", b.name),
	}
	if err != nil {
		attributes = append(attributes, attribute.String("error.type", fmt.Sprintf("%T", err)))
	}
	_, _ = t.guarded("recording a metric", func() context.Context {
		t.duration.Record(ctx, took.Seconds(), metric.WithAttributes(attributes...))
		return nil
	})
}

// callbackTimeout is how long the user's telemetry and the credentials' Invalidate are waited for.
const callbackTimeout = time.Second

func (t *telemetry) guarded(what string, f func() context.Context) (context.Context, error) {
	limit, cancel := context.WithTimeout(context.Background(), callbackTimeout)
	defer cancel()
	got, err := guard.Do(limit, what, func() (context.Context, error) { return f(), nil }, nil)
	if err != nil {
		t.failed(err)
	}
	return got, err
}

// attributeCarrier reads a trace context from message attributes.
type attributeCarrier struct{ message *Message }

func (c attributeCarrier) Get(key string) string {
	return aws.ToString(c.message.MessageAttributes[key].StringValue)
}

func (c attributeCarrier) Set(string, string) {}

func (c attributeCarrier) Keys() []string {
	keys := make([]string, 0, len(c.message.MessageAttributes))
	for key := range c.message.MessageAttributes {
		keys = append(keys, key)
	}
	return keys
}
