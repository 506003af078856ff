package main

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sqs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// output may be read while the program writes it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// again makes the program's handlers new: each run registers them.
func again(t *testing.T) {
	sqs.DefaultRegistry.Reset()
	require.NoError(t, sqs.AddHandler(userUpdated, "UserUpdated.user"))
}

func TestEveryStepIsShown(t *testing.T) {
	again(t)
	var out output
	require.NoError(t, run(t.Context(), nil, &out))
	for _, part := range []string{
		"OrderPlaced.shop       -> quickstart.(*orders).Placed",
		"received", "locked", "handled by quickstart.userUpdated", "deleted",
		"FAILED in quickstart.mailSent: retry after 0s: the mail server is busy",
		"StockChanged.warehouse   is a duplicate: it was handled before",
		"quickstart.mailSent              1           2",
		"2 failed and retried, 1 discarded, 1 duplicates suppressed",
	} {
		assert.Contains(t, out.String(), part)
	}
}

func TestAnInterruptDrains(t *testing.T) {
	again(t)
	var out output
	ctx, interrupt := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, interrupt)
	require.NoError(t, run(ctx, nil, &out))
	assert.Contains(t, out.String(), "stopping: what runs is finished")
	assert.Contains(t, out.String(), "events sent")
}

func TestTheProgramRunsAgainstRealServers(t *testing.T) {
	endpoint := testserver.Fauxqs(t)
	nodes := testserver.RedisNodes(t, 3)
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_REGION", "us-east-1")
	require.NoError(t, createQueue(t.Context(), endpoint, "mine"))
	again(t)
	var out output
	before := sqs.SQSClient.Stats().Deleted
	require.NoError(t, run(t.Context(), []string{"-endpoint", endpoint, "-queue", "mine", "-redis", strings.Join(testserver.URLs(nodes), ",")}, &out))
	assert.Contains(t, out.String(), "12 events sent")
	assert.EqualValues(t, 12, sqs.SQSClient.Stats().Deleted-before)
}

func TestFlagsThatDoNotGoTogetherAreRefused(t *testing.T) {
	err := run(t.Context(), []string{"-endpoint", "http://localhost:1"}, &output{})
	assert.ErrorContains(t, err, "-endpoint and -redis go together")
}
