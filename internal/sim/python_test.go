package sim

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"sync"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"
)

// python is a consumer that does what Python's iniesta does: a batch, a lock of aioredlock for each message,
// unlock, then delete. The next receive waits for the slowest message.
type python struct {
	at      *process
	w       *world
	api     *awssqs.Client
	stopped context.CancelFunc
	loop    sync.WaitGroup
}

func (w *world) newPython(ctx context.Context) consumer {
	c := &python{at: &process{name: w.name("python"), python: true}, w: w}
	c.api = w.sdk(w.to(c.at))
	ctx, c.stopped = context.WithCancel(ctx)
	c.loop.Go(func() { c.poll(ctx) })
	return c
}

func (c *python) process() *process { return c.at }

func (c *python) stop(context.Context) error {
	c.stopped()
	c.loop.Wait()
	return nil
}

func (c *python) clear() int64 {
	c.stopped()
	c.loop.Wait()
	return 0
}

func (c *python) poll(ctx context.Context) {
	for ctx.Err() == nil {
		out, err := c.api.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &c.w.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
		if err != nil || len(out.Messages) == 0 { // the original asks again at once, for ever
			time.Sleep(time.Second)
			continue
		}
		var batch sync.WaitGroup
		for _, m := range out.Messages {
			batch.Go(func() { c.take(m) })
		}
		batch.Wait()
	}
}

// take handles one message, whatever happens to the process meanwhile.
func (c *python) take(m types.Message) {
	if !intact(&m) {
		return
	}
	token, key := uuid.NewString(), "sqs:event:"+*m.MessageId
	if !c.hold(*m.MessageId, token) {
		c.giveUp(key, token)
		return
	}
	done := make(chan struct{})
	var extending sync.WaitGroup
	extending.Go(func() { c.extend(*m.MessageId, token, done) })
	ok := c.handles(m)
	close(done)
	extending.Wait()
	c.giveUp(key, token)
	if ok {
		_, _ = c.api.DeleteMessage(context.Background(), &awssqs.DeleteMessageInput{QueueUrl: &c.w.url, ReceiptHandle: m.ReceiptHandle})
	}
}

func (c *python) handles(m types.Message) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return c.w.handle(context.Background(), c.at, nil, *m.MessageId, *m.Body) == nil
}

// hold sets the key on a majority, at once on all nodes. The answer of one that hangs is waited for, so that
// little of the lock's time may be left when the handler begins.
func (c *python) hold(id, token string) bool {
	began, key := time.Now(), "sqs:event:"+id
	ctx, cancel := context.WithTimeout(context.Background(), c.w.lockTimeout)
	defer cancel()
	var mu sync.Mutex
	held := 0
	c.onAll(func(i int) {
		if c.at.pass(ctx) != nil {
			return
		}
		if ok, err := c.w.nodes[i].Hold(ctx, key, token, c.w.lockTimeout); ok && err == nil {
			mu.Lock()
			defer mu.Unlock()
			held++
		}
	})
	_ = c.at.pass(ctx)
	until := began.Add(c.w.lockTimeout * 97 / 100)
	if held <= len(c.w.nodes)/2 || !time.Now().Before(until) || c.at.dead() {
		return false
	}
	c.w.ledger.pythonHolds(id, c.at, until)
	return true
}

func (c *python) giveUp(key, token string) {
	ctx, cancel := context.WithTimeout(context.Background(), c.w.lockTimeout)
	defer cancel()
	c.onAll(func(i int) {
		if c.at.pass(ctx) == nil {
			_ = c.w.nodes[i].GiveUp(ctx, key, token)
		}
	})
}

func (c *python) onAll(do func(node int)) {
	var all sync.WaitGroup
	for i := range c.w.nodes {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// extend renews the lock at 0.6 of its time.
func (c *python) extend(id, token string, done <-chan struct{}) {
	tick := time.NewTicker(c.w.lockTimeout * 6 / 10)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			c.hold(id, token)
		}
	}
}

// intact reports whether the body is the one that was sent.
func intact(m *types.Message) bool { return sumOf(*m.Body) == *m.MD5OfBody }

func sumOf(body string) string {
	sum := md5.Sum([]byte(body))
	return hex.EncodeToString(sum[:])
}
