package sqs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed08532102/iniesta/sqs"
)

func TestEachHandlerThatRunsIsASpan(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		spans := tracetest.NewSpanRecorder()
		provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
		w.handle(func(*sqs.Message) {}, "Good.shop")
		w.handle(func(*sqs.Message) error { return errors.New("the secret body") }, "Bad.shop")
		w.start(sqs.WithTracerProvider(provider))
		_, err := w.api.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &w.url, MessageBody: aws.String("x"),
			MessageAttributes: map[string]types.MessageAttributeValue{
				"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("Good.shop")},
				"traceparent":  {DataType: aws.String("String"), StringValue: aws.String("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")},
			}})
		require.NoError(t, err)
		w.after(time.Second)
		w.send("Bad.shop", "the secret body")
		w.after(time.Second)
		ended := spans.Ended()
		require.Len(t, ended, 2)
		good, bad := ended[0], ended[1]
		assert.Equal(t, "process orders", good.Name())
		assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", good.SpanContext().TraceID().String(), "a child of the producer's span")
		assert.Contains(t, good.Attributes(), attribute.String("iniesta.event", "Good.shop"))
		assert.Equal(t, codes.Unset, good.Status().Code)
		assert.Equal(t, codes.Error, bad.Status().Code)
		assert.NotContains(t, bad.Status().Description, "secret")
	})
}

func TestCountsAndTimesAreMetrics(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		reader := metric.NewManualReader()
		w.handle(func(*sqs.Message) { time.Sleep(2 * time.Second) }, "Good.shop")
		w.start(sqs.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(reader))))
		w.send("Good.shop", "x")
		w.send("Unknown.event", "x")
		w.after(10 * time.Second)
		var got metricdata.ResourceMetrics
		require.NoError(t, reader.Collect(t.Context(), &got))
		outcomes := map[string]int64{}
		var seconds float64
		for _, m := range got.ScopeMetrics[0].Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					if outcome, ok := p.Attributes.Value("iniesta.outcome"); ok {
						outcomes[outcome.AsString()] = p.Value
					}
				}
			case metricdata.Histogram[float64]:
				seconds = data.DataPoints[0].Sum
			}
		}
		assert.EqualValues(t, 2, outcomes["received"])
		assert.EqualValues(t, 1, outcomes["handled"])
		assert.EqualValues(t, 1, outcomes["failed"])
		assert.Equal(t, 2.0, seconds)
	})
}
