package localaws_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

func readAll(t *testing.T, response *http.Response) string {
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(text)
}

// post is what an endpoint got.
type post struct {
	header http.Header
	body   string
}

// endpoint is an http server that a topic posts to; answer is the status of each post.
func endpoint(t *testing.T, answer func(n int) int) (url string, posts chan post) {
	posts = make(chan post, 100)
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		n++
		w.WriteHeader(answer(n))
		posts <- post{r.Header, string(body)}
	}))
	t.Cleanup(s.Close)
	return s.URL, posts
}

func next(t *testing.T, posts chan post) post {
	select {
	case p := <-posts:
		return p
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing was posted")
		return post{}
	}
}

func always(status int) func(int) int { return func(int) int { return status } }

// subscribed is an endpoint that has confirmed its subscription, by the URL that it was sent.
func subscribed(t *testing.T, server *localaws.Server, c *clients, topic, url string, posts chan post, attributes map[string]string) (arn string) {
	out, err := c.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("http"), Endpoint: &url, Attributes: attributes})
	require.NoError(t, err)
	require.Equal(t, "pending confirmation", *out.SubscriptionArn)
	p := next(t, posts)
	assert.Equal(t, "SubscriptionConfirmation", p.header.Get("X-Amz-Sns-Message-Type"))
	var e envelope
	require.NoError(t, json.Unmarshal([]byte(p.body), &e))
	client := &http.Client{Transport: server.Transport()}
	e.verify(t, client)
	for range 2 { // confirming again succeeds
		response, err := client.Get(e.SubscribeURL)
		require.NoError(t, err)
		require.Contains(t, readAll(t, response), "<ConfirmSubscriptionResult><SubscriptionArn>"+topic+":")
	}
	list, err := c.sns.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	require.NoError(t, err)
	return *list.Subscriptions[len(list.Subscriptions)-1].SubscriptionArn
}

func TestAnEndpointIsPostedToOnceItHasConfirmed(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	c := newClients(t, server, "us-east-1", "key")
	topic := c.topic("events")
	url, posts := endpoint(t, always(200))
	arn := subscribed(t, server, c, topic, url, posts, nil)
	_, err := c.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("hello"), Subject: aws.String("Hi")})
	require.NoError(t, err)
	p := next(t, posts)
	assert.Equal(t, "Notification", p.header.Get("X-Amz-Sns-Message-Type"))
	assert.Equal(t, topic, p.header.Get("X-Amz-Sns-Topic-Arn"))
	assert.Equal(t, arn, p.header.Get("X-Amz-Sns-Subscription-Arn"))
	assert.Equal(t, "text/plain; charset=UTF-8", p.header.Get("Content-Type"))
	var e envelope
	require.NoError(t, json.Unmarshal([]byte(p.body), &e))
	assert.Equal(t, "hello", e.Message)
	client := &http.Client{Transport: server.Transport()}
	e.verify(t, client)

	response, err := client.Get(e.UnsubscribeURL)
	require.NoError(t, err)
	assert.Equal(t, 200, response.StatusCode)
	readAll(t, response)
	attributes, err := c.sns.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: &topic})
	require.NoError(t, err)
	assert.Equal(t, "0 0 1", attributes.Attributes["SubscriptionsConfirmed"]+" "+attributes.Attributes["SubscriptionsPending"]+" "+attributes.Attributes["SubscriptionsDeleted"])
}

func TestAnEndpointThatHasNotConfirmedGetsNothing(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	c := newClients(t, server, "us-east-1", "key")
	topic := c.topic("events")
	url, posts := endpoint(t, always(200))
	out, err := c.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &topic, Protocol: aws.String("http"), Endpoint: &url, ReturnSubscriptionArn: true})
	require.NoError(t, err)
	assert.Contains(t, *out.SubscriptionArn, topic+":")
	next(t, posts)
	_, err = c.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("hello")})
	require.NoError(t, err)
	require.NoError(t, server.Close()) // waits for every delivery
	assert.Empty(t, posts)
}

func TestRawDeliveryToAnEndpointIsTheMessageAlone(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	c := newClients(t, server, "us-east-1", "key")
	topic := c.topic("events")
	url, posts := endpoint(t, always(200))
	subscribed(t, server, c, topic, url, posts, map[string]string{"RawMessageDelivery": "true"})
	_, err := c.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String(`{"default":"d","http":"h"}`), MessageStructure: aws.String("json")})
	require.NoError(t, err)
	p := next(t, posts)
	assert.Equal(t, "h", p.body)
	assert.Equal(t, "true", p.header.Get("X-Amz-Sns-Rawdelivery"))
}

func TestAnEndpointThatFailsIsTriedAgainAndThenThereIsTheDeadLetterQueue(t *testing.T) {
	for name, tt := range map[string]struct {
		status, posts int
	}{
		"a failure is tried again": {500, 3},
		"a refusal is not":         {400, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := localaws.New()
			defer server.Close()
			c := newClients(t, server, "us-east-1", "key")
			topic := c.topic("events")
			_, err := c.sns.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: &topic, AttributeName: aws.String("DeliveryPolicy"),
				AttributeValue: aws.String(`{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":0,"maxDelayTarget":0,"numRetries":2}}}`)})
			require.NoError(t, err)
			dead := c.queue("dead", map[string]string{"Policy": `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}`})
			url, posts := endpoint(t, func(n int) int {
				if n == 1 {
					return 200 // to the confirmation
				}
				return tt.status
			})
			subscribed(t, server, c, topic, url, posts, map[string]string{"RawMessageDelivery": "true", "RedrivePolicy": `{"deadLetterTargetArn":"` + c.arn(dead) + `"}`})
			_, err = c.sns.Publish(t.Context(), &sns.PublishInput{TopicArn: &topic, Message: aws.String("hello")})
			require.NoError(t, err)
			require.Eventually(t, func() bool { return len(server.Inspect("dead").Messages) == 1 }, 20*time.Second, 5*time.Millisecond)
			assert.Equal(t, "hello", server.Inspect("dead").Messages[0].Body)
			assert.Len(t, posts, tt.posts)
		})
	}
}

func TestEndpointsThatAreNotOfThisMachineAreRefused(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	c := newClients(t, server, "us-east-1", "key")
	topic := c.topic("events")
	for protocol, tests := range map[string]map[string]string{
		"http":   {"http://example.com/": "only http endpoints on the loopback", "https://127.0.0.1/": "Endpoint must match the specified protocol", "x": "Endpoint must match"},
		"https":  {"https://127.0.0.1/": "https is not offered here"},
		"email":  {"a@example.com": "email is not offered here"},
		"lambda": {"arn:aws:lambda:us-east-1:000000000000:function:f": "lambda is not offered here"},
	} {
		for endpoint, says := range tests {
			_, err := c.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: &topic, Protocol: &protocol, Endpoint: &endpoint})
			assert.ErrorContains(t, err, says)
		}
	}
}
