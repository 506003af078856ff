package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/iniesta/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheDefaultsAreThoseOfPythonAndTheDocumentedNewOnes(t *testing.T) {
	c := config.Default()
	assert.Equal(t, config.Config{
		AssertFilterPolicies: true,
		EventKey:             "iniesta_pass",
		QueueNameTemplate:    "iniesta-{env}-{service_name}",
		ReceiveMaxMessages:   10,
		ReceiveWaitTime:      20 * time.Second,
		LockNodes: []config.RedisURL{config.NewRedisURL("redis://localhost:6379/1"),
			config.NewRedisURL("redis://localhost:6379/2"), config.NewRedisURL("redis://localhost:6379/3")},
		LockRetryCount:    1,
		LockTimeout:       10 * time.Second,
		Environment:       "development",
		Concurrency:       100,
		MaxPollers:        10,
		IdempotencyWindow: config.WindowAuto,
		ShutdownTimeout:   25 * time.Second,
		MaxExtension:      time.Hour,
	}, c)
	require.NoError(t, c.Validate())
	loaded, err := config.LoadFrom(map[string]string{"INIESTA_LOCK_TIMEOUT": "  ", "INIESTA_SQS_CONCURRENCY": ""})
	require.NoError(t, err)
	assert.Equal(t, c, loaded, "an empty value is an unset one")
}

func TestEverySettingIsRead(t *testing.T) {
	c, err := config.LoadFrom(map[string]string{
		"INIESTA_INITIALIZATION_TYPE":                        `["EVENT_POLLING", "SNS_PRODUCER"]`,
		"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN":              "arn:aws:sns:us-east-1:1:t",
		"INIESTA_SQS_CONSUMER_FILTERS":                       "UserUpdated.user, Order.*",
		"INIESTA_ASSERT_FILTER_POLICIES":                     "False",
		"INIESTA_SNS_EVENT_KEY":                              "event",
		"INIESTA_SQS_QUEUE_NAME":                             "q.fifo",
		"INIESTA_SQS_QUEUE_NAME_TEMPLATE":                    "{service_name}",
		"INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID":                 "123456789012",
		"INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES": "3",
		"INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS":      "0",
		"INIESTA_CACHES":                                     `["redis://u:p@h:1/2","rediss://h2:3/0"]`,
		"INIESTA_LOCK_RETRY_COUNT":                           "2",
		"INIESTA_LOCK_TIMEOUT":                               "2.5",
		"INIESTA_SQS_ENDPOINT_URL":                           "http://localhost:4566",
		"INIESTA_SNS_ENDPOINT_URL":                           "https://sns",
		"INIESTA_AWS_ACCESS_KEY_ID":                          "id",
		"INIESTA_AWS_SECRET_ACCESS_KEY":                      "s3cr3t",
		"INIESTA_AWS_DEFAULT_REGION":                         "eu-west-1",
		"INIESTA_DRY_RUN":                                    "true",
		"SERVICE_NAME":                                       "user",
		"ENVIRONMENT":                                        "production",
		"INIESTA_SQS_CONCURRENCY":                            "7",
		"INIESTA_SQS_MAX_POLLERS":                            "8",
		"INIESTA_SQS_VISIBILITY_TIMEOUT":                     "60",
		"INIESTA_HANDLER_TIMEOUT":                            "500ms",
		"INIESTA_IDEMPOTENCY_WINDOW":                         "0",
		"INIESTA_SHUTDOWN_TIMEOUT":                           "1m",
		"INIESTA_MAX_EXTENSION":                              "7200",
		"INIESTA_LOG_MESSAGE_BODY":                           "1",
	})
	require.NoError(t, err)
	assert.Equal(t, config.Config{
		InitializationType: []string{"EVENT_POLLING", "SNS_PRODUCER"}, GlobalTopicARN: "arn:aws:sns:us-east-1:1:t",
		ConsumerFilters: []string{"UserUpdated.user", "Order.*"}, EventKey: "event",
		QueueName: "q.fifo", QueueOwnerAccountID: "123456789012", QueueNameTemplate: "{service_name}", ReceiveMaxMessages: 3,
		LockNodes:      []config.RedisURL{config.NewRedisURL("redis://u:p@h:1/2"), config.NewRedisURL("rediss://h2:3/0")},
		LockRetryCount: 2, LockTimeout: 2500 * time.Millisecond,
		SQSEndpointURL: "http://localhost:4566", SNSEndpointURL: "https://sns",
		AWSAccessKeyID: "id", AWSSecretAccessKey: config.NewSecret("s3cr3t"), AWSDefaultRegion: "eu-west-1",
		DryRun: true, ServiceName: "user", Environment: "production", Concurrency: 7, MaxPollers: 8,
		VisibilityTimeout: time.Minute, HandlerTimeout: 500 * time.Millisecond,
		ShutdownTimeout: time.Minute, MaxExtension: 2 * time.Hour, LogMessageBody: true,
	}, c)
	assert.NoError(t, c.Required())
}

func TestABadValueIsRefusedByNameWithTheReason(t *testing.T) {
	tests := []struct{ setting, value, want string }{
		{"INIESTA_INITIALIZATION_TYPE", "QUEUE_POLLING,POLLING", `INIESTA_INITIALIZATION_TYPE="POLLING": it is not an initialization type; accepted are QUEUE_POLLING, EVENT_POLLING, SNS_PRODUCER, CUSTOM`},
		{"INIESTA_INITIALIZATION_TYPE", `["A"`, `INIESTA_INITIALIZATION_TYPE="[\"A\"": it is not a JSON array of strings`},
		{"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN", "topic", `INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN="topic": it is not an ARN such as arn:aws:sns:us-east-1:123456789012:events`},
		{"INIESTA_SQS_CONSUMER_FILTERS", "A.b,Order", `INIESTA_SQS_CONSUMER_FILTERS="Order": a filter is Event.service or Event.*, without quotes`},
		{"INIESTA_SQS_CONSUMER_FILTERS", "*", `INIESTA_SQS_CONSUMER_FILTERS="*": a filter is Event.service or Event.*, without quotes`},
		{"INIESTA_ASSERT_FILTER_POLICIES", "maybe", `INIESTA_ASSERT_FILTER_POLICIES="maybe": it is neither true nor false`},
		{"INIESTA_SNS_EVENT_KEY", "a b", `INIESTA_SNS_EVENT_KEY="a b": it names a message attribute: 1 to 256 letters, digits, hyphens, underscores and single inner dots`},
		{"INIESTA_SQS_QUEUE_NAME", "a/b", `INIESTA_SQS_QUEUE_NAME="a/b": a queue's name has 1 to 80 letters, digits, hyphens and underscores, and may end in .fifo`},
		{"INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES", "11", `INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES="11": accepted are 1 to 10`},
		{"INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES", "ten", `INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES="ten": it is not a whole number; accepted are 1 to 10`},
		{"INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS", "1.5", `INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS="1.5s": accepted are 0 to 20 whole seconds`},
		{"INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS", "21", `INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS="21s": accepted are 0 to 20 whole seconds`},
		{"INIESTA_CACHES", "http://h", `INIESTA_CACHES="http://h": it is not a URL such as redis://user:password@host:6379/0 or rediss://`},
		{"INIESTA_CACHES", "redis://u:hunter2@h:1/x", `INIESTA_CACHES="redis://u:xxxxx@h:1/x": it is not a URL such as redis://user:password@host:6379/0 or rediss://`},
		{"INIESTA_CACHES", "redis://h:1/0,redis://h:1/0", `INIESTA_CACHES="redis://h:1/0": it is named twice: each node counts once`},
		{"INIESTA_CACHES", ",", `INIESTA_CACHES: it is empty: name a Redis node, better three, as redis://host:6379/0`},
		{"INIESTA_LOCK_RETRY_COUNT", "0", `INIESTA_LOCK_RETRY_COUNT="0": accepted are 1 to 100`},
		{"INIESTA_LOCK_TIMEOUT", "soon", `INIESTA_LOCK_TIMEOUT="soon": it is not a number of seconds, nor a duration such as 500ms`},
		{"INIESTA_LOCK_TIMEOUT", "0.5", `INIESTA_LOCK_TIMEOUT="500ms": accepted are 1 second to 12 hours`},
		{"INIESTA_LOCK_TIMEOUT", "1e300", `INIESTA_LOCK_TIMEOUT="1e300": it is out of range`},
		{"INIESTA_SQS_ENDPOINT_URL", "localhost:4566", `INIESTA_SQS_ENDPOINT_URL="localhost:4566": it is not a URL such as http://localhost:4566`},
		{"INIESTA_AWS_ACCESS_KEY_ID", "id", `INIESTA_AWS_ACCESS_KEY_ID: it goes with INIESTA_AWS_SECRET_ACCESS_KEY: set both or neither`},
		{"INIESTA_DRY_RUN", "2", `INIESTA_DRY_RUN="2": it is neither true nor false`},
		{"INIESTA_SQS_CONCURRENCY", "0", `INIESTA_SQS_CONCURRENCY="0": accepted are 1 to 100000`},
		{"INIESTA_SQS_MAX_POLLERS", "1001", `INIESTA_SQS_MAX_POLLERS="1001": accepted are 1 to 1000`},
		{"INIESTA_SQS_VISIBILITY_TIMEOUT", "43201", `INIESTA_SQS_VISIBILITY_TIMEOUT="12h0m1s": accepted are 0 (the queue's) to 43200 whole seconds (12 hours)`},
		{"INIESTA_HANDLER_TIMEOUT", "-5", `INIESTA_HANDLER_TIMEOUT="-5s": accepted are 0 (none) to 43200 seconds (12 hours)`},
		{"INIESTA_IDEMPOTENCY_WINDOW", "-2", `INIESTA_IDEMPOTENCY_WINDOW="-2s": accepted are 0 (no mark) to 1209600 seconds (14 days), and -1 for the larger of 300 and twice the visibility timeout`},
		{"INIESTA_SHUTDOWN_TIMEOUT", "-1s", `INIESTA_SHUTDOWN_TIMEOUT="-1s": accepted are 0 to 43200 seconds (12 hours)`},
		{"INIESTA_MAX_EXTENSION", "0", `INIESTA_MAX_EXTENSION="0s": accepted are 1 to 43200 seconds (12 hours, the most that SQS keeps a message invisible)`},
	}
	for _, tt := range tests {
		t.Run(tt.setting+"="+tt.value, func(t *testing.T) {
			_, err := config.LoadFrom(map[string]string{tt.setting: tt.value})
			require.EqualError(t, err, "reading the settings: "+tt.want)
			bad, ok := errors.AsType[*config.Error](err)
			require.True(t, ok)
			assert.Equal(t, tt.setting, bad.Setting)
		})
	}
}

func TestAllBadValuesAreInOneError(t *testing.T) {
	_, err := config.LoadFrom(map[string]string{
		"INIESTA_SQS_CONCURRENCY": "many", "INIESTA_LOCK_TIMEOUT": "long", "INIESTA_SQS_MAX_POLLERS": "0", "INIESTA_DRY_RUN": "perhaps"})
	require.Error(t, err)
	for _, name := range []string{"INIESTA_SQS_CONCURRENCY", "INIESTA_LOCK_TIMEOUT", "INIESTA_SQS_MAX_POLLERS", "INIESTA_DRY_RUN"} {
		assert.Equal(t, 1, strings.Count(err.Error(), name+"="), err.Error())
	}
}

func TestWhatAnApplicationRequires(t *testing.T) {
	c := config.Default()
	assert.EqualError(t, c.Required(), "INIESTA_INITIALIZATION_TYPE: it is required: one or more of QUEUE_POLLING, EVENT_POLLING, SNS_PRODUCER, CUSTOM")
	for kind, want := range map[string]string{
		"QUEUE_POLLING": "", "CUSTOM": "",
		"SNS_PRODUCER": "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN: SNS_PRODUCER and EVENT_POLLING require it: the ARN of the topic",
		"EVENT_POLLING": "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN: SNS_PRODUCER and EVENT_POLLING require it: the ARN of the topic\n" +
			`INIESTA_SQS_CONSUMER_FILTERS: EVENT_POLLING requires it: the events to receive, as "UserUpdated.user,OrderPlaced.*"`,
	} {
		c.InitializationType = []string{kind}
		if want == "" {
			assert.NoError(t, c.Required())
			continue
		}
		assert.EqualError(t, c.Required(), want)
	}
}

func TestTheQueuesNameIsMadeOfTheTemplate(t *testing.T) {
	c := config.Default()
	_, err := c.ResolvedQueueName()
	assert.EqualError(t, err, `INIESTA_SQS_QUEUE_NAME: it is not set, and "iniesta-{env}-{service_name}" needs SERVICE_NAME: set one of them`)
	c.ServiceName = "user"
	name, err := c.ResolvedQueueName()
	require.NoError(t, err)
	assert.Equal(t, "iniesta-development-user", name)
	c.QueueName = "mine"
	name, _ = c.ResolvedQueueName()
	assert.Equal(t, "mine", name)
	c.QueueName = strings.Repeat("x", 81)
	_, err = c.ResolvedQueueName()
	assert.ErrorContains(t, err, "1 to 80 letters")
}

func TestTheWindowFollowsTheVisibilityTimeoutUnlessItIsSet(t *testing.T) {
	c := config.Default()
	assert.Equal(t, 300*time.Second, c.Window(30*time.Second))
	assert.Equal(t, 20*time.Minute, c.Window(10*time.Minute))
	c.IdempotencyWindow = 0
	assert.Zero(t, c.Window(time.Hour))
	c.IdempotencyWindow = time.Second
	assert.Equal(t, time.Second, c.Window(time.Hour))
}

func TestAConfigIsPrintedWithoutSecrets(t *testing.T) {
	c, err := config.LoadFrom(map[string]string{
		"INIESTA_AWS_ACCESS_KEY_ID": "id", "INIESTA_AWS_SECRET_ACCESS_KEY": "hunter2",
		"INIESTA_CACHES":           "redis://u:hunter2@h:1/2,redis://:hunter2@h:1/3,rediss://hunter2@h:1/4",
		"INIESTA_SQS_ENDPOINT_URL": "http://u:hunter2@localhost:1",
	})
	require.NoError(t, err)
	var text bytes.Buffer
	theirs := struct { // fmt calls no methods there
		secret config.Secret
		urls   []config.RedisURL
	}{c.AWSSecretAccessKey, c.LockNodes}
	for _, v := range []any{c, &c, c.AWSSecretAccessKey, c.LockNodes, c.LockNodes[0], &c.LockNodes[1], theirs, &theirs} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&text, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "v", v)
		encoded, err := json.Marshal(v)
		require.NoError(t, err)
		text.Write(encoded)
	}
	assert.False(t, strings.Contains(text.String(), "hunter2"), "shown")
	assert.NotContains(t, text.String(), fmt.Sprintf("%x", "hunter2"))
	assert.Contains(t, text.String(), "redis://u:xxxxx@h:1/2")
	assert.Contains(t, c.String(), "INIESTA_SQS_CONCURRENCY=100")
	assert.Equal(t, "hunter2", c.AWSSecretAccessKey.Reveal())
	assert.Equal(t, "redis://u:hunter2@h:1/2", c.LockNodes[0].Reveal())
}

func TestTheEnvironmentIsRead(t *testing.T) {
	t.Setenv("INIESTA_SQS_CONCURRENCY", "5")
	c, err := config.Load()
	require.NoError(t, err)
	assert.Equal(t, 5, c.Concurrency)
}

func FuzzLoad(f *testing.F) {
	f.Add("INIESTA_CACHES", "redis://u:hunter2@h:1/2")
	f.Add("INIESTA_LOCK_TIMEOUT", "NaN")
	f.Add("INIESTA_IDEMPOTENCY_WINDOW", "-1")
	f.Fuzz(func(t *testing.T, name, value string) {
		c, err := config.LoadFrom(map[string]string{name: value})
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Fatal("what was loaded does not validate:", err)
			}
		}
		_ = c.String()
	})
}

func FuzzRedisPasswordIsNotShown(f *testing.F) {
	f.Add("user", "host:1", "/x?y")
	f.Fuzz(func(t *testing.T, user, host, rest string) {
		const password = "hunter2-planted"
		value := "redis://" + user + ":" + password + "@" + host + rest
		c, err := config.LoadFrom(map[string]string{"INIESTA_CACHES": value})
		shown := c.String() + fmt.Sprintf("%v %#v", config.NewRedisURL(value), config.NewRedisURL(value))
		if err != nil {
			shown += err.Error()
		}
		if strings.Contains(shown, password) {
			t.Fatal("shown:", shown)
		}
	})
}

func ExampleLoadFrom() {
	_, err := config.LoadFrom(map[string]string{"INIESTA_SQS_CONCURRENCY": "lots"})
	fmt.Println(err)
	// Output: reading the settings: INIESTA_SQS_CONCURRENCY="lots": it is not a whole number; accepted are 1 to 100000
}

func ExampleDefault() {
	c := config.Default()
	c.ServiceName = "user"
	name, _ := c.ResolvedQueueName()
	fmt.Println(name, c.Concurrency, c.LockTimeout)
	// Output: iniesta-development-user 100 10s
}

// docker run --env-file leaves quotes on.
func TestQuotesAroundAValueAreTakenOff(t *testing.T) {
	for _, quote := range []string{`"`, `'`} {
		quoted := func(text string) string { return " " + quote + text + quote + " " }
		c, err := config.LoadFrom(map[string]string{
			"INIESTA_INITIALIZATION_TYPE":  quoted("QUEUE_POLLING, SNS_PRODUCER"),
			"INIESTA_SQS_CONSUMER_FILTERS": quoted("User.*,Order.shop"),
			"INIESTA_CACHES":               quoted("redis://a:1/0,redis://:secret@b:1/0"),
			"INIESTA_SQS_QUEUE_NAME":       quoted("orders"),
			"INIESTA_LOCK_TIMEOUT":         quoted("7"),
			"INIESTA_SNS_EVENT_KEY":        quoted(""),
		})
		require.NoError(t, err)
		assert.Equal(t, []string{"QUEUE_POLLING", "SNS_PRODUCER"}, c.InitializationType)
		assert.Equal(t, []string{"User.*", "Order.shop"}, c.ConsumerFilters)
		assert.Equal(t, "redis://:secret@b:1/0", c.LockNodes[1].Reveal())
		assert.Equal(t, "orders", c.QueueName)
		assert.Equal(t, 7*time.Second, c.LockTimeout)
		assert.Equal(t, "iniesta_pass", c.EventKey)
	}
}

func TestQuotesInAListAreTakenOffOrRefused(t *testing.T) {
	for text, want := range map[string][]string{
		`"User.*","Order.shop"`:     {"User.*", "Order.shop"},
		`'User.*', 'Order.shop'`:    {"User.*", "Order.shop"},
		`'["User.*","Order.shop"]'`: {"User.*", "Order.shop"},
		`"["User.*","Order.shop"]"`: nil,
		`"User.*,Order.shop`:        nil,
		`User.*,Order.shop'`:        nil,
		`Us"er.*`:                   nil,
		`["\"User.*"]`:              nil,
	} {
		c, err := config.LoadFrom(map[string]string{"INIESTA_SQS_CONSUMER_FILTERS": text})
		if want == nil {
			assert.ErrorContains(t, err, "INIESTA_SQS_CONSUMER_FILTERS", text)
			continue
		}
		require.NoError(t, err, text)
		assert.Equal(t, want, c.ConsumerFilters, text)
	}
}
