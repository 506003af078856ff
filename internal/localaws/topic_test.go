package localaws_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

func topics(t *testing.T) (*localaws.Server, *sns.Client) {
	server := localaws.New()
	t.Cleanup(func() { server.Close() })
	return server, sns.New(sns.Options{
		BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1", RetryMaxAttempts: 1,
		HTTPClient:  &http.Client{Transport: server.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})
}

func TestSubscriptionsAreListedInPages(t *testing.T) {
	_, api := topics(t)
	topic, err := api.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	for i := range 250 {
		_, err := api.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"),
			Endpoint: aws.String(fmt.Sprintf("arn:aws:sqs:us-east-1:000000000000:q%d", i))})
		require.NoError(t, err)
	}
	var sizes []int
	seen := map[string]bool{}
	pages := sns.NewListSubscriptionsByTopicPaginator(api, &sns.ListSubscriptionsByTopicInput{TopicArn: topic.TopicArn})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		sizes = append(sizes, len(page.Subscriptions))
		for _, s := range page.Subscriptions {
			seen[*s.Endpoint] = true
		}
	}
	assert.Equal(t, []int{100, 100, 50}, sizes)
	assert.Len(t, seen, 250)
	_, err = api.ListSubscriptionsByTopic(t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: topic.TopicArn, NextToken: aws.String("x")})
	assert.ErrorContains(t, err, "NextToken")
}

func TestCallsOfTopicsCanFailOnPurposeAndAreCounted(t *testing.T) {
	server, api := topics(t)
	topic, err := api.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	server.SetFault(func(c localaws.Call) localaws.Fault {
		if c.Operation == "Publish" && c.Topic == *topic.TopicArn && c.N == 1 {
			return localaws.Throttle
		}
		return localaws.Fault{}
	})
	publish := func() error {
		_, err := api.Publish(t.Context(), &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("x")})
		return err
	}
	assert.ErrorContains(t, publish(), "ThrottlingException")
	assert.NoError(t, publish())
	assert.Equal(t, 2, server.Calls()["Publish"])
}

func TestWhatQueuesDoNotTakeIsCounted(t *testing.T) {
	server, api := topics(t)
	topic, err := api.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	_, err = api.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:000000000000:none")})
	require.NoError(t, err)
	_, err = api.Publish(t.Context(), &sns.PublishInput{TopicArn: topic.TopicArn, Message: aws.String("x")})
	require.NoError(t, err)
	assert.EqualValues(t, 1, server.Undelivered())
}

func TestAFormThatIsNoCallIsRefused(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	for name, c := range map[string]struct {
		body, says string
	}{
		"no action":               {"Version=2010-03-31", "InvalidAction"},
		"an unknown action":       {"Action=Fly", "The action Fly is not valid"},
		"a value that has fields": {"Action=Publish&TopicArn=x&TopicArn.y=z", "SerializationException"},
		"fields for a value":      {"Action=Publish&TopicArn.y=z", "SerializationException"},
		"a bad escape":            {"Action=%zz", "SerializationException"},
		"a path without end":      {"Action=Publish&" + strings.Repeat("a.", 50) + "=z", "SerializationException"},
		"too many fields":         {"Action=Publish" + manyFields(3000), "SerializationException"},
		"no ARN":                  {"Action=Publish&TopicArn=events", "An ARN must have"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			assert.Equal(t, http.StatusBadRequest, w.Code)
			assert.Contains(t, w.Body.String(), c.says)
			assert.Contains(t, w.Body.String(), "<ErrorResponse xmlns=")
		})
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "&f%d=", i)
	}
	return b.String()
}

func FuzzForm(f *testing.F) {
	f.Add("Action=Publish&TopicArn=arn:aws:sns:us-east-1:000000000000:events&Message=x&MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String&MessageAttributes.entry.1.Value.StringValue=b")
	f.Add("Action=CreateTopic&Name=events&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=x")
	f.Add("Action=SendMessage&Version=2012-11-05&QueueUrl=x/q&MessageBody=x&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number&MessageAttribute.1.Value.StringValue=1")
	f.Add("Action=CreateQueue&Version=2012-11-05&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0")
	f.Add("Action=PublishBatch&TopicArn=arn:x&PublishBatchRequestEntries.member.1.Id=1")
	server := localaws.New()
	f.Cleanup(func() { server.Close() })
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError {
			t.Fatal(w.Code, w.Body.String())
		}
	})
}
