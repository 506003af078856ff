package embedded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const seedYAML = `
queues:
  - name: orders
    attributes: {VisibilityTimeout: 61}
    deadLetterQueue: orders-dead
    maxReceiveCount: 3
    tags: {team: shop}
  - name: orders-dead
  - name: steps.fifo
    attributes: {ContentBasedDeduplication: true}
topics:
  - name: events
    attributes: {DisplayName: Events}
    tags: {team: shop}
    subscriptions:
      - queue: orders
        filter: {kind: [{prefix: "Order."}]}
        deadLetterQueue: orders-dead
  - name: audit
    subscriptions: [{queue: orders, raw: false}]
  - name: steps.fifo
    subscriptions: [{queue: steps.fifo}]
`

func seedFile(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "seed.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestASeedMakesWhatItHas(t *testing.T) {
	s, c := started(t, "")
	defer s.Close()
	seed, err := ReadSeed(seedFile(t, seedYAML))
	require.NoError(t, err)
	for range 2 { // the second time everything is there
		require.NoError(t, s.Plant(t.Context(), seed))
	}
	orders, err := c.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	got, err := c.queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: orders.QueueUrl, AttributeNames: []types.QueueAttributeName{"All"}})
	require.NoError(t, err)
	assert.Equal(t, "61", got.Attributes["VisibilityTimeout"])
	assert.JSONEq(t, `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:orders-dead","maxReceiveCount":3}`, got.Attributes["RedrivePolicy"])

	kind := func(value string) map[string]snstypes.MessageAttributeValue {
		return map[string]snstypes.MessageAttributeValue{"kind": {DataType: aws.String("String"), StringValue: &value}}
	}
	publish := func(in *sns.PublishInput, topic string) {
		in.TopicArn = aws.String("arn:aws:sns:us-east-1:000000000000:" + topic)
		_, err := c.topics.Publish(t.Context(), in)
		require.NoError(t, err)
	}
	publish(&sns.PublishInput{Message: aws.String("passes"), MessageAttributes: kind("Order.shop")}, "events")
	publish(&sns.PublishInput{Message: aws.String("does not"), MessageAttributes: kind("User.shop")}, "events")
	publish(&sns.PublishInput{Message: aws.String("in an envelope")}, "audit")
	messages := c.receive(orders.QueueUrl, 10, 30)
	require.Len(t, messages, 2, "the policy lets both topics send")
	assert.Equal(t, "passes", *messages[0].Body)
	assert.Contains(t, *messages[1].Body, `"Message": "in an envelope"`)

	publish(&sns.PublishInput{Message: aws.String("first"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("1")}, "steps.fifo")
	steps, err := c.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("steps.fifo")})
	require.NoError(t, err)
	assert.Len(t, c.receive(steps.QueueUrl, 10, 30), 1)
}

func TestASeedInJSONIsReadToo(t *testing.T) {
	seed, err := ReadSeed(seedFile(t, `{"queues":[{"name":"orders","attributes":{"VisibilityTimeout":"5"}}],"topics":[{"name":"events","subscriptions":[{"queue":"orders"}]}]}`))
	require.NoError(t, err)
	assert.Equal(t, "orders", seed.Topics[0].Subscriptions[0].Queue)
}

func TestASeedThatIsWrongIsRefused(t *testing.T) {
	for text, says := range map[string]string{
		"queues: [{name: a, colour: red}]":                 "field colour not found",
		"queues: 7":                                        "cannot unmarshal",
		"queues: [{}]":                                     "queue 1 has no name",
		"topics: [{}]":                                     "topic 1 has no name",
		"queues: [{name: a, deadLetterQueue: b}]":          "queue a names the queue b, which is not in queues",
		"topics: [{name: t, subscriptions: [{}]}]":         "subscription 1 of topic t has no queue",
		"topics: [{name: t, subscriptions: [{queue: q}]}]": "subscription 1 of topic t names the queue q, which is not in queues",
		"queues: [{name: a}\n":                             "did not find expected",
	} {
		_, err := ReadSeed(seedFile(t, text))
		assert.ErrorContains(t, err, says, text)
	}
	_, err := ReadSeed(filepath.Join(t.TempDir(), "none"))
	assert.ErrorContains(t, err, "reading the seed")
	seed, err := ReadSeed(seedFile(t, ""))
	require.NoError(t, err)
	assert.Empty(t, seed.Queues)
}

func TestWhatTheServicesRefuseOfASeedIsSaid(t *testing.T) {
	s, _ := started(t, "")
	defer s.Close()
	for _, c := range []struct {
		seed Seed
		says string
	}{
		{Seed{Queues: []SeedQueue{{Name: "a b"}}}, "making the queue a b: "},
		{Seed{Queues: []SeedQueue{{Name: "q", Attributes: map[string]any{"Colour": "red"}}}}, "Unknown Attribute Colour"},
		{Seed{Queues: []SeedQueue{{Name: "q", DeadLetterQueue: "q", MaxReceiveCount: 1001}}}, "setting the dead-letter queue of q: "},
		{Seed{Topics: []SeedTopic{{Name: "t", Attributes: map[string]any{"Colour": "red"}}}}, "making the topic t: "},
		{Seed{Topics: []SeedTopic{{Name: "t", Subscriptions: []SeedSubscription{{Queue: "q", Filter: map[string]any{"k": "v"}}}}}}, "must be an object or an array"},
	} {
		assert.ErrorContains(t, s.Plant(t.Context(), &c.seed), c.says)
	}
}
