package sqs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/sqs"
)

// world is a queue with three lock nodes inside a bubble of virtual time, reached by the real SDK and
// the real redsync.
type world struct {
	t        *testing.T
	server   *localaws.Server
	nodes    []*locknode.Node
	api      *awssqs.Client
	queue    string
	url      string
	registry *sqs.Registry
	logs     *logs
	config   config.Config
}

// inWorld runs a test in a world of its own, with a queue whose visibility timeout is 30 s.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) { inWorldOf(t, "orders", test) }

func inWorldOf(t *testing.T, queue string, test func(t *testing.T, w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, server: localaws.New(), queue: queue, registry: sqs.NewRegistry(), logs: &logs{}, config: testConfig()}
		w.config.QueueName = queue
		w.api = awssqs.New(awssqs.Options{
			BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1",
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
			HTTPClient:  &http.Client{Transport: w.server.Transport()},
		})
		for range 3 {
			w.nodes = append(w.nodes, &locknode.Node{})
		}
		attributes := map[string]string{}
		if queue != "orders" {
			attributes["FifoQueue"] = "true"
		}
		out, err := w.api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &queue, Attributes: attributes})
		require.NoError(t, err)
		w.url = *out.QueueUrl
		t.Cleanup(func() { w.server.Close() })
		test(t, w)
	})
}

// locker locks on the world's nodes.
func (w *world) locker() sqs.Locker {
	var nodes []redlock.Node
	for i, n := range w.nodes {
		nodes = append(nodes, redlock.Node{Name: "node" + strconv.Itoa(i), Pool: n})
	}
	locker, _ := sqs.LockerOver(nodes, w.config.LockTimeout)
	return locker
}

// client is an initialized client that is closed with the test.
func (w *world) client(opts ...sqs.Option) *sqs.Client {
	w.t.Helper()
	base := []sqs.Option{
		sqs.WithConfig(w.config), sqs.WithAPI(w.api), sqs.WithLocker(w.locker()), sqs.WithRegistry(w.registry),
		sqs.WithLogger(slog.New(slog.NewJSONHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))),
	}
	c := sqs.New(append(base, opts...)...)
	require.NoError(w.t, c.Initialize(w.t.Context()))
	w.t.Cleanup(func() {
		require.NoError(w.t, c.Close(context.Background()))
	})
	return c
}

// start is a client that receives.
func (w *world) start(opts ...sqs.Option) *sqs.Client {
	w.t.Helper()
	c := w.client(opts...)
	require.NoError(w.t, c.StartReceivingMessages(w.t.Context()))
	return c
}

func (w *world) handle(fn any, events ...string) {
	w.t.Helper()
	require.NoError(w.t, w.registry.AddHandler(fn, events...))
}

// send sends a message of an event, in a group where the queue is FIFO, and returns its id.
func (w *world) send(event, body string, group ...string) string {
	w.t.Helper()
	in := &awssqs.SendMessageInput{QueueUrl: &w.url, MessageBody: &body}
	if event != "" {
		in.MessageAttributes = map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: aws.String("String"), StringValue: &event}}
	}
	if len(group) > 0 {
		in.MessageGroupId, in.MessageDeduplicationId = &group[0], aws.String(body)
	}
	out, err := w.api.SendMessage(w.t.Context(), in)
	require.NoError(w.t, err)
	return *out.MessageId
}

// after lets virtual time pass and everything come to rest.
func (w *world) after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// left are the messages in the queue.
func (w *world) left() []localaws.MessageState { return w.server.Inspect(w.queue).Messages }

// deletes is how often a message was deleted.
func (w *world) deletes(id string) int { return w.server.Inspect(w.queue).Deleted[id] }

// runs remembers which message bodies handlers ran for, in order.
type runs struct {
	mu     sync.Mutex
	bodies []string
	times  []time.Time
}

func (r *runs) note(m *sqs.Message) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies = append(r.bodies, m.RawBody)
	r.times = append(r.times, time.Now())
	return len(r.bodies)
}

func (r *runs) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.bodies)
}

func (r *runs) count() int { return len(r.list()) }

// logs keeps what was logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// records are the records of a level.
func (l *logs) records(level string) []map[string]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	var records []map[string]any
	for _, line := range bytes.Split(bytes.TrimSpace(l.text.Bytes()), []byte("\n")) {
		record := map[string]any{}
		if json.Unmarshal(line, &record) == nil && record["level"] == level {
			records = append(records, record)
		}
	}
	return records
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (w *world) createQueue() {
	w.t.Helper()
	_, err := w.api.CreateQueue(w.t.Context(), &awssqs.CreateQueueInput{QueueName: &w.queue})
	require.NoError(w.t, err)
}

func (w *world) deleteQueue() {
	w.t.Helper()
	_, err := w.api.DeleteQueue(w.t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &w.url})
	require.NoError(w.t, err)
}
