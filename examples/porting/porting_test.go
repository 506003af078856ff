package porting

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/internal/embedded"
	"github.com/seed08532102/iniesta/sqs"
)

const topicARN = "arn:aws:sns:us-east-1:000000000000:events"

// cloud is an AWS and lock nodes of the test's own, with the settings of a service in the environment.
type cloud struct {
	t      *testing.T
	queues *awssqs.Client
	topics *awssns.Client
}

func newCloud(t *testing.T, types string) *cloud {
	servers, err := embedded.Start(embedded.Options{})
	require.NoError(t, err)
	t.Cleanup(servers.Close)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "SERVICE_NAME": "somewhere",
		"INIESTA_INITIALIZATION_TYPE": types, "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN": topicARN,
		"INIESTA_SQS_CONSUMER_FILTERS": "SomethingHappened.*", "INIESTA_SQS_ENDPOINT_URL": servers.URL, "INIESTA_SNS_ENDPOINT_URL": servers.URL,
		"INIESTA_CACHES": servers.Redis[0] + "," + servers.Redis[1] + "," + servers.Redis[2], "INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS": "1",
	} {
		t.Setenv(name, value)
	}
	c, err := config.LoadDefaultConfig(t.Context(), config.WithBaseEndpoint(servers.URL))
	require.NoError(t, err)
	w := &cloud{t, awssqs.NewFromConfig(c), awssns.NewFromConfig(c)}
	_, err = w.topics.CreateTopic(t.Context(), &awssns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	seen.take()
	return w
}

// queue makes a queue that gets what its filter lets through.
func (w *cloud) queue(name, filter string) (url string) {
	arn := "arn:aws:sqs:us-east-1:000000000000:" + name
	out, err := w.queues.CreateQueue(w.t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{
		"Policy": `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"SQS:SendMessage","Resource":"` + arn + `","Condition":{"ArnEquals":{"aws:SourceArn":"` + topicARN + `"}}}]}`,
	}})
	require.NoError(w.t, err)
	_, err = w.topics.Subscribe(w.t.Context(), &awssns.SubscribeInput{TopicArn: aws.String(topicARN), Protocol: aws.String("sqs"), Endpoint: &arn,
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": filter}})
	require.NoError(w.t, err)
	return *out.QueueUrl
}

// received are the messages that a queue has, as event and body.
func (w *cloud) received(url string) (lines []string) {
	out, err := w.queues.ReceiveMessage(w.t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}})
	require.NoError(w.t, err)
	for _, m := range out.Messages {
		lines = append(lines, aws.ToString(m.MessageAttributes["iniesta_pass"].StringValue)+" "+*m.Body)
	}
	return lines
}

const everything = `{"iniesta_pass":[{"exists":true}]}`

func TestAServiceReceivesUntilItsContextEnds(t *testing.T) {
	w := newCloud(t, "EVENT_POLLING,SNS_PRODUCER")
	w.queue("iniesta-development-somewhere", `{"iniesta_pass":[{"prefix":"SomethingHappened."}]}`)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	_, err := w.topics.Publish(ctx, &awssns.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("{}"), MessageAttributes: map[string]types.MessageAttributeValue{
		"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("SomethingHappened.somewhere")}}})
	require.NoError(t, err)
	assert.Eventually(t, func() bool { return seen.count() == 1 }, 10*time.Second, 10*time.Millisecond)
	stop()
	require.NoError(t, <-ended)
	assert.Equal(t, []string{"somethingHappened SomethingHappened.somewhere"}, seen.take())
}

func TestAServiceAnswersHealthChecks(t *testing.T) {
	newCloud(t, "SNS_PRODUCER")
	ctx, stop := context.WithCancel(t.Context())
	app, err := iniesta.InitApp(ctx)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- serveHTTP(ctx, app, l) }()
	out, err := http.Get("http://" + l.Addr().String() + "/healthz")
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, out.StatusCode)
	require.NoError(t, out.Body.Close())
	http.DefaultClient.CloseIdleConnections()
	stop()
	require.NoError(t, <-ended)
}

func TestEachFormOfHandlerIsRun(t *testing.T) {
	require.NoError(t, register())
	require.NoError(t, sqs.DefaultRegistry.Err())
	w := newCloud(t, "QUEUE_POLLING")
	w.queue("iniesta-development-somewhere", everything)
	require.NoError(t, sqs.Initialize(t.Context()))
	defer sqs.SQSClient.Close(t.Context())
	for name, want := range map[string]string{
		"SomethingHappened.somewhere":   "somethingHappened",
		"SomethingHappened.elsewhere":   "SomethingHappened",
		"AnotherEvent.knowhere":         "SomethingHappened",
		"SomethingElseHappened.nowhere": "somethingElseHappened",
		"Unknown.there":                 "defaultHandler",
	} {
		m, err := sqs.SQSClient.CreateMessage("{}")
		require.NoError(t, err)
		require.NoError(t, m.AddRawEvent(name))
		m.MessageID = name
		_, err = sqs.SQSClient.HandleMessage(t.Context(), m)
		require.NoError(t, err)
		assert.Equal(t, []string{want + " " + name}, seen.take())
	}
}

func TestEachWayOfPublishing(t *testing.T) {
	w := newCloud(t, "SNS_PRODUCER")
	url := w.queue("watch", everything)
	app, err := iniesta.InitApp(t.Context())
	require.NoError(t, err)
	defer app.Stop(t.Context())
	client, err := initializeClient(t.Context(), topicARN)
	require.NoError(t, err)
	defer client.Close(t.Context())

	require.NoError(t, publishSomewhere(t.Context(), app))
	assert.Equal(t, []string{`SomeEvent.somewhere {"extra":"extra stuff i want to send"}`}, w.received(url))
	require.NoError(t, eventHappened(t.Context(), client))
	assert.Equal(t, []string{`EventHappened.somewhere {"id":1}`}, w.received(url))
	assert.JSONEq(t, `{"hello":"hi"}`, post(t, routes(app), "/hi"))
	assert.Equal(t, []string{`SaidHello.somewhere {"hello":"hi"}`}, w.received(url))
	assert.JSONEq(t, `{}`, post(t, someView{client}, "/"))
	assert.Equal(t, []string{`MyCustomEvent.somewhere {"command":"formation"}`}, w.received(url))
	_, err = initializeClient(t.Context(), topicARN+"-none")
	assert.Error(t, err)
}

func TestAQueueOfOnesOwnIsPolled(t *testing.T) {
	w := newCloud(t, "CUSTOM")
	url := w.queue("my_custom_queue", everything)
	client, err := customQueue()
	require.NoError(t, err)
	require.NoError(t, afterServerStart(t.Context(), client))
	_, err = w.queues.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("{}")})
	require.NoError(t, err)
	assert.Eventually(t, func() bool { return seen.count() == 1 }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, beforeServerStop(t.Context(), client))
	assert.Equal(t, []string{"handleSomething "}, seen.take())
}

func TestSomethingHappened(t *testing.T) {
	require.NoError(t, somethingHappened(&sqs.Message{MessageID: "1", RawBody: `{"id": 7}`}))
}

func post(t *testing.T, handler http.Handler, path string) string {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, nil))
	assert.Equal(t, http.StatusOK, w.Code)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.True(t, json.Valid(body))
	return string(body)
}
