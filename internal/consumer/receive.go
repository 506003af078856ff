package consumer

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/guard"
)

// receiver polls the queue. Pollers are added while receives show that there are more messages, and leave when a receive
// brings nothing, had to wait or fails, so that an idle queue is watched by one long poll. Where all the pollers that
// there may be find a backlog, helpers fetch it with them: each leaves at the first receive that shows no more
// messages, so that no helper ever waits for messages.
type receiver struct {
	*Consumer
	capacity *capacity
	breaker  *breaker
	admit    func([]types.Message) // takes one place for each message
	stopping context.Context       // ended: no further receive begins
	receives context.Context       // ended: receives under way are cut off
	pace     pace

	pollers sync.WaitGroup

	mu      sync.Mutex
	running int
	helping int
	open    map[int]time.Time // when each receive under way ends at the latest
	hooks   map[int]time.Time // when each call of the post-receive hook under way began
	nextID  int
}

// start starts the pollers that are always there.
func (r *receiver) start() {
	r.open, r.hooks = make(map[int]time.Time), make(map[int]time.Time)
	r.pace.wait = r.ReceiveWaitTime
	r.mu.Lock()
	defer r.mu.Unlock()
	for range r.MinPollers {
		r.addPoller()
	}
}

// waitForPollers returns when every poller has ended.
func (r *receiver) waitForPollers() { r.pollers.Wait() }

// quietIn is how long a receive of this process may still be under way. A message that becomes visible earlier could
// come straight back to it.
func (r *receiver) quietIn() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var quiet time.Duration
	for _, end := range r.open {
		quiet = max(quiet, time.Until(end)+time.Second) // the answer has its way to go
	}
	return quiet
}

// poll receives until there is nothing to do for this poller or helper.
func (r *receiver) poll(leaves func(received int, e evidence) bool) {
	in := r.input()
	for r.breaker.pass(r.stopping) && r.slowDown() {
		asked := r.capacity.take(r.stopping, r.ReceiveMaxMessages)
		if asked == 0 {
			return
		}
		if r.breaker.reason() != nil {
			r.capacity.received(asked, 0, 0)
			continue
		}
		in.MaxNumberOfMessages = int32(asked)
		received, e, err := r.receive(in)
		if r.stopping.Err() != nil {
			return
		}
		if err != nil {
			if leaves(0, e) {
				return
			}
			wait(r.stopping, r.receipt.failed(err))
			continue
		}
		r.receipt.succeeded()
		r.afterReceive(received)
		if leaves(received, e) {
			return
		}
		if e.more && r.capacity.plenty(asked) {
			r.grow()
		}
	}
}

// slowDown waits where the queue is asked faster than is of use. It returns false when a stop came.
func (r *receiver) slowDown() bool {
	if d := r.pace.pause(); d > 0 {
		wait(r.stopping, d)
	}
	return r.stopping.Err() == nil
}

// input is what a poller asks again and again.
func (r *receiver) input() *sqs.ReceiveMessageInput {
	in := &sqs.ReceiveMessageInput{
		QueueUrl:                    &r.Queue.URL,
		WaitTimeSeconds:             seconds(r.ReceiveWaitTime),
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	}
	if r.AskVisibility {
		in.VisibilityTimeout = seconds(r.Visibility)
	}
	return in
}

// receive makes one long poll and admits its messages.
func (r *receiver) receive(in *sqs.ReceiveMessageInput) (received int, e evidence, err error) {
	asked := int(in.MaxNumberOfMessages)
	began := time.Now()
	messages, err := r.ask(in)
	took := time.Since(began)
	if err == nil {
		e = r.pace.note(messages, asked, took)
	}
	if !e.atOnce {
		took = 0
	}
	r.capacity.received(asked, len(messages), took)
	r.admit(messages)
	return len(messages), e, err
}

// ask calls SQS. The deadline of the call is its wait and ten seconds, so that a socket which never answers costs one
// poll and not the poller.
func (r *receiver) ask(in *sqs.ReceiveMessageInput) ([]types.Message, error) {
	ctx, cancel := context.WithTimeout(r.receives, r.ReceiveWaitTime+callTimeout)
	defer cancel()
	defer r.note(&r.open, time.Now().Add(r.ReceiveWaitTime))()
	r.Counters.ReceiveCalls.Add(1)
	own := *in // a call that is given up may still read it
	out, err := guard.Do(ctx, "the API's ReceiveMessage", func() (*sqs.ReceiveMessageOutput, error) {
		out, err := r.Queue.API.ReceiveMessage(ctx, &own, uncheckedBodies)
		return out, guard.Checked(err)
	}, nil)
	if err != nil {
		r.apiFailed(err)
		return nil, err
	}
	if out == nil {
		return nil, nil
	}
	r.Counters.Received.Add(int64(len(out.Messages)))
	return out.Messages, nil
}

// uncheckedBodies keeps the SDK from refusing a whole receive for one message whose checksum is wrong. The Handler
// checks each message.
func uncheckedBodies(o *sqs.Options) { o.DisableMessageChecksumValidation = true }

// note enters a time under a new number and returns the function that removes it.
func (r *receiver) note(times *map[int]time.Time, at time.Time) (ended func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.nextID
	r.nextID++
	(*times)[id] = at
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(*times, id)
	}
}

// afterReceive calls the post-receive hook and waits for it.
func (r *receiver) afterReceive(received int) {
	if r.AfterReceive == nil {
		return
	}
	defer r.note(&r.hooks, time.Now())()
	ctx := context.WithValue(r.stopping, insideKey{}, r.Consumer)
	if err := guard.Run("the post-receive hook", func() error { r.AfterReceive(ctx, received); return nil }); err != nil {
		r.CallbackFailed(err)
	}
}

// grow adds a poller, or a helper where there may be no more pollers.
func (r *receiver) grow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.stopping.Err() != nil:
	case r.running < r.MaxPollers:
		r.addPoller()
	case r.helping < Helpers(r.MaxPollers):
		r.helping++
		r.pollers.Go(func() { r.poll(r.helperLeaves) })
	}
}

// Helpers is how many helpers there may be beside a number of pollers. One poller stays alone: it means one receive at a
// time.
func Helpers(pollers int) int { return 2 * (pollers - 1) }

// addPoller is called with mu held.
func (r *receiver) addPoller() {
	r.running++
	r.Counters.Pollers.Add(1)
	r.pollers.Go(func() {
		defer r.Counters.Pollers.Add(-1)
		r.poll(r.pollerLeaves)
	})
}

// pollerLeaves reports whether the poller that asks is not needed: it received nothing, or had to wait for messages.
func (r *receiver) pollerLeaves(received int, e evidence) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	needed := received > 0 && (e.atOnce || e.more)
	if needed || r.running <= r.MinPollers {
		return false
	}
	r.running--
	return true
}

func (r *receiver) helperLeaves(_ int, e evidence) bool {
	if e.more {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.helping--
	return true
}
