package sim

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/locknode"
)

// world is one simulation.
type world struct {
	*plan
	ledger *ledger
	server *localaws.Server
	nodes  []*locknode.Node
	url    string

	denied  atomic.Pointer[[]string] // operations that SQS refuses
	empty   atomic.Bool              // every receive returns at once with nothing
	meddled sync.Map                 // ids of messages that their handlers changed
	calmed  atomic.Bool              // no fault begins any more

	mu        sync.Mutex
	consumers []consumer
	made      int
	buffers   sync.WaitGroup // goroutines of the simulation itself
}

// consumer is a process that receives, of either language.
type consumer interface {
	process() *process
	stop(ctx context.Context) error // gracefully
	clear() (busy int64)            // at the end; busy is what is still held
}

const queueName = "sim"

// simulate runs a plan in a bubble of its own and returns the ledger.
func simulate(t *testing.T, p *plan) *ledger { return simulateWith(t, p, nil) }

// simulateWith runs a plan with a trouble of the caller's.
func simulateWith(t *testing.T, p *plan, trouble func(*world)) (l *ledger) {
	defer watch(p)()
	defer func() {
		if v := recover(); v != nil { // such as a deadlock
			panic(fmt.Sprintf("%v. replay: %s", v, p))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w := &world{plan: p, ledger: newLedger(p), server: localaws.New()}
		w.server.SetGuarantees(localaws.Guarantees{OlderHandlesDelete: p.olderDelete, OlderHandlesChangeNothing: p.olderChangeNothing})
		l = w.ledger
		defer w.server.Close()
		w.run(t.Context(), trouble)
	})
	return l
}

func (w *world) run(ctx context.Context, trouble func(*world)) {
	for i := range w.plan.nodes {
		node := &locknode.Node{}
		if w.has("clock") { // within what redlock allows for
			node.SetClockSpeed(1 + (w.draw("clock", i).Float64()-0.5)/60)
		}
		w.nodes = append(w.nodes, node)
	}
	w.createQueue(ctx)
	for range w.plan.consumers {
		w.add(w.newGo(ctx))
	}
	for range w.pythons {
		w.add(w.newPython(ctx))
	}
	for i := range w.producers {
		w.buffers.Go(func() { w.produce(ctx, i) })
	}
	w.server.SetFault(w.fault)
	if trouble != nil {
		trouble(w)
	} else {
		w.afflict(ctx)
	}
	w.server.SetFault(nil)
	w.recover(ctx)
	for range w.calm / time.Minute { // or less where everything has come to rest
		time.Sleep(time.Minute)
		synctest.Wait()
		if w.atRest() {
			break
		}
	}
	w.judge()
	w.judgeProcesses(ctx) // for longer than any lock lives
	w.judgeLocks()
	w.clear()
}

func (w *world) add(c consumer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.consumers = append(w.consumers, c)
}

// name names the next process.
func (w *world) name(kind string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.made++
	return fmt.Sprintf("%s%d", kind, w.made)
}

func (w *world) sdk(transport http.RoundTripper) *awssqs.Client {
	return awssqs.New(awssqs.Options{
		BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1", HTTPClient: &http.Client{Transport: transport},
		Credentials:                      credentials.NewStaticCredentialsProvider("key", "secret", ""),
		DisableMessageChecksumValidation: true, // who refuses a damaged body, and what else with it, is the library
	})
}

func (w *world) queue() string {
	if w.fifo {
		return queueName + ".fifo"
	}
	return queueName
}

func (w *world) createQueue(ctx context.Context) {
	visibility := w.visibility
	if w.asksVisibility {
		visibility += 7 * time.Second
	}
	attributes := map[string]string{"VisibilityTimeout": strconv.Itoa(int(visibility.Seconds()))}
	if w.fifo {
		attributes["FifoQueue"] = "true"
	}
	name := w.queue()
	out, err := w.sdk(w.server.Transport()).CreateQueue(ctx, &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		panic(err)
	}
	w.url = *out.QueueUrl
}

// produce sends a producer's share of the messages, at once or over the first half of the trouble. One whose answer was
// lost is sent again by the SDK: it is another message then.
func (w *world) produce(ctx context.Context, producer int) {
	api := w.sdk(w.server.Transport())
	r := w.draw("producer", producer)
	for i := producer; i < w.messages; i += w.producers {
		body, group := strconv.Itoa(i), "g"+strconv.Itoa(i%3)
		in := &awssqs.SendMessageInput{QueueUrl: &w.url, MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("Sim.event")}}}
		if w.fifo {
			in.MessageGroupId, in.MessageDeduplicationId = &group, &body
		}
		for {
			out, err := api.SendMessage(ctx, in)
			if err == nil {
				w.ledger.sent(*out.MessageId, body, group, aws.ToString(out.SequenceNumber))
				break
			}
			time.Sleep(time.Second)
		}
		if !w.backlog {
			time.Sleep(between(r, 0, w.trouble/time.Duration(w.messages)+time.Millisecond))
		}
	}
}

// recover ends every fault and has somebody there who receives.
func (w *world) recover(ctx context.Context) {
	w.calmed.Store(true)
	w.mend()
	alive := false
	for _, c := range w.processes() {
		p := c.process()
		p.thaw(false)
		alive = alive || !p.dead() && !p.python
	}
	if !alive {
		w.add(w.newGo(ctx))
	}
	w.buffers.Wait()
}

// processes are all that take part, dead ones too.
func (w *world) processes() []consumer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.consumers)
}

// atRest reports whether there is nothing left to do.
func (w *world) atRest() bool {
	if len(w.server.Inspect(w.queue()).Messages) > 0 {
		return false
	}
	for _, c := range w.processes() {
		if g, ok := c.(*goConsumer); ok && !g.at.dead() && g.busy() > 0 {
			return false
		}
	}
	return true
}

// clear ends every process, and checks that those that lived hold nothing.
func (w *world) clear() {
	for _, c := range w.processes() {
		lived := !c.process().dead()
		c.process().thaw(true)
		if busy := c.clear(); busy > 0 && lived {
			w.ledger.failProcess("%s still holds %d messages after %s of calm", c.process().name, busy, w.calm)
		}
	}
}
