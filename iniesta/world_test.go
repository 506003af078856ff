package iniesta_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	topicARN = "arn:aws:sns:us-east-1:000000000000:events"
	queueARN = "arn:aws:sqs:us-east-1:000000000000:orders"
	deadARN  = "arn:aws:sqs:us-east-1:000000000000:orders-dead"
)

// world is an AWS inside a bubble of virtual time, and the settings of a service in it.
type world struct {
	t        *testing.T
	server   *localaws.Server
	aws      aws.Config
	queues   *awssqs.Client
	topics   *awssns.Client
	config   config.Config
	registry *sqs.Registry
	logs     *logs
}

type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func inWorld(t *testing.T, types []string, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, server: localaws.New(), config: config.Default(), registry: sqs.NewRegistry(), logs: &logs{}}
		defer w.server.Close()
		w.aws = aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String("http://localhost"), HTTPClient: &http.Client{Transport: w.server.Transport()},
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), RetryMaxAttempts: 1,
		}
		w.queues, w.topics = awssqs.NewFromConfig(w.aws), awssns.NewFromConfig(w.aws)
		w.config.InitializationType, w.config.ServiceName, w.config.QueueName = types, "shop", "orders"
		w.config.GlobalTopicARN, w.config.ConsumerFilters = topicARN, []string{"UserUpdated.user", "Order.*"}
		test(t, w)
	})
}

func (w *world) options(opts ...iniesta.Option) []iniesta.Option {
	return append([]iniesta.Option{
		iniesta.WithConfig(w.config), iniesta.WithAWSConfig(w.aws), iniesta.WithClients(sqs.New(sqs.WithRegistry(w.registry)), sns.New()),
		iniesta.WithSQS(sqs.WithoutLocks()), iniesta.WithLogger(slog.New(slog.NewJSONHandler(w.logs, nil))),
	}, opts...)
}

func (w *world) init() (*iniesta.App, error) { return iniesta.InitApp(w.t.Context(), w.options()...) }

// What a service needs, each to be left out by a test.
func (w *world) makeTopic() {
	_, err := w.topics.CreateTopic(w.t.Context(), &awssns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(w.t, err)
}

func (w *world) makeQueue() {
	for _, q := range []struct {
		name       string
		attributes map[string]string
	}{
		{"orders-dead", nil}, // first: SQS refuses a dead-letter queue that does not exist
		{"orders", map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":5}`, deadARN)}},
	} {
		_, err := w.queues.CreateQueue(w.t.Context(), &awssqs.CreateQueueInput{QueueName: &q.name, Attributes: q.attributes})
		require.NoError(w.t, err)
	}
}

func (w *world) set(name, value string) {
	out, err := w.queues.GetQueueUrl(w.t.Context(), &awssqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	require.NoError(w.t, err)
	_, err = w.queues.SetQueueAttributes(w.t.Context(), &awssqs.SetQueueAttributesInput{QueueUrl: out.QueueUrl, Attributes: map[string]string{name: value}})
	require.NoError(w.t, err)
}

func (w *world) allow() {
	w.set("Policy", fmt.Sprintf(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"SQS:*","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":%q}}}}`, topicARN))
}

func (w *world) subscribe(filter string) {
	_, err := w.topics.Subscribe(w.t.Context(), &awssns.SubscribeInput{TopicArn: aws.String(topicARN), Protocol: aws.String("sqs"), Endpoint: aws.String(queueARN),
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": filter}})
	require.NoError(w.t, err)
}

const rightFilter = `{"iniesta_pass":[{"prefix":"Order."},"UserUpdated.user"]}`

func (w *world) makeAll() {
	w.makeTopic()
	w.makeQueue()
	w.allow()
	w.subscribe(rightFilter)
}
