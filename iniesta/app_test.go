package iniesta_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

func TestEachTypeChecksWhatPythonChecks(t *testing.T) {
	for name, tt := range map[string]struct {
		types  []string
		setup  func(w *world)
		errors []error  // matched
		says   []string // in the error
	}{
		"a producer with its topic":    {[]string{"SNS_PRODUCER"}, (*world).makeTopic, nil, nil},
		"a producer without its topic": {[]string{"SNS_PRODUCER"}, nil, []error{sns.ErrTopicNotFound}, []string{topicARN, `region "us-east-1"`, "create it, or set"}},
		"a producer without a setting": {[]string{"SNS_PRODUCER"}, func(w *world) { w.config.GlobalTopicARN = "" }, nil,
			[]string{"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN: SNS_PRODUCER and EVENT_POLLING require it"}},
		"a queue":                      {[]string{"QUEUE_POLLING"}, (*world).makeQueue, nil, nil},
		"no queue":                     {[]string{"QUEUE_POLLING"}, nil, []error{sqs.ErrQueueNotFound}, []string{`queue "orders"`}},
		"event polling with all of it": {[]string{"EVENT_POLLING"}, (*world).makeAll, nil, nil},
		"event polling with nothing":   {[]string{"EVENT_POLLING"}, nil, []error{sqs.ErrQueueNotFound}, nil},
		"event polling without topic":  {[]string{"EVENT_POLLING"}, (*world).makeQueue, []error{sqs.ErrPermissionNotFound}, []string{"the topic does not exist"}},
		"no subscription, no permission": {[]string{"EVENT_POLLING"}, func(w *world) { w.makeTopic(); w.makeQueue() },
			[]error{sqs.ErrSubscriptionNotFound, sqs.ErrPermissionNotFound}, []string{"run iniesta setup --apply"}},
		"another filter": {[]string{"EVENT_POLLING"}, func(w *world) {
			w.makeTopic()
			w.makeQueue()
			w.allow()
			w.subscribe(`{"iniesta_pass":["A.b"]}`)
		}, []error{sqs.ErrFilterMismatch}, []string{`{"iniesta_pass":["A.b"]}`}},
		"another filter that is not asserted": {[]string{"EVENT_POLLING"}, func(w *world) {
			w.makeTopic()
			w.makeQueue()
			w.allow()
			w.subscribe(`{"iniesta_pass":["A.b"]}`)
			w.config.AssertFilterPolicies = false
		}, nil, nil},
		"settings missing and no queue": {[]string{"EVENT_POLLING", "SNS_PRODUCER"}, func(w *world) { w.config.GlobalTopicARN, w.config.ConsumerFilters = "", nil },
			[]error{sqs.ErrQueueNotFound}, []string{"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN", "INIESTA_SQS_CONSUMER_FILTERS: EVENT_POLLING requires it"}},
		"topic and queue missing": {[]string{"SNS_PRODUCER", "QUEUE_POLLING"}, nil, []error{sns.ErrTopicNotFound, sqs.ErrQueueNotFound}, nil},
		"custom":                  {[]string{"CUSTOM"}, nil, nil, nil},
		"a dry run":               {[]string{"EVENT_POLLING", "SNS_PRODUCER"}, func(w *world) { w.config.DryRun, w.config.GlobalTopicARN = true, "" }, nil, nil},
		"no type":                 {nil, nil, nil, []string{"INIESTA_INITIALIZATION_TYPE: it is required"}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, tt.types, func(t *testing.T, w *world) {
				if tt.setup != nil {
					tt.setup(w)
				}
				a, err := w.init()
				if tt.errors == nil && tt.says == nil {
					require.NoError(t, err)
					assert.NotContains(t, w.logs.String(), `"WARN"`)
					require.NoError(t, a.Stop(t.Context()))
					return
				}
				require.Error(t, err)
				for _, want := range tt.errors {
					assert.ErrorIs(t, err, want)
				}
				for _, want := range tt.says {
					assert.ErrorContains(t, err, want)
				}
			})
		})
	}
}

func TestADryRunTalksToNobodyAndReceivesNothing(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING", "SNS_PRODUCER"}, func(t *testing.T, w *world) {
		w.config.DryRun = true
		a, err := w.init()
		require.NoError(t, err)
		require.NoError(t, a.Start(t.Context()))
		assert.False(t, a.SQS.Receiving())
		assert.Equal(t, "InitializationTypes.SNS_PRODUCER|EVENT_POLLING", a.InitializationTypes().String())
		assert.NoError(t, a.Healthy(t.Context()))
		require.NoError(t, a.Stop(t.Context()))
		assert.Empty(t, w.server.Calls())
	})
}

func TestAPolicyThatIsUndecidedIsAWarningAndItsEventsArrive(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING", "SNS_PRODUCER"}, func(t *testing.T, w *world) {
		w.makeAll()
		w.set("Policy", `{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"*","Condition":{"StringEquals":{"aws:SourceOrgID":"o-1"}}}]}`)
		nodes := w.config.LockNodes
		w.config.LockNodes = []config.RedisURL{config.NewRedisURL("redis://127.0.0.1:1/0")} // for another test
		assert.Contains(t, found(diagnose(t, w)), "warning permission")
		w.config.LockNodes = nodes
		a, err := w.init()
		require.NoError(t, err)
		assert.Contains(t, w.logs.String(), "whether the queue's policy lets the topic send is undecided: statement 1: its condition StringEquals on aws:SourceOrgID")
		m, err := a.SNS.CreateMessage("UserUpdated", "x")
		require.NoError(t, err)
		require.NoError(t, m.Publish(t.Context()))
		assert.Zero(t, w.server.Undelivered())
		require.NoError(t, a.Stop(t.Context()))
	})
}

func TestAServicePublishesAndReceivesItsEvents(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING", "SNS_PRODUCER"}, func(t *testing.T, w *world) {
		w.config.ConsumerFilters = []string{"Order.*", "UserUpdated.user"}
		w.makeAll()
		handled := make(chan string, 1)
		require.NoError(t, w.registry.AddHandler(func(m *sqs.Message) { handled <- m.Event() + " " + m.RawBody }, "Order.shop", "UserUpdated.*"))
		a, err := w.init()
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- a.Run(ctx) }()
		m, err := a.SNS.CreateMessage("Order", map[string]int{"id": 1})
		require.NoError(t, err)
		require.NoError(t, m.Publish(t.Context()))
		assert.Equal(t, `Order.shop {"id":1}`, <-handled)
		cancel()
		require.NoError(t, <-ended)
		assert.Empty(t, w.server.Inspect("orders").Messages, "it is deleted")
		assert.ErrorIs(t, a.Healthy(t.Context()), iniesta.ErrStopped)
		assert.ErrorIs(t, a.Start(t.Context()), iniesta.ErrStopped)
		assert.NoError(t, a.Stop(t.Context()), "again")
		assert.NotContains(t, w.logs.String(), `"WARN"`)
	})
}

func TestFiltersAndHandlersThatDoNotMeetAreWarnedOf(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING"}, func(t *testing.T, w *world) {
		w.makeAll()
		a, err := w.init()
		require.NoError(t, err)
		for _, event := range []string{"Order.shop", "Payment.bank", "User.*"} {
			require.NoError(t, w.registry.AddHandler(func(*sqs.Message) {}, event))
		}
		require.NoError(t, a.Start(t.Context()))
		require.NoError(t, a.Stop(t.Context()))
		for _, want := range []string{
			"the filter UserUpdated.user lets events through that no handler is for",
			"the handler of Payment.bank waits for events that no filter lets through",
			"the handler of User.* waits",
		} {
			assert.Contains(t, w.logs.String(), want)
		}
		assert.NotContains(t, w.logs.String(), "Order.")
	})
}

func TestADefaultHandlerIsForEveryFilter(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING"}, func(t *testing.T, w *world) {
		w.makeAll()
		require.NoError(t, w.registry.AddHandler(func(*sqs.Message) {}))
		a, err := w.init()
		require.NoError(t, err)
		require.NoError(t, a.Start(t.Context()))
		require.NoError(t, a.Stop(t.Context()))
		assert.NotContains(t, w.logs.String(), `"WARN"`)
	})
}

func TestAQueueWithoutDeadLetterQueueIsWarnedOf(t *testing.T) {
	for name, tt := range map[string]struct{ redrive, says string }{
		"none":           {"", "the queue has no dead-letter queue: a message whose handler always fails comes back until it is 4 days old"},
		"after one":      {`{"deadLetterTargetArn":"` + deadARN + `","maxReceiveCount":1}`, "a message is a dead letter after 1 receives"},
		"after two, too": {`{"deadLetterTargetArn":"` + deadARN + `","maxReceiveCount":"2"}`, "a message is a dead letter after 2 receives"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, []string{"QUEUE_POLLING"}, func(t *testing.T, w *world) {
				w.makeQueue()
				w.set("RedrivePolicy", tt.redrive)
				a, err := w.init()
				require.NoError(t, err)
				assert.Contains(t, w.logs.String(), tt.says)
				require.NoError(t, a.Stop(t.Context()))
			})
		})
	}
}

func TestAProcessHasOneApplicationWithTheDefaultClients(t *testing.T) {
	settings := config.Default()
	settings.InitializationType = []string{"CUSTOM"}
	first, err := iniesta.InitApp(t.Context(), iniesta.WithConfig(settings))
	require.NoError(t, err)
	assert.Same(t, sqs.SQSClient, first.SQS)
	assert.Same(t, sns.SNSClient, first.SNS)
	_, err = iniesta.InitApp(t.Context(), iniesta.WithConfig(settings))
	require.ErrorIs(t, err, iniesta.ErrAlreadyInitialized)
	require.NoError(t, first.Stop(t.Context()))
	bad := settings
	bad.InitializationType = []string{"POLLING"}
	_, err = iniesta.InitApp(t.Context(), iniesta.WithConfig(bad))
	require.ErrorContains(t, err, "POLLING")
	second, err := iniesta.InitApp(t.Context(), iniesta.WithConfig(settings))
	require.NoError(t, err, "one that failed is none")
	require.NoError(t, second.Stop(t.Context()))
}

// get asks a health check.
func get(a *iniesta.App, path string) (status int, body map[string]any) {
	w := httptest.NewRecorder()
	a.HealthHandler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if json.Unmarshal(w.Body.Bytes(), &body) != nil {
		body = nil
	}
	return w.Code, body
}

func TestHealthTellsARestartFromAnOutage(t *testing.T) {
	inWorld(t, []string{"EVENT_POLLING", "SNS_PRODUCER"}, func(t *testing.T, w *world) {
		w.makeAll()
		a, err := w.init()
		require.NoError(t, err)
		status, body := get(a, "/readyz")
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.Contains(t, body["error"], "not receiving")
		status, _ = get(a, "/healthz")
		assert.Equal(t, http.StatusOK, status, "it is alive before it starts")

		require.NoError(t, a.Start(t.Context()))
		time.Sleep(time.Minute)
		status, body = get(a, "/readyz")
		assert.Equal(t, http.StatusOK, status)
		assert.Equal(t, map[string]any{
			"status": "ok", "initialization_type": "InitializationTypes.SNS_PRODUCER|EVENT_POLLING", "queue": "orders", "topic": topicARN,
			"messages": map[string]any{"in_flight": 0.0, "running": 0.0, "handled": 0.0, "failed": 0.0},
		}, body)

		w.server.SetFault(func(localaws.Call) localaws.Fault { return localaws.Fault{Code: "ServiceUnavailable", Status: 503} })
		time.Sleep(2 * time.Minute)
		status, body = get(a, "/readyz")
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.Contains(t, body["error"], "receiving from orders failed")
		status, _ = get(a, "/healthz")
		assert.Equal(t, http.StatusOK, status, "no restart cures an outage")

		w.server.SetFault(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		status, _ = get(a, "/readyz")
		assert.Equal(t, http.StatusOK, status)

		require.NoError(t, a.SQS.StopReceivingMessages(t.Context()), "by somebody else than the application")
		status, body = get(a, "/healthz")
		assert.Equal(t, http.StatusServiceUnavailable, status)
		assert.Contains(t, body["error"], "the loop has ended")
		require.NoError(t, a.Stop(t.Context()))
		status, _ = get(a, "/healthz")
		assert.Equal(t, http.StatusOK, status, "it was stopped")
		status, _ = get(a, "/readyz")
		assert.Equal(t, http.StatusServiceUnavailable, status)
		status, _ = get(a, "/other")
		assert.Equal(t, http.StatusNotFound, status)
	})
}

func TestAnInitAppThatFailsLeavesAConsumerAlone(t *testing.T) {
	inWorld(t, []string{"QUEUE_POLLING"}, func(t *testing.T, w *world) {
		w.makeQueue()
		c := sqs.New(sqs.WithConfig(w.config), sqs.WithAWSConfig(w.aws), sqs.WithoutLocks(), sqs.WithRegistry(w.registry))
		require.NoError(t, c.Initialize(t.Context()))
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		_, err := iniesta.InitApp(t.Context(), w.options(iniesta.WithClients(c, sns.New()))...)
		require.ErrorIs(t, err, sqs.ErrReceiving)
		assert.True(t, c.Receiving())
		require.NoError(t, c.Close(t.Context()))
	})
}

func TestLockNodesThatAreOneServerAreWarnedOf(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	url, err := server.Start()
	require.NoError(t, err)
	node := testserver.Redis(t).URL()
	node = node[:len(node)-1]
	for name, value := range map[string]string{
		"INIESTA_CACHES": node + "1," + node + "2," + node + "3", "INIESTA_INITIALIZATION_TYPE": "QUEUE_POLLING", "SERVICE_NAME": "shop",
		"INIESTA_SQS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	logged := &logs{}
	_, err = iniesta.InitApp(t.Context(), quiet(logged))
	require.ErrorIs(t, err, sqs.ErrQueueNotFound)
	createQueue(t, url, "iniesta-development-shop")
	a, err := iniesta.InitApp(t.Context(), quiet(logged))
	require.NoError(t, err)
	assert.Contains(t, logged.String(), "are one Redis server")
	require.NoError(t, a.Stop(t.Context()))

	t.Setenv("INIESTA_CACHES", "redis://127.0.0.1:1/0,redis://127.0.0.1:2/0,"+node+"1")
	_, err = iniesta.InitApp(t.Context(), quiet(logged))
	require.ErrorIs(t, err, sqs.ErrLockNotAcquired)

	t.Setenv("INIESTA_CACHES", node+"1,"+strings.Replace(node, "127.0.0.1", "localhost", 1)+"1,"+node+"2")
	_, err = iniesta.InitApp(t.Context(), quiet(logged))
	require.ErrorIs(t, err, sqs.ErrLockNotAcquired)
	assert.ErrorContains(t, err, "under another name")
	assert.ErrorContains(t, err, "give each lock node a server of its own")
}

func TestAnApplicationIsPrintedWithoutItsSettings(t *testing.T) {
	inWorld(t, []string{"QUEUE_POLLING", "SNS_PRODUCER"}, func(t *testing.T, w *world) {
		w.makeAll()
		w.config.AWSAccessKeyID, w.config.AWSSecretAccessKey = "key", config.NewSecret("hunter2")
		w.config.SQSEndpointURL = "http://user:hunter2@localhost"
		a, err := w.init()
		require.NoError(t, err)
		printed := fmt.Sprintf("%v %+v %#v %v %+v %#v", a, a, a, a.SQS, a.SNS, a.SNS)
		assert.NotContains(t, printed, "hunter2")
		assert.Contains(t, printed, "iniesta.App(shop, ")
		assert.Contains(t, printed, "sqs.Client(orders)")
		assert.Contains(t, printed, "sns.Client("+topicARN+")")
	})
}
