package localaws_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

func TestEachRegionAndAccountHasQueuesAndTopicsOfItsOwn(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	home, abroad, other := newClients(t, server, "us-east-1", "key"), newClients(t, server, "eu-west-1", "key"), newClients(t, server, "us-east-1", "123456789012")
	urls := map[*clients]string{}
	for c, arn := range map[*clients]string{
		home:   "arn:aws:sqs:us-east-1:000000000000:orders",
		abroad: "arn:aws:sqs:eu-west-1:000000000000:orders",
		other:  "arn:aws:sqs:us-east-1:123456789012:orders",
	} {
		urls[c] = c.queue("orders", nil)
		assert.Equal(t, arn, c.arn(urls[c]))
		c.send(urls[c], arn)
		c.topic("events")
	}
	for _, c := range []*clients{home, abroad, other} {
		got := c.receive(urls[c])
		require.Len(t, got, 1)
		assert.Equal(t, c.arn(urls[c]), *got[0].Body)
		queues, err := c.sqs.ListQueues(t.Context(), &sqs.ListQueuesInput{})
		require.NoError(t, err)
		assert.Len(t, queues.QueueUrls, 1)
		topics, err := c.sns.ListTopics(t.Context(), &sns.ListTopicsInput{})
		require.NoError(t, err)
		assert.Len(t, topics.Topics, 1)
	}
}

func TestAQueueOfAnotherAccountIsReachedByItsURL(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	owner, user := newClients(t, server, "us-east-1", "123456789012"), newClients(t, server, "us-east-1", "key")
	owner.queue("orders", nil)
	_, err := user.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders")})
	assert.ErrorContains(t, err, "NonExistentQueue")
	out, err := user.sqs.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("orders"), QueueOwnerAWSAccountId: aws.String("123456789012")})
	require.NoError(t, err)
	assert.Equal(t, "http://localhost/123456789012/orders", *out.QueueUrl)
	user.send(*out.QueueUrl, "x")
	assert.Len(t, owner.receive(*out.QueueUrl), 1)
}

func TestATopicSendsToAQueueOfAnotherAccountAndRegion(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	publisher, subscriber := newClients(t, server, "us-east-1", "key"), newClients(t, server, "eu-west-1", "123456789012")
	topic := publisher.topic("events")
	q := subscriber.queue("orders", map[string]string{"Policy": `{"Statement":{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*","Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"}}}}`})
	_, err := publisher.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: aws.String(subscriber.arn(q))})
	require.NoError(t, err)
	_, err = publisher.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("x")})
	require.NoError(t, err)
	assert.Len(t, subscriber.receive(q), 1)
}

func TestACallWithoutASignatureIsTheServersOwn(t *testing.T) {
	server := localaws.NewIn("eu-central-1", "210987654321")
	defer server.Close()
	client := &http.Client{Transport: server.Transport()}
	for _, url := range []string{
		"http://localhost/?Action=CreateQueue&Version=2012-11-05&QueueName=orders",
		"http://localhost/210987654321/orders?Action=SendMessage&Version=2012-11-05&MessageBody=x",
	} {
		response, err := client.Get(url)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, 200, response.StatusCode)
	}
	assert.Len(t, server.Inspect("orders").Messages, 1)
}

func TestHealthIsAnswered(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	newClients(t, server, "us-east-1", "key").queue("q", nil)
	client := &http.Client{Transport: server.Transport()}
	response, err := client.Get("http://localhost/health")
	require.NoError(t, err)
	assert.Equal(t, 200, response.StatusCode)
	assert.JSONEq(t, `{"status":"ok","services":["sqs","sns"],"queues":1,"topics":0}`, readAll(t, response))
	response, err = client.Get("http://localhost/")
	require.NoError(t, err)
	assert.Equal(t, 400, response.StatusCode)
	assert.Contains(t, readAll(t, response), "UnknownOperationException")
}
