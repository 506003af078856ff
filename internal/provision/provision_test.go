package provision

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/localaws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topicARN = "arn:aws:sns:us-east-1:000000000000:events"

func clients(t *testing.T) (*localaws.Server, *sqs.Client, *sns.Client) {
	server := localaws.New()
	t.Cleanup(func() { server.Close() })
	c := aws.Config{Region: "us-east-1", BaseEndpoint: aws.String("http://localhost"), HTTPClient: &http.Client{Transport: server.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), RetryMaxAttempts: 1}
	return server, sqs.NewFromConfig(c), sns.NewFromConfig(c)
}

func specOf(t *testing.T, filters ...string) Spec {
	policy, err := filter.Parse("iniesta_pass", filters)
	require.NoError(t, err)
	return Spec{TopicARN: topicARN, Queue: "orders", Subscribed: true, Filter: policy}
}

func TestWhatIsMissingIsMadeOnce(t *testing.T) {
	server, queues, topics := clients(t)
	spec := specOf(t, "Order.*")
	var out bytes.Buffer
	calls, err := Run(t.Context(), queues, topics, spec, false, &out)
	require.NoError(t, err)
	assert.Equal(t, 5, calls)
	assert.Zero(t, server.Calls()["CreateQueue"], "it was only shown")
	calls, err = Run(t.Context(), queues, topics, spec, true, &out)
	require.NoError(t, err)
	assert.Equal(t, 5, calls)
	calls, err = Run(t.Context(), queues, topics, spec, true, &out)
	require.NoError(t, err)
	assert.Zero(t, calls)

	_, err = topics.Publish(t.Context(), &sns.PublishInput{TopicArn: aws.String(topicARN), Message: aws.String("x")})
	require.NoError(t, err)
	assert.Empty(t, server.Inspect("orders").Messages, "it has no event that passes")
	assert.Zero(t, server.Undelivered())
}

func TestAFilterPolicyOfAnotherMeaningIsChanged(t *testing.T) {
	_, queues, topics := clients(t)
	var out bytes.Buffer
	_, err := Run(t.Context(), queues, topics, specOf(t, "Order.*"), true, &out)
	require.NoError(t, err)
	for want, filters := range map[int][]string{0: {"Order.shop", "Order.*"}, 1: {"Order.shop"}} {
		calls, err := Run(t.Context(), queues, topics, specOf(t, filters...), false, &out)
		require.NoError(t, err)
		assert.Equal(t, want, calls, "%v", filters)
	}
}

func TestSomeOfItIsEnough(t *testing.T) {
	server, queues, topics := clients(t)
	var out bytes.Buffer
	calls, err := Run(t.Context(), queues, topics, Spec{TopicARN: topicARN}, true, &out)
	require.NoError(t, err)
	assert.Equal(t, 1, calls)
	calls, err = Run(t.Context(), queues, topics, Spec{Queue: "orders.fifo"}, true, &out)
	require.NoError(t, err)
	assert.Equal(t, 2, calls)
	assert.Zero(t, server.Calls()["Subscribe"])
	q, err := FindQueue(t.Context(), queues, "orders.fifo")
	require.NoError(t, err)
	assert.True(t, q.FIFO())
	assert.Equal(t, `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:orders-dead.fifo","maxReceiveCount":"5"}`, q.Attributes["RedrivePolicy"])
	_, err = FindQueue(t.Context(), queues, "none")
	assert.ErrorIs(t, err, ErrNoQueue)
}

func TestATopicOfAnotherAccountIsNotMade(t *testing.T) {
	_, queues, topics := clients(t)
	var out bytes.Buffer
	_, err := Run(t.Context(), queues, topics, Spec{TopicARN: "arn:aws:sns:us-east-1:123456789012:events"}, true, &out)
	assert.ErrorContains(t, err, "it is now "+topicARN)
}

func TestWhatTheAPIRefusesIsPassedOn(t *testing.T) {
	for _, operation := range []string{"GetTopicAttributes", "GetQueueUrl", "GetQueueAttributes", "CreateQueue", "SetQueueAttributes", "ListSubscriptionsByTopic", "Subscribe"} {
		t.Run(operation, func(t *testing.T) {
			server, queues, topics := clients(t)
			server.SetFault(func(c localaws.Call) localaws.Fault {
				if c.Operation == operation {
					return localaws.Fault{Code: "AccessDenied", Status: http.StatusForbidden}
				}
				return localaws.Fault{}
			})
			var out bytes.Buffer
			_, err := Run(t.Context(), queues, topics, specOf(t, "Order.*"), true, &out)
			assert.ErrorContains(t, err, "AccessDenied")
			assert.Equal(t, "AccessDenied", Code(err))
		})
	}
}

func TestAPolicyKeepsWhatOthersWrote(t *testing.T) {
	const queueARN = "arn:aws:sqs:us-east-1:000000000000:orders"
	other := `{"Sid":"other","Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage","Resource":"*"}`
	own, err := Allow("", topicARN, queueARN)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"one alone": `{"Version":"2008-10-17","Id":"mine","Statement":` + other + `}`,
		"a list":    `{"Version":"2008-10-17","Id":"mine","Statement":[` + other + `]}`,
		"a list with an older one of ours": `{"Version":"2008-10-17","Id":"mine","Statement":[` + other +
			`,{"Sid":"iniestaevents","Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"elsewhere"}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			changed, err := Allow(text, topicARN, queueARN)
			require.NoError(t, err)
			assert.Contains(t, changed, other)
			assert.Contains(t, changed, `"Id":"mine"`)
			assert.NotContains(t, changed, "elsewhere")
			again, err := Allow(changed, topicARN, queueARN)
			require.NoError(t, err)
			assert.JSONEq(t, changed, again)
		})
	}
	assert.Contains(t, own, `"Version":"2012-10-17"`)
	_, err = Allow(`{"Statement":{"Sid":"no","Effect":"Deny","Principal":"*","Action":"*"}}`, topicARN, queueARN)
	assert.ErrorContains(t, err, `statement "no" denies it: change that first`)
	_, err = Allow(`{`, topicARN, queueARN)
	assert.Error(t, err)
}
