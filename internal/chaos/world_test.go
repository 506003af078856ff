package chaos

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/testserver"
)

// scale is how long and how much.
type scale struct {
	messages int
	outage   time.Duration
	during   time.Duration // messages are sent
	kills    int           // of consumers, during an outage
}

func theScale() scale {
	if os.Getenv("INIESTA_CHAOS_LONG") != "" {
		return scale{messages: 10_000, outage: time.Minute, during: 2 * time.Minute, kills: 60}
	}
	return scale{messages: 500, outage: 3 * time.Second, during: 6 * time.Second, kills: 6}
}

// world is everything that a scenario breaks.
type world struct {
	t           *testing.T
	scale       scale
	ledger      *ledger
	api         *awssqs.Client // the producer's, past everything that is broken
	queue       string
	deadLetters string // its queue, empty where there is none
	gateway     gateway
	sqs         *toxiproxy.Proxy // to the gateway
	nodes       []*testserver.RedisNode
	lines       []*toxiproxy.Proxy // to the nodes
	environment []string

	mu        sync.Mutex
	consumers []*process
	producing sync.WaitGroup
}

// settings are what a scenario may choose, in seconds where it is a time.
type settings struct {
	visibility  int // of the queue
	lock        int
	wait        int // of a receive: an idle stop takes no longer
	maxReceives int // before a message is a dead letter; 0 is never
}

func newWorld(t *testing.T, s settings) *world {
	w := &world{t: t, scale: theScale(), ledger: newLedger(t), nodes: testserver.RedisNodes(t, 3)}
	endpoint := startProcess(t, "aws").line()
	w.api = awssqs.New(awssqs.Options{BaseEndpoint: &endpoint, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	w.createQueue(s)

	control := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	w.sqs = w.proxy(control, "sqs", w.gateway.serve(t, endpoint))
	var caches []string
	for i, node := range w.nodes {
		address := strings.TrimSuffix(strings.TrimPrefix(node.URL(), "redis://"), "/0")
		line := w.proxy(control, fmt.Sprint("redis", i), address)
		w.lines = append(w.lines, line)
		caches = append(caches, "redis://"+line.Listen+"/0")
	}
	w.environment = []string{
		ledgerVariable + "=" + w.ledger.path, "INIESTA_SQS_ENDPOINT_URL=http://" + w.sqs.Listen, "INIESTA_CACHES=" + strings.Join(caches, ","),
		"AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
		"SERVICE_NAME=chaos", "INIESTA_SQS_QUEUE_NAME=chaos", fmt.Sprintf("INIESTA_LOCK_TIMEOUT=%d", s.lock), fmt.Sprintf("INIESTA_SQS_CONCURRENCY=%d", concurrency),
		fmt.Sprintf("INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS=%d", s.wait),
	}
	return w
}

func (w *world) createQueue(s settings) {
	attributes := map[string]string{"VisibilityTimeout": strconv.Itoa(s.visibility)}
	if s.maxReceives > 0 {
		out, err := w.api.CreateQueue(w.t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("dead")})
		require.NoError(w.t, err)
		w.deadLetters = *out.QueueUrl
		arn := w.attribute(w.deadLetters, types.QueueAttributeNameQueueArn)
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, arn, s.maxReceives)
	}
	out, err := w.api.CreateQueue(w.t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("chaos"), Attributes: attributes})
	require.NoError(w.t, err)
	w.queue = *out.QueueUrl
}

func (w *world) attribute(queue string, name types.QueueAttributeName) string {
	out, err := w.api.GetQueueAttributes(w.t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{name}})
	require.NoError(w.t, err)
	return out.Attributes[string(name)]
}

// dead is how many messages are dead letters.
func (w *world) dead() int {
	if w.deadLetters == "" {
		return 0
	}
	n, err := strconv.Atoi(w.attribute(w.deadLetters, types.QueueAttributeNameApproximateNumberOfMessages))
	require.NoError(w.t, err)
	return n
}

// proxy listens in front of a server until the test ends.
func (w *world) proxy(control *toxiproxy.ApiServer, name, upstream string) *toxiproxy.Proxy {
	p := toxiproxy.NewProxy(control, name, "127.0.0.1:0", upstream)
	require.NoError(w.t, p.Start())
	w.t.Cleanup(p.Stop)
	return p
}

// consumer starts one more consumer.
func (w *world) consumer() *process {
	p := startProcess(w.t, "consumer", w.environment...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.consumers = append(w.consumers, p)
	return p
}

// produce sends all messages, evenly over a time.
func (w *world) produce(during time.Duration) {
	w.producing.Go(func() {
		const batch = 10
		tick := time.NewTicker(during / time.Duration(w.scale.messages/batch))
		defer tick.Stop()
		for from := 0; from < w.scale.messages; from += batch {
			var entries []types.SendMessageBatchRequestEntry
			for i := from; i < from+batch; i++ {
				body := strconv.Itoa(i)
				w.ledger.sending(body)
				entries = append(entries, types.SendMessageBatchRequestEntry{Id: &body, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{
					"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String(event)}}})
			}
			_, err := w.api.SendMessageBatch(w.t.Context(), &awssqs.SendMessageBatchInput{QueueUrl: &w.queue, Entries: entries})
			if err != nil {
				w.t.Error(err)
				return
			}
			<-tick.C
		}
	})
}

// toxic spoils a proxy's connections, both ways, until the returned function is called.
func (w *world) toxic(p *toxiproxy.Proxy, kind, attributes string) (cure func()) {
	for _, stream := range []string{"upstream", "downstream"} {
		_, err := p.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(`{"name":%q,"type":%q,"stream":%q,"attributes":%s}`, stream, kind, stream, attributes)))
		require.NoError(w.t, err)
	}
	return func() { p.Toxics.ResetToxics(w.t.Context()) }
}

// deliverAgain makes messages that run visible now, and returns how many.
func (w *world) deliverAgain() int {
	handles := w.gateway.takeRunning()
	for batch := range slices.Chunk(handles, 10) {
		var entries []types.ChangeMessageVisibilityBatchRequestEntry
		for i, handle := range batch {
			entries = append(entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &handle})
		}
		_, err := w.api.ChangeMessageVisibilityBatch(w.t.Context(), &awssqs.ChangeMessageVisibilityBatchInput{QueueUrl: &w.queue, Entries: entries})
		require.NoError(w.t, err)
	}
	return len(handles)
}

// forget empties lock nodes.
func (w *world) forget(nodes []*testserver.RedisNode) {
	for _, node := range nodes {
		options, err := redis.ParseURL(node.URL())
		require.NoError(w.t, err)
		client := redis.NewClient(options)
		require.NoError(w.t, client.FlushAll(w.t.Context()).Err())
		require.NoError(w.t, client.Close())
	}
}

// handled waits until so many messages succeeded, or have become dead letters.
func (w *world) handled(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.ledger.seen()+w.dead() >= n }, 5*time.Minute, 20*time.Millisecond)
}

// drained waits until the queue is empty.
func (w *world) drained() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		out, err := w.api.GetQueueAttributes(w.t.Context(), &awssqs.GetQueueAttributesInput{QueueUrl: &w.queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
		return err == nil && out.Attributes["ApproximateNumberOfMessages"] == "0" && out.Attributes["ApproximateNumberOfMessagesNotVisible"] == "0"
	}, 5*time.Minute, 50*time.Millisecond)
}
