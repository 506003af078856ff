package sqs

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// receiver polls the queue. Pollers are added while receives come back full and leave when one comes
// back empty or fails, so that an idle queue is watched by one long poll. Where all the pollers there
// may be find a backlog, helpers fetch it with them: each leaves at the first receive that is not full,
// so that none of them ever waits for messages.
type receiver struct {
	consumer *consumer
	slots    *slots
	gate     *gate
	admit    func([]types.Message) // takes one slot for each message
	stopping context.Context       // ended: no further receive begins
	calls    context.Context       // ended: receives under way are cut off
	health   *receiveHealth

	pollers sync.WaitGroup

	mu      sync.Mutex
	running int
	helping int
	open    map[int]time.Time // when each receive under way ends at the latest
	nextID  int
}

// start starts the pollers that are always there.
func (r *receiver) start() {
	r.open = make(map[int]time.Time)
	r.mu.Lock()
	defer r.mu.Unlock()
	for range r.consumer.minPollers {
		r.addPoller()
	}
}

// wait returns when every poller has ended.
func (r *receiver) wait() { r.pollers.Wait() }

// quietIn is how long a receive of this process may still be under way: what is made visible earlier
// could come straight back to it.
func (r *receiver) quietIn() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var quiet time.Duration
	for _, end := range r.open {
		quiet = max(quiet, time.Until(end)+time.Second) // the answer has its way to go
	}
	return quiet
}

// polling reports whether a receive is under way.
func (r *receiver) polling() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open) > 0
}

// poll receives until there is nothing to do for this poller or helper.
func (r *receiver) poll(leave func(received, asked int) bool) {
	in := r.input()
	for r.gate.pass(r.stopping) {
		most := r.slots.take(r.stopping, r.consumer.config.ReceiveMaxMessages)
		if most == 0 {
			return
		}
		if r.gate.paused() != nil {
			r.slots.came(most, 0, 0)
			continue
		}
		in.MaxNumberOfMessages = int32(most)
		began := time.Now()
		messages, err := r.receive(in)
		r.slots.came(most, len(messages), time.Since(began))
		r.admit(messages)
		if r.stopping.Err() != nil {
			return
		}
		if err != nil {
			if leave(0, most) {
				return
			}
			wait(r.stopping, r.health.failed(err))
			continue
		}
		r.health.succeeded()
		r.consumer.afterReceive(r.stopping, len(messages))
		if leave(len(messages), most) {
			return
		}
		if len(messages) == most && r.slots.plenty(most) {
			r.grow()
		}
	}
}

// input is what a poller asks again and again.
func (r *receiver) input() *sqs.ReceiveMessageInput {
	c := r.consumer
	in := &sqs.ReceiveMessageInput{
		QueueUrl:                    &c.queue.url,
		WaitTimeSeconds:             seconds(c.config.ReceiveWaitTime),
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	}
	if c.askVisibility {
		in.VisibilityTimeout = seconds(c.visibility)
	}
	return in
}

// receive makes one long poll. Its deadline is the wait and ten seconds, so that a socket which never
// answers costs one poll and not the poller.
func (r *receiver) receive(in *sqs.ReceiveMessageInput) ([]types.Message, error) {
	c := r.consumer
	ctx, cancel := context.WithTimeout(r.calls, c.config.ReceiveWaitTime+callTimeout)
	defer cancel()
	defer r.began(c.config.ReceiveWaitTime)()
	c.stats.receiveCalls.Add(1)
	out, err := c.queue.api.ReceiveMessage(ctx, in)
	if err != nil {
		c.refreshCredentials(err)
		return nil, err
	}
	c.stats.received.Add(int64(len(out.Messages)))
	return out.Messages, nil
}

// began notes a receive under way and returns what notes its end.
func (r *receiver) began(longest time.Duration) (ended func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := r.nextID
	r.nextID++
	r.open[id] = time.Now().Add(longest)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.open, id)
	}
}

// grow adds a poller, or a helper where there may be no more pollers.
func (r *receiver) grow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.stopping.Err() != nil:
	case r.running < r.consumer.config.MaxPollers:
		r.addPoller()
	case r.helping < helpers(r.consumer.config.MaxPollers):
		r.helping++
		r.pollers.Go(func() { r.poll(r.helperLeaves) })
	}
}

// helpers is how many help a number of pollers. One poller stays alone: who asks for one means one
// receive at a time.
func helpers(pollers int) int { return 2 * (pollers - 1) }

// addPoller is called with mu held.
func (r *receiver) addPoller() {
	r.running++
	r.consumer.stats.pollers.Add(1)
	r.pollers.Go(func() {
		defer r.consumer.stats.pollers.Add(-1)
		r.poll(r.pollerLeaves)
	})
}

// pollerLeaves reports whether the poller that asks is one too many, having received nothing.
func (r *receiver) pollerLeaves(received, _ int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if received > 0 || r.running <= r.consumer.minPollers {
		return false
	}
	r.running--
	return true
}

func (r *receiver) helperLeaves(received, asked int) bool {
	if received == asked {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.helping--
	return true
}

// receiveHealth is what the receives came to lately.
type receiveHealth struct {
	log func(failures int, err error)

	mu       sync.Mutex
	failures int // since the last success
	last     error
	success  time.Time
}

// failed notes a failed receive and returns how long to wait before the next.
func (h *receiveHealth) failed(err error) time.Duration {
	h.mu.Lock()
	h.failures++
	h.last = err
	failures := h.failures
	h.mu.Unlock()
	if failures&(failures-1) == 0 { // the first, then at each doubling
		h.log(failures, err)
	}
	return backoff(failures)
}

func (h *receiveHealth) succeeded() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures, h.last, h.success = 0, nil, time.Now()
}

func (h *receiveHealth) snapshot() (failures int, success time.Time, last error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failures, h.success, h.last
}

// backoff draws the wait after a number of failures in a row: full jitter from a floor of one second
// to a bound that doubles from two seconds to thirty.
func backoff(failures int) time.Duration {
	const floor, most = time.Second, 30 * time.Second
	bound := min(most, floor<<min(failures, 5))
	return floor + rand.N(bound-floor)
}
