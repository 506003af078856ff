package sqs_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sqs"
)

const (
	eventsTopic = "arn:aws:sns:us-east-1:000000000000:events"
	ordersQueue = "arn:aws:sqs:us-east-1:000000000000:orders"
)

// topicOf makes the topic of events in a world, and the configuration that a client reaches it by.
func topicOf(t *testing.T, w *world) (*awssns.Client, sqs.Option) {
	awsConfig := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String("http://localhost"), HTTPClient: &http.Client{Transport: w.server.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}
	api := awssns.NewFromConfig(awsConfig)
	_, err := api.CreateTopic(t.Context(), &awssns.CreateTopicInput{Name: aws.String("events")})
	require.NoError(t, err)
	w.config.ConsumerFilters = []string{"UserUpdated.user", "Order.*"}
	return api, sqs.WithAWSConfig(awsConfig)
}

func subscribe(t *testing.T, api *awssns.Client, queue string, attributes map[string]string) {
	_, err := api.Subscribe(t.Context(), &awssns.SubscribeInput{TopicArn: aws.String(eventsTopic), Protocol: aws.String("sqs"), Endpoint: &queue, Attributes: attributes})
	require.NoError(t, err)
}

// terraform#10495, gosoline#1418: filters that differ in their order only were taken for different.
func TestConfirmSubscriptionComparesFiltersByMeaning(t *testing.T) {
	for name, tt := range map[string]struct {
		attributes map[string]string
		says       string
	}{
		"the same":                {map[string]string{"FilterPolicy": `{"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]}`}, ""},
		"in another order":        {map[string]string{"FilterPolicy": `{"iniesta_pass":[{"prefix":"Order."},"UserUpdated.user"]}`, "RawMessageDelivery": "true"}, ""},
		"with what others cover":  {map[string]string{"FilterPolicy": `{"iniesta_pass":[{"prefix":"Order."},"Order.shop","UserUpdated.user"]}`}, ""},
		"one event less":          {map[string]string{"FilterPolicy": `{"iniesta_pass":["UserUpdated.user"]}`}, `lets through {"iniesta_pass":["UserUpdated.user"]}, the settings ask for {"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]}`},
		"no filter":               {nil, "lets through {}"},
		"a filter of the body":    {map[string]string{"FilterPolicy": `{"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]}`, "FilterPolicyScope": "MessageBody"}, "looks at message bodies"},
		"another attribute's one": {map[string]string{"FilterPolicy": `{"event":["UserUpdated.user",{"prefix":"Order."}]}`}, `lets through {"event"`},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				api, config := topicOf(t, w)
				c := w.client(config)
				err := c.ConfirmSubscription(t.Context(), eventsTopic)
				require.ErrorIs(t, err, sqs.ErrSubscriptionNotFound)
				assert.ErrorContains(t, err, "orders is not subscribed to "+eventsTopic)
				subscribe(t, api, ordersQueue, tt.attributes)
				err = c.ConfirmSubscription(t.Context(), eventsTopic)
				if tt.says == "" {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, sqs.ErrFilterMismatch)
					assert.ErrorContains(t, err, tt.says)
				}
				if tt.attributes["RawMessageDelivery"] == "true" {
					assert.NotContains(t, w.logs.String(), "delivers envelopes")
				} else {
					assert.Contains(t, w.logs.String(), "delivers envelopes")
				}
			})
		})
	}
}

func TestConfirmSubscriptionLeavesFiltersAloneWhereTheyAreNotAsserted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		api, config := topicOf(t, w)
		w.config.AssertFilterPolicies = false
		c := w.client(config)
		subscribe(t, api, ordersQueue, nil)
		require.NoError(t, c.ConfirmSubscription(t.Context(), eventsTopic))
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "GetSubscriptionAttributes" {
				return localaws.Fault{Code: "AuthorizationError", Status: http.StatusForbidden}
			}
			return localaws.Fault{}
		})
		require.NoError(t, c.ConfirmSubscription(t.Context(), eventsTopic), "nothing of it is needed")
	})
}

func TestConfirmSubscriptionLooksThroughAllPages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		api, config := topicOf(t, w)
		for i := range 230 {
			subscribe(t, api, ordersQueue+strconv.Itoa(i), nil)
		}
		c := w.client(config)
		require.ErrorIs(t, c.ConfirmSubscription(t.Context(), eventsTopic), sqs.ErrSubscriptionNotFound)
		subscribe(t, api, ordersQueue, map[string]string{"FilterPolicy": w.client(config).Filters().String()})
		require.NoError(t, c.ConfirmSubscription(t.Context(), eventsTopic))
	})
}

func TestConfirmSubscriptionSaysWhatKeepsItFromLooking(t *testing.T) {
	assert.ErrorIs(t, sqs.New().ConfirmSubscription(t.Context(), eventsTopic), sqs.ErrNotInitialized)
	inWorld(t, func(t *testing.T, w *world) {
		_, config := topicOf(t, w)
		c := w.client(config)
		assert.ErrorContains(t, c.ConfirmSubscription(t.Context(), "events"), `"events" is not the ARN of a topic`)
		err := c.ConfirmSubscription(t.Context(), eventsTopic+"2")
		assert.ErrorContains(t, err, "the topic does not exist: create it, or set INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN")
		assert.NotErrorIs(t, err, sqs.ErrSubscriptionNotFound)
		w.server.SetFault(func(c localaws.Call) localaws.Fault { return localaws.Fault{Code: "AuthorizationError", Status: 403} })
		assert.ErrorContains(t, c.ConfirmSubscription(t.Context(), eventsTopic), "AuthorizationError")
	})
}

func TestLockNodesThatAreOneServerAreFound(t *testing.T) {
	one, other := testserver.Redis(t), testserver.Redis(t)
	t.Setenv("INIESTA_CACHES", one.URL()+","+one.URL()[:len(one.URL())-1]+"1,"+other.URL())
	c := sqs.New(sqs.WithAPI(stubAPI{}), sqs.WithQueueName("orders"))
	_, err := c.LockNodes(t.Context())
	assert.ErrorIs(t, err, sqs.ErrNotInitialized)
	require.NoError(t, c.Initialize(t.Context()))
	defer c.Close(t.Context())
	nodes, err := c.LockNodes(t.Context())
	require.NoError(t, err)
	require.Len(t, nodes, 3)
	for i, n := range nodes {
		assert.NoError(t, n.Err)
		assert.Equal(t, i < 2, n.SameServer)
	}
}
