package sqs_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sqs"
)

// These tests run against servers that others wrote, in real time: fauxqs for SQS, and redis-server
// processes as lock nodes. INIESTA_TEST_MESSAGES sets how many messages they send.

// realWorld is a queue of fauxqs and three Redis servers, set in the environment as a service's
// settings are.
type realWorld struct {
	t     *testing.T
	api   *awssqs.Client
	url   string
	nodes []*testserver.RedisNode
}

func newRealWorld(t *testing.T, visibility int) *realWorld {
	endpoint := testserver.Fauxqs(t)
	nodes := testserver.RedisNodes(t, 3)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1",
		"INIESTA_SQS_ENDPOINT_URL": endpoint, "INIESTA_CACHES": strings.Join(testserver.URLs(nodes), ","),
		"SERVICE_NAME": "shop", "ENVIRONMENT": "test", "INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS": "1",
	} {
		t.Setenv(name, value)
	}
	client := awsclient.Wrap(nil)
	t.Cleanup(client.CloseIdleConnections)
	w := &realWorld{t: t, nodes: nodes, api: awssqs.New(awssqs.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1", HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	})}
	out, err := w.api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{
		QueueName: aws.String("iniesta-test-shop"), Attributes: map[string]string{"VisibilityTimeout": strconv.Itoa(visibility)}})
	require.NoError(t, err)
	w.url = *out.QueueUrl
	return w
}

// send sends n messages with the bodies from first on.
func (w *realWorld) send(first, n int) {
	w.t.Helper()
	for from := first; from < first+n; from += 10 {
		var entries []types.SendMessageBatchRequestEntry
		for i := from; i < min(from+10, first+n); i++ {
			entries = append(entries, types.SendMessageBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(strconv.Itoa(i)),
				MessageAttributes: map[string]types.MessageAttributeValue{
					"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("Order.shop")}},
			})
		}
		out, err := w.api.SendMessageBatch(w.t.Context(), &awssqs.SendMessageBatchInput{QueueUrl: &w.url, Entries: entries})
		require.NoError(w.t, err)
		require.Empty(w.t, out.Failed)
	}
}

// depth is how many messages the queue has, visible or in flight.
func (w *realWorld) depth() (visible, inFlight string) {
	w.t.Helper()
	out, err := w.api.GetQueueAttributes(context.Background(), &awssqs.GetQueueAttributesInput{
		QueueUrl: &w.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	require.NoError(w.t, err)
	return out.Attributes["ApproximateNumberOfMessages"], out.Attributes["ApproximateNumberOfMessagesNotVisible"]
}

func testMessages() int {
	if n, err := strconv.Atoi(os.Getenv("INIESTA_TEST_MESSAGES")); err == nil {
		return n
	}
	return 2000
}

// effects counts runs by message body.
type effects struct {
	mu     sync.Mutex
	counts map[string]int
	reach  map[int]chan struct{}
}

func newEffects(milestones ...int) *effects {
	e := &effects{counts: map[string]int{}, reach: map[int]chan struct{}{}}
	for _, n := range milestones {
		e.reach[n] = make(chan struct{})
	}
	return e
}

func (e *effects) note(m *sqs.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.counts[m.RawBody]++
	if c, ok := e.reach[len(e.counts)]; ok && e.counts[m.RawBody] == 1 {
		close(c)
	}
}

func (e *effects) more() (twice []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for body, n := range e.counts {
		if n > 1 {
			twice = append(twice, body)
		}
	}
	return twice
}

func eventually(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(2 * time.Minute):
		t.Fatalf("timed out: %s", what)
	}
}

func TestTheDefaultClientHandlesEveryMessageOnceWhateverOneLockNodeDoes(t *testing.T) {
	for _, tt := range []struct {
		name    string
		halfWay func(w *realWorld)
	}{
		{"all nodes up", func(*realWorld) {}},
		{"one node killed half-way", func(w *realWorld) { w.nodes[1].Kill() }},
		{"one node stopped half-way", func(w *realWorld) { w.nodes[1].Pause() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newRealWorld(t, 30)
			n := testMessages()
			e := newEffects(n/2, n)
			t.Cleanup(sqs.DefaultRegistry.Reset)
			require.NoError(t, sqs.AddHandler(func(_ context.Context, m *sqs.Message) error { e.note(m); return nil }, "Order.shop"))
			w.send(0, n)
			require.NoError(t, sqs.Initialize(t.Context(), sqs.WithLogger(slog.New(slog.DiscardHandler))))
			before := sqs.SQSClient.Stats()
			began := time.Now()
			require.NoError(t, sqs.StartReceivingMessages(t.Context()))
			eventually(t, e.reach[n/2], "half of the messages")
			tt.halfWay(w)
			eventually(t, e.reach[n], "all of the messages")
			took := time.Since(began)
			require.NoError(t, sqs.StopReceivingMessages(t.Context()))
			assert.Empty(t, e.more(), "run twice")
			visible, inFlight := w.depth()
			assert.Equal(t, "0 0", visible+" "+inFlight)
			s := sqs.SQSClient.Stats()
			assert.EqualValues(t, n, s.Deleted-before.Deleted)
			require.NoError(t, sqs.SQSClient.Close(t.Context()))
			t.Logf("%d messages, %.0f/s", n, float64(n)/took.Seconds())
		})
	}
}

func TestWithoutAMajorityReceivingPausesAndGoesOnByItself(t *testing.T) {
	w := newRealWorld(t, 5)
	e := newEffects(1, 21)
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(func(m *sqs.Message) { e.note(m) }))
	c := sqs.New(sqs.WithRegistry(r), sqs.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, c.Initialize(t.Context()))
	defer c.Close(context.Background())
	require.NoError(t, c.StartReceivingMessages(t.Context()))
	w.send(0, 1)
	eventually(t, e.reach[1], "the first message")
	require.Eventually(t, func() bool { return c.Stats().Deleted == 1 }, 10*time.Second, 20*time.Millisecond, "it is marked and deleted")
	w.nodes[0].Kill()
	w.nodes[1].Kill()
	w.send(1, 20)
	require.Eventually(t, func() bool { return c.Healthy(t.Context()) != nil }, 10*time.Second, 50*time.Millisecond)
	assert.ErrorIs(t, c.Healthy(t.Context()), sqs.ErrLockNotAcquired)
	t.Log(c.Healthy(t.Context()))
	require.Eventually(t, func() bool { s := c.Stats(); return s.Released == s.Received-1 && s.InFlight == 0 },
		10*time.Second, 50*time.Millisecond, "all that was received is given back")
	received := c.Stats().Received
	assert.Never(t, func() bool { return c.Stats().Received != received }, 8*time.Second, 100*time.Millisecond, "no receive count grows")
	w.nodes[0].Restart()
	w.nodes[1].Restart()
	eventually(t, e.reach[21], "the rest, once the nodes are back")
	assert.Empty(t, e.more())
	require.NoError(t, c.Healthy(t.Context()))
}

func TestALockHeldAsAioredlockHoldsItKeepsTheHandlerFromRunning(t *testing.T) {
	w := newRealWorld(t, 2)
	e := newEffects(1)
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(func(m *sqs.Message) { e.note(m) }))
	c := sqs.New(sqs.WithRegistry(r), sqs.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, c.Initialize(t.Context()))
	defer c.Close(context.Background())
	m, err := c.CreateMessage("x")
	require.NoError(t, err)
	require.NoError(t, m.Send(t.Context()))
	for _, n := range w.nodes {
		o, err := redis.ParseURL(n.URL())
		require.NoError(t, err)
		client := redis.NewClient(o)
		require.NoError(t, client.Do(t.Context(), "SET", "sqs:event:"+m.MessageID, "7a1f3a5e-5be7-4fd5-9d55-2a4f4ee4e9b1", "PX", 10_000).Err())
		client.Close()
	}
	held := time.Now()
	require.NoError(t, c.StartReceivingMessages(t.Context()))
	eventually(t, e.reach[1], "the handler, once the lock has expired")
	assert.GreaterOrEqual(t, time.Since(held), 9900*time.Millisecond)
	assert.Positive(t, c.Stats().Skipped)
	t.Logf("ran %.1f s after the lock was taken for 10 s", time.Since(held).Seconds())
}

// TestMain's child: a consumer process that another test kills.
const childVariable = "INIESTA_TEST_CHILD"

func runChild() {
	r := sqs.NewRegistry()
	err := r.AddHandler(func(_ context.Context, m *sqs.Message) {
		fmt.Println("began", m.RawBody, time.Now().UnixMilli())
		<-time.After(300 * time.Millisecond) // work
		fmt.Println("ended", m.RawBody, time.Now().UnixMilli())
	})
	if err == nil {
		err = sqs.New(sqs.WithRegistry(r)).Run(context.Background())
	}
	fmt.Println(err)
}

func TestAProcessThatIsKilledLosesNothingAndNothingRunsBeforeItsLeaseEnds(t *testing.T) {
	w := newRealWorld(t, 3)
	t.Setenv("INIESTA_LOCK_TIMEOUT", "6")
	t.Setenv("INIESTA_SQS_CONCURRENCY", "20")
	t.Setenv(childVariable, "1")
	w.send(0, 400)
	first, second := startChild(t), startChild(t)
	require.Eventually(t, func() bool {
		ended := len(first.of("ended"))
		return ended >= 20 && len(first.of("began")) > ended
	}, time.Minute, 5*time.Millisecond)
	killed := time.Now()
	first.kill() // -9, in the middle of its batch
	require.Eventually(t, func() bool { visible, inFlight := w.depth(); return visible == "0" && inFlight == "0" }, time.Minute, 50*time.Millisecond)
	second.kill()
	ended := first.of("ended")
	for body, at := range second.of("ended") {
		ended[body] = at
	}
	assert.Len(t, ended, 400, "nothing is lost")
	interrupted := 0
	for body, began := range second.of("began") {
		at, ran := first.of("began")[body]
		if !ran {
			continue
		}
		interrupted++
		// Between a handler's return and its mark a kill leaves the message to run again.
		if at, ok := first.of("ended")[body]; ok {
			assert.Less(t, killed.UnixMilli()-at, int64(500), "%s was run again although it had ended", body)
		}
		assert.GreaterOrEqual(t, began-at, int64(3900), "%s was run again before its lock could have ended", body)
	}
	assert.Positive(t, interrupted)
	t.Logf("%d messages were interrupted by the kill and run again, the queue was empty %.1f s after it", interrupted, time.Since(killed).Seconds())
}

// child is a consumer process with what it printed.
type child struct {
	process *exec.Cmd
	out     *logs
}

func startChild(t *testing.T) *child {
	c := &child{process: exec.Command(os.Args[0]), out: &logs{}}
	c.process.Stdout, c.process.Stderr = c.out, c.out
	require.NoError(t, c.process.Start())
	t.Cleanup(c.kill)
	return c
}

func (c *child) kill() {
	if c.process.ProcessState == nil {
		_ = c.process.Process.Kill() // fails only where it has ended
		_ = c.process.Wait()         // reports the kill
	}
}

// of are the bodies of the lines that begin with a word, and when they were printed.
func (c *child) of(word string) map[string]int64 {
	lines := map[string]int64{}
	for line := range strings.SplitSeq(c.out.String(), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == word {
			lines[fields[1]], _ = strconv.ParseInt(fields[2], 10, 64)
		}
	}
	return lines
}
