package redrive

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/time/rate"
)

const (
	lanes          = 4  // batches under way
	visibility     = 60 // seconds that a message is hidden for while it is moved
	deleteAttempts = 4  // of what was sent
	batchSize      = 10
)

// ByMessage sends messages one by one, ten to a call, and deletes each from the dead-letter queue once SQS has
// confirmed that it was sent. It moves each at least once: should the process be killed between the two, the message
// is in both queues, and running it again sends it a second time. A FIFO queue drops that second one for five minutes.
// A context that ends lets it finish what it has received, which takes half a minute at most.
func (m *Move) ByMessage(ctx context.Context) (Result, error) {
	r := &run{Move: m, sent: make(map[string]bool), limit: rate.NewLimiter(rate.Inf, batchSize)}
	if m.Rate > 0 {
		r.limit = rate.NewLimiter(rate.Limit(m.Rate), batchSize)
	}
	n := lanes
	if m.Dead.fifo() {
		n = 1 // or groups would get out of order
	}
	var working sync.WaitGroup
	for range n {
		working.Go(func() { r.move(ctx) })
	}
	working.Wait()
	for _, deleted := range r.sent {
		if !deleted {
			r.result.Twice++
		}
	}
	err := errors.Join(r.err, r.release(ctx))
	if err == nil && (r.short || ctx.Err() != nil) {
		err = ErrInterrupted
	}
	return r.result, err
}

// run is a ByMessage.
type run struct {
	*Move
	limit *rate.Limiter

	mu      sync.Mutex
	result  Result
	err     error
	short   bool            // it ended before there was nothing more
	taken   int             // of Most
	sent    map[string]bool // ids of messages that were sent: whether they were deleted
	refused []types.ChangeMessageVisibilityBatchRequestEntry
}

// move moves batches until there is nothing more, ctx ends or something fails.
func (r *run) move(ctx context.Context) {
	for ctx.Err() == nil && !r.failed() {
		n := r.reserve()
		if n == 0 {
			return
		}
		if r.limit.WaitN(ctx, n) != nil { // ctx has ended, or would before the rate allows more
			r.unreserve(n)
			r.cut() // also where the wait would be longer than ctx is
			return
		}
		more, err := r.step(ctx, n)
		if err != nil {
			r.fail(err)
		}
		if !more {
			return
		}
	}
}

// step moves up to n messages. It finishes what it receives, also where ctx ends meanwhile.
func (r *run) step(ctx context.Context, n int) (more bool, err error) {
	within, cancel := lasting(ctx)
	defer cancel()
	out, err := r.API.ReceiveMessage(within, &sqs.ReceiveMessageInput{
		QueueUrl: &r.Dead.URL, MaxNumberOfMessages: int32(n), WaitTimeSeconds: 1, VisibilityTimeout: visibility,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		r.unreserve(n)
		return false, fmt.Errorf("receiving from %s: %w", r.Dead.Name, err)
	}
	r.unreserve(n - len(out.Messages))
	if len(out.Messages) == 0 {
		return false, nil
	}
	return true, r.bringBack(within, out.Messages)
}

// lasting is a context that goes on for a while when ctx has ended.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	lasting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-lasting.Done():
			return
		case <-ctx.Done():
		}
		select {
		case <-lasting.Done():
		case <-time.After(ending):
			cancel()
		}
	})
	return lasting, func() {
		cancel()
		watching.Wait()
	}
}

// reserve takes up to ten of Most.
func (r *run) reserve() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := batchSize
	if r.Rate > 0 {
		n = min(n, r.Rate)
	}
	if r.Most > 0 {
		n = min(n, r.Most-r.taken)
	}
	r.taken += n
	return n
}

func (r *run) unreserve(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
}

func (r *run) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.short = true
}

func (r *run) failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err != nil
}

func (r *run) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

// release makes messages visible again that were refused.
func (r *run) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	for held := r.refused; len(held) > 0; {
		batch := held[:min(len(held), batchSize)]
		held = held[len(batch):]
		for i := range batch {
			id := strconv.Itoa(i)
			batch[i].Id = &id
		}
		_, err := r.API.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &r.Dead.URL, Entries: batch})
		if err != nil {
			return fmt.Errorf("making messages of %s visible again, which they will be in %d s by themselves: %w", r.Dead.Name, visibility, err)
		}
	}
	return nil
}
