package sns_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sns"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const arn = "arn:aws:sns:us-east-1:000000000000:events"

// api is the part of SNS that a test answers.
type api struct {
	sns.API
	publish func(*awssns.PublishInput) (*awssns.PublishOutput, error)
	batch   func(*awssns.PublishBatchInput) (*awssns.PublishBatchOutput, error)
	list    func(next string) *awssns.ListSubscriptionsByTopicOutput
}

func (*api) GetTopicAttributes(context.Context, *awssns.GetTopicAttributesInput, ...func(*awssns.Options)) (*awssns.GetTopicAttributesOutput, error) {
	return &awssns.GetTopicAttributesOutput{}, nil
}

func (a *api) Publish(_ context.Context, in *awssns.PublishInput, _ ...func(*awssns.Options)) (*awssns.PublishOutput, error) {
	return a.publish(in)
}

func (a *api) PublishBatch(_ context.Context, in *awssns.PublishBatchInput, _ ...func(*awssns.Options)) (*awssns.PublishBatchOutput, error) {
	return a.batch(in)
}

func (a *api) ListSubscriptionsByTopic(_ context.Context, in *awssns.ListSubscriptionsByTopicInput, _ ...func(*awssns.Options)) (*awssns.ListSubscriptionsByTopicOutput, error) {
	return a.list(aws.ToString(in.NextToken)), nil
}

// client is an initialized client of a fake API.
func client(t *testing.T, a *api, topicARN string) *sns.Client {
	t.Helper()
	settings := config.Default()
	settings.ServiceName = "shop"
	c := sns.New(sns.WithConfig(settings), sns.WithTopicARN(topicARN), sns.WithAPI(a))
	require.NoError(t, c.Initialize(t.Context()))
	return c
}

func TestMessagesAreWhatPythonSends(t *testing.T) {
	text := func(kind, value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: &kind, StringValue: &value}
	}
	for name, c := range map[string]struct {
		event      string
		body       any
		options    []sns.MessageOption
		wantBody   string
		attributes map[string]types.MessageAttributeValue
	}{
		"a string as it is": {"Order", `{"id": 1}`, nil, `{"id": 1}`,
			map[string]types.MessageAttributeValue{"iniesta_pass": text("String", "Order.shop"), "version": text("Number", "1")}},
		"anything else as JSON": {"Order", map[string]any{"html": "<b>"}, nil, `{"html":"<b>"}`,
			map[string]types.MessageAttributeValue{"iniesta_pass": text("String", "Order.shop"), "version": text("Number", "1")}},
		"an event that has the service": {"Order.shop", "x", nil, "x",
			map[string]types.MessageAttributeValue{"iniesta_pass": text("String", "Order.shop"), "version": text("Number", "1")}},
		"a raw event and a version": {"Order", "x", []sns.MessageOption{sns.WithRawEvent(), sns.WithVersion(2)}, "x",
			map[string]types.MessageAttributeValue{"iniesta_pass": text("String", "Order"), "version": text("Number", "2")}},
		"attributes of every type": {"Order", "x", []sns.MessageOption{sns.WithAttribute("s", "a"), sns.WithAttribute("n", 1.5),
			sns.WithAttribute("l", []any{"a", 1}), sns.WithAttribute("b", []byte{1})}, "x",
			map[string]types.MessageAttributeValue{
				"iniesta_pass": text("String", "Order.shop"), "version": text("Number", "1"), "s": text("String", "a"), "n": text("Number", "1.5"),
				"l": text("String.Array", `["a", 1]`), "b": {DataType: aws.String("Binary"), BinaryValue: []byte{1}},
			}},
	} {
		t.Run(name, func(t *testing.T) {
			var sent *awssns.PublishInput
			a := &api{publish: func(in *awssns.PublishInput) (*awssns.PublishOutput, error) {
				sent = in
				return &awssns.PublishOutput{MessageId: aws.String("id")}, nil
			}}
			m, err := client(t, a, arn).CreateMessage(c.event, c.body, c.options...)
			require.NoError(t, err)
			require.NoError(t, m.Publish(t.Context()))
			assert.Equal(t, "id", m.MessageID)
			assert.Equal(t, c.wantBody, *sent.Message)
			assert.Equal(t, arn, *sent.TopicArn)
			assert.Equal(t, len(c.attributes), len(sent.MessageAttributes))
			for name, want := range c.attributes {
				got := sent.MessageAttributes[name]
				assert.Equal(t, *want.DataType, aws.ToString(got.DataType), name)
				if name == "l" {
					assert.JSONEq(t, *want.StringValue, aws.ToString(got.StringValue))
					continue
				}
				assert.Equal(t, aws.ToString(want.StringValue), aws.ToString(got.StringValue), name)
				assert.Equal(t, want.BinaryValue, got.BinaryValue, name)
			}
		})
	}
}

func TestWhatSNSWouldRefuseIsRefusedBeforeTheCall(t *testing.T) {
	c := client(t, &api{}, arn)
	fifo := client(t, &api{}, arn+".fifo")
	message := func(c *sns.Client, body string) *sns.Message {
		m, err := c.CreateMessage("Order", body)
		require.NoError(t, err)
		return m
	}
	for name, refused := range map[string]struct {
		by   func() error
		says string
	}{
		"too long": {func() error { return message(c, strings.Repeat("x", sns.MaxSize-40)).Publish(t.Context()) },
			"body and attributes have 262146 bytes, at most 262144 are allowed"},
		"an empty body":    {func() error { return message(c, "").Publish(t.Context()) }, "the body is empty"},
		"no group on FIFO": {func() error { return message(fifo, "x").Publish(t.Context()) }, "call SetGroup"},
		"a deduplication id without FIFO": {func() error {
			m := message(c, "x")
			m.SetDeduplicationID("1")
			return m.Publish(t.Context())
		}, "only a FIFO topic"},
		"a control character": {func() error { return message(c, "\x00").Publish(t.Context()) }, ""},
		"a long subject":      {func() error { return message(c, "x").SetSubject(strings.Repeat("x", 101)) }, "1 to 100 characters"},
		"another structure":   {func() error { return message(c, "x").SetMessageStructure("xml") }, `accepted are "string" and "json", got "xml"`},
		"an empty event":      {func() error { _, err := c.CreateMessage("", "x"); return err }, "the event is empty"},
		"a body that is no JSON": {func() error { _, err := c.CreateMessage("Order", func() {}); return err },
			"a func() cannot be written as JSON"},
		"an attribute of no type": {func() error { _, err := c.CreateMessage("Order", "x", sns.WithAttribute("b", true)); return err }, `"b"`},
		"a message of no client":  {func() error { return (&sns.Message{Body: "x"}).Publish(t.Context()) }, "CreateMessage"},
	} {
		t.Run(name, func(t *testing.T) {
			err := refused.by()
			require.ErrorIs(t, err, sns.ErrInvalidMessage)
			assert.ErrorContains(t, err, refused.says)
		})
	}
}

func TestABatchOfAnySizeHasAResultForEachMessage(t *testing.T) {
	var sizes []int
	failedOnce := false
	a := &api{batch: func(in *awssns.PublishBatchInput) (*awssns.PublishBatchOutput, error) {
		sizes = append(sizes, len(in.PublishBatchRequestEntries))
		out := &awssns.PublishBatchOutput{}
		for _, e := range in.PublishBatchRequestEntries {
			failed := types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("InternalError"), Message: aws.String("busy")}
			switch {
			case *e.Message == "3" && !failedOnce:
				failedOnce = true
			case *e.Message == "5":
				failed.Code, failed.SenderFault = aws.String("InvalidParameter"), true
			case *e.Message == "7":
			default:
				out.Successful = append(out.Successful, types.PublishBatchResultEntry{Id: e.Id, MessageId: aws.String("id" + *e.Message)})
				continue
			}
			out.Failed = append(out.Failed, failed)
		}
		return out, nil
	}}
	c := client(t, a, arn)
	var messages []*sns.Message
	for i := range 25 {
		m, err := c.CreateMessage("Order", fmt.Sprint(i))
		require.NoError(t, err)
		messages = append(messages, m)
	}
	messages[9].Body = ""
	results, err := c.PublishBatch(t.Context(), messages)
	require.Len(t, results, 25)
	for i, r := range results {
		assert.Equal(t, i, r.Index)
		switch i {
		case 5, 7, 9:
			assert.Error(t, r.Err)
			assert.ErrorContains(t, err, fmt.Sprintf("message %d of a batch: ", i))
		default:
			assert.NoError(t, r.Err)
			assert.Equal(t, fmt.Sprint("id", i), r.MessageID)
		}
	}
	assert.ErrorIs(t, results[9].Err, sns.ErrInvalidMessage)
	assert.Equal(t, []int{10, 2, 1, 1, 10, 4}, sizes, "only what failed and can succeed is sent again")
}

func TestTheCodeOfAFailureDecidesWhetherItIsPublishedAgain(t *testing.T) {
	for code, calls := range map[string]int{
		"RequestThrottled": 2, "ThrottledException": 2, "KMS.ThrottlingException": 2, "KMSAccessDenied": 2, "InternalError": 2,
		"InvalidParameter": 1, "InvalidParameterValue": 1, "NotFoundException": 1,
	} {
		for _, senderFault := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				asked := 0
				a := &api{batch: func(in *awssns.PublishBatchInput) (*awssns.PublishBatchOutput, error) {
					if asked++; asked == 1 {
						failed := types.BatchResultErrorEntry{Id: aws.String("0"), Code: &code, SenderFault: senderFault}
						return &awssns.PublishBatchOutput{Failed: []types.BatchResultErrorEntry{failed}}, nil
					}
					return &awssns.PublishBatchOutput{Successful: []types.PublishBatchResultEntry{{Id: aws.String("0")}}}, nil
				}}
				c := client(t, a, arn)
				m, err := c.CreateMessage("Order", "x")
				require.NoError(t, err)
				_, err = c.PublishBatch(t.Context(), []*sns.Message{m})
				assert.Equal(t, calls, asked, code)
				assert.Equal(t, calls == 1, err != nil, code)
			})
		}
	}
}

func TestABatchCallThatIsThrottledIsMadeAgain(t *testing.T) {
	for code, calls := range map[string]int{"Throttled": 2, "KMSThrottling": 2, "AuthorizationError": 1} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			a := &api{batch: func(in *awssns.PublishBatchInput) (*awssns.PublishBatchOutput, error) {
				if asked++; asked == 1 {
					return nil, &smithy.GenericAPIError{Code: code, Fault: smithy.FaultClient}
				}
				return &awssns.PublishBatchOutput{Successful: []types.PublishBatchResultEntry{{Id: aws.String("0")}}}, nil
			}}
			c := client(t, a, arn)
			m, err := c.CreateMessage("Order", "x")
			require.NoError(t, err)
			_, err = c.PublishBatch(t.Context(), []*sns.Message{m})
			assert.Equal(t, calls, asked, code)
			assert.Equal(t, calls == 1, err != nil, code)
		})
	}
}

func TestABatchHasNoMoreBytesThanAMessageMay(t *testing.T) {
	calls := 0
	a := &api{batch: func(in *awssns.PublishBatchInput) (*awssns.PublishBatchOutput, error) {
		calls++
		return nil, errors.New("unreachable")
	}}
	c := client(t, a, arn)
	var messages []*sns.Message
	for range 3 {
		m, err := c.CreateMessage("Order", strings.Repeat("x", sns.MaxSize/2))
		require.NoError(t, err)
		messages = append(messages, m)
	}
	results, err := c.PublishBatch(t.Context(), messages)
	assert.ErrorContains(t, err, "unreachable")
	assert.Len(t, results, 3)
	assert.Equal(t, 3, calls)
}

func TestSubscriptionsGoThroughAllPagesAndStopWhenToldTo(t *testing.T) {
	pages := 0
	a := &api{list: func(next string) *awssns.ListSubscriptionsByTopicOutput {
		pages++
		out := &awssns.ListSubscriptionsByTopicOutput{Subscriptions: []types.Subscription{{Endpoint: aws.String("queue" + next)}, {}}}
		if next != "3" {
			out.NextToken = aws.String(fmt.Sprint(pages))
		}
		return out
	}}
	c := client(t, a, arn)
	var endpoints []string
	for s, err := range c.Subscriptions(t.Context()) {
		require.NoError(t, err)
		endpoints = append(endpoints, s.Endpoint)
	}
	assert.Equal(t, []string{"queue", "", "queue1", "", "queue2", "", "queue3", ""}, endpoints)
	pages = 0
	for range c.Subscriptions(t.Context()) {
		break
	}
	assert.Equal(t, 1, pages)
}

func TestAClientThatIsNotInitializedSaysSo(t *testing.T) {
	c := sns.New()
	_, err := c.CreateMessage("Order", "x")
	assert.ErrorIs(t, err, sns.ErrNotInitialized)
	_, err = c.PublishBatch(t.Context(), nil)
	assert.ErrorIs(t, err, sns.ErrNotInitialized)
	_, err = c.SubscriptionAttributes(t.Context(), "x")
	assert.ErrorIs(t, err, sns.ErrNotInitialized)
	for _, err := range c.Subscriptions(t.Context()) {
		assert.ErrorIs(t, err, sns.ErrNotInitialized)
	}
	assert.Empty(t, c.TopicARN())
	assert.ErrorContains(t, c.Initialize(t.Context(), sns.WithConfig(config.Default())), "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN")
}

// TestAServerOfOthersDeliversWhatIsPublished publishes through the real SDK to fauxqs.
func TestAServerOfOthersDeliversWhatIsPublished(t *testing.T) {
	endpoint := testserver.Fauxqs(t)
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	awsConfig := aws.Config{Region: "us-east-1", Credentials: keys, BaseEndpoint: &endpoint}
	rawSNS, queues := awssns.NewFromConfig(awsConfig), awssqs.NewFromConfig(awsConfig)
	topic, err := rawSNS.CreateTopic(t.Context(), &awssns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	queue, err := queues.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("orders")})
	require.NoError(t, err)
	subscription, err := rawSNS.Subscribe(t.Context(), &awssns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String("arn:aws:sqs:us-east-1:000000000000:orders"),
		Attributes:            map[string]string{"RawMessageDelivery": "true", "FilterPolicy": `{"iniesta_pass":[{"prefix":"Order."}]}`},
		ReturnSubscriptionArn: true,
	})
	require.NoError(t, err)

	settings := config.Default()
	settings.ServiceName = "shop"
	c := sns.New(sns.WithConfig(settings), sns.WithAWSConfig(awsConfig), sns.WithEndpointURL(endpoint))
	err = c.Initialize(t.Context(), sns.WithTopicARN(*topic.TopicArn+"x"))
	require.ErrorIs(t, err, sns.ErrTopicNotFound)
	assert.ErrorContains(t, err, *topic.TopicArn+`x, region "us-east-1", endpoint http://127.0.0.1:`)
	require.NoError(t, c.Initialize(t.Context(), sns.WithTopicARN(*topic.TopicArn)))

	m, err := c.CreateMessage("Order", map[string]int{"id": 1})
	require.NoError(t, err)
	require.NoError(t, m.Publish(t.Context()))
	assert.NotEmpty(t, m.MessageID)
	var batch []*sns.Message
	for i := range 12 {
		m, err := c.CreateMessage([]string{"Order", "Other"}[i%2], map[string]int{"id": 2 + i})
		require.NoError(t, err)
		batch = append(batch, m)
	}
	_, err = c.PublishBatch(t.Context(), batch)
	require.NoError(t, err)

	ids := map[int]bool{}
	for len(ids) < 7 {
		out, err := queues.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
			QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, MessageAttributeNames: []string{"All"},
		})
		require.NoError(t, err)
		require.NotEmpty(t, out.Messages, "after %v", ids)
		for _, received := range out.Messages {
			var body struct{ ID int }
			require.NoError(t, json.Unmarshal([]byte(*received.Body), &body))
			ids[body.ID] = true
			assert.Equal(t, "Order.shop", *received.MessageAttributes["iniesta_pass"].StringValue)
		}
	}
	assert.Equal(t, map[int]bool{1: true, 2: true, 4: true, 6: true, 8: true, 10: true, 12: true}, ids)

	var found []sns.Subscription
	for s, err := range c.Subscriptions(t.Context()) {
		require.NoError(t, err)
		found = append(found, s)
	}
	require.Len(t, found, 1)
	assert.Equal(t, "sqs", found[0].Protocol)
	attributes, err := c.SubscriptionAttributes(t.Context(), *subscription.SubscriptionArn)
	require.NoError(t, err)
	assert.Equal(t, "true", attributes["RawMessageDelivery"])
}
