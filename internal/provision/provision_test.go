package provision

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
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
	"github.com/seed08532102/iniesta/internal/policy"
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

const queueARN = "arn:aws:sqs:us-east-1:000000000000:orders"

func TestAPolicyKeepsWhatOthersWrote(t *testing.T) {
	other := `{"Sid":"other & more","Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage","Resource":"*"}`
	like := `{"Sid":"iniestaevents","Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"elsewhere"}`
	own, err := Allow("", topicARN, queueARN)
	require.NoError(t, err)
	assert.Contains(t, own, `"Version":"2012-10-17"`)
	for name, text := range map[string]string{
		"one alone":                        `{"Version":"2008-10-17","Id":"mine","Statement":` + other + `}`,
		"a list":                           `{"Version":"2008-10-17","Id":"mine","Statement":[` + other + `]}`,
		"a list with a Sid that begins so": `{"Version":"2008-10-17","Id":"mine","Statement":[` + other + `,` + like + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			changed, err := Allow(text, topicARN, queueARN)
			require.NoError(t, err)
			assert.Contains(t, changed, other)
			assert.Equal(t, strings.Contains(text, like), strings.Contains(changed, like))
			assert.Contains(t, changed, `"Id":"mine"`)
			again, err := Allow(changed, topicARN, queueARN)
			require.NoError(t, err)
			assert.Equal(t, changed, again)
		})
	}
	_, err = Allow(`{"Statement":{"Sid":"no","Effect":"Deny","Principal":"*","Action":"*"}}`, topicARN, queueARN)
	assert.ErrorContains(t, err, `statement "no" denies it: change that first`)
	_, err = Allow(`{`, topicARN, queueARN)
	assert.Error(t, err)
}

func TestAStatementOfOursThatWasChangedIsMended(t *testing.T) {
	own, err := Allow("", topicARN, queueARN)
	require.NoError(t, err)
	mended, err := Allow(strings.Replace(own, queueARN, "elsewhere", 1), topicARN, queueARN)
	require.NoError(t, err)
	assert.Equal(t, own, mended)
}

// Topics whose names differ in what a Sid cannot have, in account or in region have a statement each.
func TestEachTopicHasAStatementOfItsOwn(t *testing.T) {
	topics := []string{
		topicARN, "arn:aws:sns:us-east-1:000000000000:ev-ents", "arn:aws:sns:us-east-1:000000000000:ev_ents", "arn:aws:sns:us-east-1:000000000000:Events",
		"arn:aws:sns:us-east-1:111111111111:events", "arn:aws:sns:eu-west-1:000000000000:events", "arn:aws:sns:us-east-1:000000000000:events.fifo",
		"arn:aws:sns:us-east-1:000000000000:-", "arn:aws:sns:us-east-1:000000000000:_", "arn:aws:sns:us-east-1:000000000000:" + strings.Repeat("a", 256),
		"arn:aws:sns:us-east-1:000000000000:" + strings.Repeat("a", 255) + "b",
	}
	text := ""
	for _, topic := range topics {
		var err error
		text, err = Allow(text, topic, queueARN)
		require.NoError(t, err)
		assert.Regexp(t, `^[0-9A-Za-z]{1,80}$`, statementID(topic))
	}
	p, err := policy.Parse(text)
	require.NoError(t, err)
	for _, topic := range topics {
		assert.Equal(t, policy.Yes, p.TopicMaySend(topic, queueARN).Decision, topic)
	}
	var written struct{ Statement []struct{ Sid string } }
	require.NoError(t, json.Unmarshal([]byte(text), &written))
	require.Len(t, written.Statement, len(topics))
	assert.Equal(t, statementID(topicARN), written.Statement[0].Sid, "the first stays first")
}

// The Python library looks at the first statement only, for the effect and for the action in just these letters.
func TestTheFirstStatementIsOneThatPythonIsContentWith(t *testing.T) {
	pythons := `{"Sid":"a","Effect":"Allow","Principal":"*","Action":%s,"Resource":"` + queueARN + `","Condition":{"ArnEquals":{"aws:SourceArn":"x"}}}`
	for name, c := range map[string]struct{ first, want string }{
		"none":                  {"", statementID(topicARN)},
		"another action":        {`{"Sid":"a","Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"}`, statementID(topicARN)},
		"the action in small":   {fmt.Sprintf(pythons, `"sqs:SendMessage"`), statementID(topicARN)},
		"a denial":              {`{"Sid":"a","Effect":"Deny","Principal":{"AWS":"1"},"Action":"SQS:SendMessage"}`, statementID(topicARN)},
		"one for another topic": {fmt.Sprintf(pythons, `"SQS:SendMessage"`), "a"},
		"one with a list":       {fmt.Sprintf(pythons, `["SQS:ReceiveMessage","SQS:SendMessage"]`), "a"},
	} {
		t.Run(name, func(t *testing.T) {
			text := ""
			if c.first != "" {
				text = `{"Statement":[` + c.first + `]}`
			}
			changed, err := Allow(text, topicARN, queueARN)
			require.NoError(t, err)
			var written struct {
				Statement []struct{ Sid, Effect, Action string }
			}
			_ = json.Unmarshal([]byte(changed), &written) // a list of actions does not fit
			assert.Equal(t, c.want, written.Statement[0].Sid)
		})
	}
}

func TestAPolicyThatIsUndecidedIsAddedToOnce(t *testing.T) {
	_, queues, topics := clients(t)
	var out bytes.Buffer
	_, err := Run(t.Context(), queues, topics, specOf(t, "Order.*"), true, &out)
	require.NoError(t, err)
	q, err := FindQueue(t.Context(), queues, "orders")
	require.NoError(t, err)
	_, err = queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &q.URL, Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Sid":"org","Effect":"Deny","Principal":"*","Action":"*","Condition":{"StringNotEquals":{"aws:SourceOrgID":"o-1"}}}]}`}})
	require.NoError(t, err)
	for _, want := range []int{1, 0} {
		out.Reset()
		calls, err := Run(t.Context(), queues, topics, specOf(t, "Order.*"), true, &out)
		require.NoError(t, err)
		assert.Equal(t, want, calls)
	}
	assert.Contains(t, out.String(), `the permission of the topic to send, which is undecided: statement "org": its condition StringNotEquals on aws:SourceOrgID`)
}
