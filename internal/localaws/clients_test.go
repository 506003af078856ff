package localaws_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// clients are clients of a server in the process, of a region and an access key.
type clients struct {
	t   *testing.T
	sqs *sqs.Client
	sns *sns.Client
}

func newClients(t *testing.T, server *localaws.Server, region, key string) *clients {
	client := &http.Client{Transport: server.Transport()}
	keys := credentials.NewStaticCredentialsProvider(key, "secret", "")
	return &clients{t,
		sqs.New(sqs.Options{BaseEndpoint: aws.String("http://localhost"), Region: region, RetryMaxAttempts: 1, HTTPClient: client, Credentials: keys}),
		sns.New(sns.Options{BaseEndpoint: aws.String("http://localhost"), Region: region, RetryMaxAttempts: 1, HTTPClient: client, Credentials: keys})}
}

func (c *clients) topic(name string) string {
	out, err := c.sns.CreateTopic(c.t.Context(), &sns.CreateTopicInput{Name: &name})
	require.NoError(c.t, err)
	return *out.TopicArn
}

func (c *clients) queue(name string, attributes map[string]string) string {
	out, err := c.sqs.CreateQueue(c.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	require.NoError(c.t, err)
	return *out.QueueUrl
}

func (c *clients) arn(queue string) string {
	out, err := c.sqs.GetQueueAttributes(c.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
	require.NoError(c.t, err)
	return out.Attributes["QueueArn"]
}

// inbox is a queue that takes what topics send, subscribed to a topic.
func (c *clients) inbox(topic, name string, attributes map[string]string) string {
	q := c.queue(name, map[string]string{"Policy": `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}`})
	_, err := c.sns.Subscribe(c.t.Context(), &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: aws.String(c.arn(q)), Attributes: attributes})
	require.NoError(c.t, err)
	return q
}

func (c *clients) send(queue, body string) {
	_, err := c.sqs.SendMessage(c.t.Context(), &sqs.SendMessageInput{QueueUrl: &queue, MessageBody: &body})
	require.NoError(c.t, err)
}

func (c *clients) receive(queue string) []types.Message {
	out, err := c.sqs.ReceiveMessage(c.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: 10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}})
	require.NoError(c.t, err)
	return out.Messages
}

func (c *clients) delete(queue string, handle *string) error {
	_, err := c.sqs.DeleteMessage(c.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: handle})
	return err
}

func (c *clients) hide(queue string, handle *string, seconds int32) error {
	_, err := c.sqs.ChangeMessageVisibility(c.t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: &queue, ReceiptHandle: handle, VisibilityTimeout: seconds})
	return err
}
