package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// client calls servers in the process.
type client struct {
	t      *testing.T
	queues *sqs.Client
	topics *sns.Client
}

func clientOf(t *testing.T, s *Servers) client {
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	transport := &http.Client{Transport: s.AWS.Transport()}
	return client{t,
		sqs.New(sqs.Options{BaseEndpoint: &s.URL, Region: "us-east-1", HTTPClient: transport, Credentials: keys, RetryMaxAttempts: 1}),
		sns.New(sns.Options{BaseEndpoint: &s.URL, Region: "us-east-1", HTTPClient: transport, Credentials: keys, RetryMaxAttempts: 1})}
}

func (c client) queue(name string, attributes map[string]string) *string {
	out, err := c.queues.CreateQueue(c.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes, Tags: map[string]string{"team": "shop"}})
	require.NoError(c.t, err)
	return out.QueueUrl
}

func (c client) send(queue *string, body, group string) {
	in := &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{
		"k": {DataType: aws.String("String"), StringValue: aws.String("v")}}}
	if group != "" {
		in.MessageGroupId, in.MessageDeduplicationId = &group, &body
	}
	_, err := c.queues.SendMessage(c.t.Context(), in)
	require.NoError(c.t, err)
}

func (c client) receive(queue *string, n, visibility int32) []types.Message {
	out, err := c.queues.ReceiveMessage(c.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: n, VisibilityTimeout: visibility,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}, MessageAttributeNames: []string{"All"}})
	require.NoError(c.t, err)
	return out.Messages
}

func (c client) delete(queue *string, m types.Message) error {
	_, err := c.queues.DeleteMessage(c.t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue, ReceiptHandle: m.ReceiptHandle})
	return err
}

func started(t *testing.T, directory string) (*Servers, client) {
	s, err := Start(Options{Data: directory})
	require.NoError(t, err)
	return s, clientOf(t, s)
}

func TestQueuesTopicsAndMessagesSurviveARestart(t *testing.T) {
	directory := filepath.Join(t.TempDir(), "data")
	s, c := started(t, directory)
	orders, fifo := c.queue("orders", map[string]string{"VisibilityTimeout": "77"}), c.queue("steps.fifo", map[string]string{"FifoQueue": "true"})
	topic, err := c.topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	_, err = c.topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:000000000000:orders"),
		Attributes: map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"k":["v"]}`}})
	require.NoError(t, err)
	for _, body := range []string{"deleted", "received", "left"} {
		c.send(orders, body, "")
	}
	got := c.receive(orders, 2, 600)
	require.NoError(t, c.delete(orders, got[0]))
	for i := range 3 {
		c.send(fifo, strconv.Itoa(i), "g")
	}
	held := c.receive(fifo, 1, 600)
	s.Close()

	s, c = started(t, directory)
	defer s.Close()
	attributes, err := c.queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: orders, AttributeNames: []types.QueueAttributeName{"All"}})
	require.NoError(t, err)
	assert.Equal(t, "77", attributes.Attributes["VisibilityTimeout"])
	assert.Equal(t, "1", attributes.Attributes["ApproximateNumberOfMessagesNotVisible"])
	tags, err := c.queues.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: orders})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"team": "shop"}, tags.Tags)
	left := c.receive(orders, 10, 0)
	require.Len(t, left, 1, "what was received stays in flight")
	assert.Equal(t, "left", *left[0].Body)
	assert.Equal(t, "v", *left[0].MessageAttributes["k"].StringValue)
	assert.NoError(t, c.delete(orders, got[1]), "with the receipt handle of before")

	assert.Empty(t, c.receive(fifo, 10, 0), "its group is held by the message in flight")
	c.send(fifo, "1", "g") // again, within five minutes
	require.NoError(t, c.delete(fifo, held[0]))
	rest := c.receive(fifo, 10, 600)
	require.Len(t, rest, 2)
	assert.Equal(t, "1 2", *rest[0].Body+" "+*rest[1].Body)
	c.send(fifo, "3", "h")
	assert.Greater(t, c.receive(fifo, 1, 600)[0].Attributes["SequenceNumber"], rest[1].Attributes["SequenceNumber"])

	list, err := c.topics.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: topic.TopicArn})
	require.NoError(t, err)
	require.Len(t, list.Subscriptions, 1)
	subscription, err := c.topics.GetSubscriptionAttributes(t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: list.Subscriptions[0].SubscriptionArn})
	require.NoError(t, err)
	assert.Equal(t, `{"k":["v"]}`, subscription.Attributes["FilterPolicy"])
}

func TestWhatIsDeletedStaysDeletedAfterARestart(t *testing.T) {
	directory := t.TempDir()
	s, c := started(t, directory)
	gone, purged, dead := c.queue("gone", nil), c.queue("purged", nil), c.queue("dead", nil)
	work := c.queue("work", map[string]string{"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`})
	for _, q := range []*string{gone, purged, work} {
		c.send(q, "x", "")
	}
	_, err := c.queues.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: gone})
	require.NoError(t, err)
	_, err = c.queues.PurgeQueue(t.Context(), &sqs.PurgeQueueInput{QueueUrl: purged})
	require.NoError(t, err)
	c.receive(work, 1, 0)
	assert.Empty(t, c.receive(work, 1, 0), "it is a dead letter now")
	s.Close()

	s, c = started(t, directory)
	defer s.Close()
	list, err := c.queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	assert.Len(t, list.QueueUrls, 3)
	assert.Empty(t, c.receive(purged, 10, 0))
	assert.Empty(t, c.receive(work, 10, 0))
	letters := c.receive(dead, 10, 0)
	require.Len(t, letters, 1)
	assert.Equal(t, "arn:aws:sqs:us-east-1:000000000000:work", letters[0].Attributes["DeadLetterQueueSourceArn"])
}

func TestAStoreIsOneProcesss(t *testing.T) {
	directory := t.TempDir()
	s, _ := started(t, directory)
	defer s.Close()
	_, err := Start(Options{Data: directory})
	assert.ErrorContains(t, err, "another process has it")
	_, err = Start(Options{Data: filepath.Join(directory, StoreName)})
	assert.ErrorContains(t, err, "making the directory for data")
}

func TestAStoreThatIsNoneIsRefused(t *testing.T) {
	directory := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(directory, StoreName), []byte("no database"), 0o600))
	_, err := Start(Options{Data: directory})
	assert.ErrorContains(t, err, "opening")
}

// failing is a store whose writes fail from the second on.
type failing struct{ writes int }

func (f *failing) Each(func(string, []byte) error) error { return nil }
func (f *failing) Write(...localaws.Change) error {
	if f.writes++; f.writes > 1 {
		return errors.New("no space left")
	}
	return nil
}

func TestAStoreThatCannotBeWrittenEndsTheService(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	require.NoError(t, server.Keep(&failing{}))
	c := clientOf(t, &Servers{AWS: server, URL: "http://localhost"})
	q := c.queue("q", nil)
	c.send(q, "the change that cannot be kept", "")
	_, err := c.queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q, MessageBody: aws.String("x")})
	assert.ErrorContains(t, err, "what is to be kept cannot be written: no space left")
}

func TestWhatWasKeptByAnotherVersionIsRefused(t *testing.T) {
	for key, says := range map[string]string{"planet/earth": "it is not of this version", "message/arn:aws:sqs:us-east-1:000000000000:q/1": "was not kept"} {
		directory := t.TempDir()
		st, err := openStore(directory)
		require.NoError(t, err)
		require.NoError(t, st.Write(localaws.Change{Key: key, Value: []byte("{}")}))
		require.NoError(t, st.Close())
		_, err = Start(Options{Data: directory})
		assert.ErrorContains(t, err, says)
	}
}

func BenchmarkSendWithData(b *testing.B) {
	s, err := Start(Options{Data: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c := clientOf(&testing.T{}, s)
	out, err := c.queues.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		body := fmt.Sprint(i, time.Now())
		if _, err := c.queues.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: out.QueueUrl, MessageBody: &body}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestADeadLetterWhoseQueueIsDeletedLeavesNothingBehind(t *testing.T) {
	directory := t.TempDir()
	s, c := started(t, directory)
	dead := c.queue("dead", nil)
	work := c.queue("work", map[string]string{"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}`})
	for i := range 10 {
		c.send(work, strconv.Itoa(i), "")
	}
	var busy sync.WaitGroup
	busy.Go(func() {
		for range 5 {
			c.receive(work, 10, 0)
		}
	})
	busy.Go(func() {
		_, err := c.queues.DeleteQueue(context.Background(), &sqs.DeleteQueueInput{QueueUrl: dead})
		assert.NoError(t, err)
	})
	busy.Wait()
	s.Close()
	s, _ = started(t, directory)
	s.Close()
}
