package sqs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sqs"
)

// What is planted must not come out anywhere.
const (
	plantedText   = "hunter2-planted" // also the password of the lock nodes
	plantedNumber = "4111111111111111"
)

// emitted is everything that came out.
type emitted struct {
	*logs
	spans   *tracetest.SpanRecorder
	reader  *metric.ManualReader
	options []sqs.Option
}

func newEmitted() *emitted {
	e := &emitted{logs: &logs{}, spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	e.options = []sqs.Option{
		sqs.WithLogger(slog.New(slog.NewJSONHandler(e.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		sqs.WithTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(e.spans))),
		sqs.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(e.reader))),
	}
	return e
}

// print writes values in every form that a user might.
func (e *emitted) print(values ...any) {
	for _, v := range values {
		fmt.Fprintf(e, "%v %+v %#v\n", v, v, v)
		slog.New(slog.NewTextHandler(e, nil)).Info("printed", "value", v)
	}
}

// all is what came out until now.
func (e *emitted) all(t *testing.T) string {
	var metrics metricdata.ResourceMetrics
	require.NoError(t, e.reader.Collect(context.Background(), &metrics))
	text, err := json.Marshal(metrics)
	require.NoError(t, err)
	var b strings.Builder
	b.WriteString(e.String())
	b.Write(text)
	for _, s := range e.spans.Ended() {
		fmt.Fprintln(&b, s.Name(), s.Attributes(), s.Events(), s.Status(), s.Resource())
	}
	return b.String()
}

func TestNoSecretAndNoBodyComesOutWhateverFails(t *testing.T) {
	server := localaws.New()
	endpoint, err := server.Start()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": plantedText, "AWS_SESSION_TOKEN": plantedText,
		"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1", "INIESTA_SQS_ENDPOINT_URL": endpoint,
		"SERVICE_NAME": "shop", "ENVIRONMENT": "test", "INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS": "1",
	} {
		t.Setenv(name, value)
	}
	client := awsclient.Wrap(nil)
	t.Cleanup(client.CloseIdleConnections)
	api := awssqs.New(awssqs.Options{BaseEndpoint: &endpoint, Region: "us-east-1", HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	queue, err := api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{
		QueueName: aws.String("iniesta-test-shop"), Attributes: map[string]string{"VisibilityTimeout": "1"}})
	require.NoError(t, err)

	e := newEmitted()
	node := testserver.RedisTLS(t)
	nodeURL := func(password, address string) string {
		u := url.URL{Scheme: "rediss", User: url.UserPassword(testserver.SecureUser, password), Host: address, Path: "/0", RawQuery: "ca=" + node.CA}
		return u.String()
	}
	right, wrong, down := nodeURL(plantedText, node.Address), nodeURL(plantedText+"-wrong", node.Address), nodeURL(plantedText, "127.0.0.1:1")

	t.Run("lock nodes that fail", func(t *testing.T) {
		for _, nodes := range []string{wrong, down, strings.Join([]string{right, wrong, down}, ","), right + "#" + plantedText, "redis://:" + plantedText} {
			t.Setenv("INIESTA_CACHES", nodes)
			c := sqs.New(e.options...)
			err := c.Initialize(t.Context())
			require.Error(t, err)
			e.print(err, c)
		}
	})

	t.Run("handlers, messages and SQS that fail", func(t *testing.T) {
		t.Setenv("INIESTA_CACHES", right)
		failures := []localaws.Fault{
			{Code: "InternalError", Status: 500}, {Cut: true}, {Lose: true}, localaws.Throttle, {Twice: true},
			{Entries: func(int) *localaws.EntryFault { return &localaws.EntryFault{Code: "InternalError"} }}, {Code: "AccessDenied", Status: 403},
		}
		server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "GetQueueUrl" || c.Operation == "GetQueueAttributes" || c.Operation == "SendMessage" || c.N%3 > 0 {
				return localaws.Fault{}
			}
			return failures[c.N/3%len(failures)]
		})
		registry := sqs.NewRegistry()
		type order struct {
			At   time.Time
			Card int8
			Name string
		}
		succeeded := make(chan struct{}, 100)
		require.NoError(t, registry.AddHandler(func(*sqs.Message, order) error { return nil }, "Payload.shop"))
		require.NoError(t, registry.AddHandler(func(m *sqs.Message) error {
			e.print(m, *m, m.Body() == nil)
			switch m.ReceiveCount() {
			case 0, 1: // 0 by hand
				return errors.New("not yet")
			case 2:
				panic("not yet")
			case 3:
				return sqs.RetryAfter(time.Second, errors.New("not yet"))
			}
			succeeded <- struct{}{}
			return nil
		}, "Fails.shop"))
		c := sqs.New(append(slices.Clone(e.options), sqs.WithRegistry(registry))...)
		require.NoError(t, c.Initialize(t.Context()))
		t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
		for event, bodies := range map[string][]string{
			"Fails.shop":   {plantedText, fmt.Sprintf("{%q:%q}", plantedText, plantedText)},
			"Unknown.shop": {plantedText},
			"Payload.shop": {
				plantedText, `"` + plantedText + `"`, fmt.Sprintf(`{"at":%q}`, plantedText), `{"card":` + plantedNumber + `}`, `{"name":` + plantedNumber + `}`,
				fmt.Sprintf(`{"card":%q}`, plantedText), `[` + plantedNumber + `]`,
			},
		} {
			for _, body := range bodies {
				_, err := api.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: &body,
					MessageAttributes: map[string]types.MessageAttributeValue{"iniesta_pass": {DataType: aws.String("String"), StringValue: &event}}})
				require.NoError(t, err)
				m, err := c.CreateMessage(body)
				require.NoError(t, err)
				e.print(m)
				res, err := c.HandleMessage(t.Context(), &sqs.Message{MessageID: "by hand " + body[:1], RawBody: body,
					MessageAttributes: map[string]types.MessageAttributeValue{"iniesta_pass": {DataType: aws.String("String"), StringValue: &event}}})
				e.print(res, err)
			}
		}
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		for range 2 {
			<-succeeded
		}
		e.print(c, c.Stats(), c.Healthy(t.Context()))
		require.NoError(t, c.StopReceivingMessages(t.Context()))
	})

	all := e.all(t)
	for _, proof := range []string{"not yet", "WRONGPASS", "127.0.0.1:1", "process iniesta-test-shop", "Payload.shop", "it is not JSON", "Unknown.shop"} {
		assert.True(t, strings.Contains(all, proof), "what is looked through has %s", proof)
	}
	for _, secret := range []string{plantedText, "hunter2", plantedNumber} {
		for line := range strings.Lines(all) {
			assert.NotContains(t, line, secret)
		}
	}
}
