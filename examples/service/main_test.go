package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs the service, and returns its URL and what stops it.
func start(t *testing.T, args ...string) (url string, stop func()) {
	sqs.DefaultRegistry.Reset()
	ctx, cancel := context.WithCancel(t.Context())
	listening, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- run(ctx, append(args, "-listen", "127.0.0.1:0"), func(url string) { listening <- url })
	}()
	select {
	case url = <-listening:
	case err := <-ended:
		t.Fatal(err)
	}
	return url, func() {
		cancel()
		require.NoError(t, <-ended)
		http.DefaultClient.CloseIdleConnections()
	}
}

func call(t *testing.T, method, url, body string) (status int, text string) {
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	out, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer out.Body.Close()
	read, err := io.ReadAll(out.Body)
	require.NoError(t, err)
	return out.StatusCode, strings.TrimSpace(string(read))
}

// use goes through what a user of the service does.
func use(t *testing.T, url string) {
	status, text := call(t, http.MethodPut, url+"/users/7", `{"name": "Andrés"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, `{"id":"7","name":"Andrés"}`, text)
	status, _ = call(t, http.MethodPut, url+"/users/7", `{}`)
	assert.Equal(t, http.StatusBadRequest, status, "and nothing is published")
	placed, err := sns.CreateMessage("OrderPlaced.shop", order{User: "7", Order: 1}, sns.WithRawEvent())
	require.NoError(t, err)
	require.NoError(t, placed.Publish(t.Context()))
	history := ""
	require.Eventually(t, func() bool {
		_, history = call(t, http.MethodGet, url+"/users/7/history", "")
		return strings.Contains(history, "is called") && strings.Contains(history, "order 1")
	}, 20*time.Second, 20*time.Millisecond)
	status, text = call(t, http.MethodGet, url+"/readyz", "")
	assert.Equal(t, http.StatusOK, status, text)
	t.Log("history:", history)
	t.Log("readyz:", text)
}

func TestWhatIsPutIsPublishedAndHandled(t *testing.T) {
	url, stop := start(t, "-embedded")
	defer stop()
	use(t, url)
}

func TestTheServiceRunsOnRealServers(t *testing.T) {
	endpoint, nodes := testserver.Fauxqs(t), testserver.RedisNodes(t, 3)
	for name, value := range map[string]string{
		"SERVICE_NAME": "user", "INIESTA_INITIALIZATION_TYPE": "EVENT_POLLING,SNS_PRODUCER", "INIESTA_SQS_CONSUMER_FILTERS": "UserUpdated.user,OrderPlaced.*",
		"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:events",
		"INIESTA_SQS_ENDPOINT_URL":              endpoint, "INIESTA_SNS_ENDPOINT_URL": endpoint, "INIESTA_CACHES": strings.Join(testserver.URLs(nodes), ","),
		"INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS": "1",
		"INIESTA_AWS_ACCESS_KEY_ID":                     "key", "INIESTA_AWS_SECRET_ACCESS_KEY": "secret", "INIESTA_AWS_DEFAULT_REGION": "us-east-1",
	} {
		t.Setenv(name, value)
	}
	sqs.DefaultRegistry.Reset()
	err := run(t.Context(), nil, nil)
	require.ErrorIs(t, err, sqs.ErrQueueNotFound, "the set-up is checked")
	settings, err := config.Load()
	require.NoError(t, err)
	require.NoError(t, makeAll(t.Context(), settings))
	url, stop := start(t)
	defer stop()
	use(t, url)
}
