package consumer

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
)

// begin begins a run of c that ends with the test.
func begin(t *testing.T, c *Consumer) *Run {
	r := c.NewRun(t.Context())
	r.Begin(t.Context())
	t.Cleanup(func() { assert.NoError(t, r.Drain(context.Background())) })
	return r
}

// delivered are messages with these ids, each with the handle given.
func delivered(handle string, ids ...string) (messages []types.Message) {
	for _, id := range ids {
		messages = append(messages, types.Message{MessageId: aws.String(id), ReceiptHandle: aws.String(handle)})
	}
	return messages
}

// supply is a queue's receive that brings what a test puts in, one put to a receive.
type supply struct {
	mu    sync.Mutex
	puts  [][]types.Message
	times []time.Time // of the receives
}

func (s *supply) put(messages ...types.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts = append(s.puts, messages)
}

func (s *supply) next() []types.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.puts) == 0 {
		return nil
	}
	messages := s.puts[0]
	s.puts = s.puts[1:]
	return messages
}

// asked is when the receives were.
func (s *supply) asked() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.times...)
}

// receive waits for messages as SQS does.
func (s *supply) receive(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	s.mu.Lock()
	s.times = append(s.times, time.Now())
	s.mu.Unlock()
	until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		if messages := s.next(); messages != nil || !time.Now().Before(until) {
			return &sqs.ReceiveMessageOutput{Messages: messages}, nil
		}
		if wait(ctx, 10*time.Millisecond); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// A slot that a second delivery takes and does not give back is lost for ever.
func TestASecondDeliveryGivesItsPlaceBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supply{}
		release := make(chan struct{})
		c := newConsumer(func(o *Options) {
			o.Concurrency = 10
			o.Queue.API = &fakeQueue{receive: s.receive}
			o.Handler = fakeHandler{handle: func(context.Context, *Message) Result { <-release; return Result{Outcome: Handled} }}
		})
		r := begin(t, c)
		for range 30 {
			s.put(append(delivered("first", "m"), delivered("second", "m")...)...)
			s.put(delivered("third", "m")...)
			s.put(types.Message{MessageId: aws.String("without a handle")})
		}
		time.Sleep(time.Minute)
		assert.EqualValues(t, 1, c.Counters.Running.Load())
		assert.EqualValues(t, 89, c.Counters.Merged.Load())
		s.put(delivered("only", "a", "b", "c", "d", "e", "f", "g", "h", "i")...)
		time.Sleep(time.Minute)
		assert.EqualValues(t, 10, c.Counters.Running.Load(), "every slot can be used")
		close(release)
		synctest.Wait()
		held, _ := r.capacity.counts()
		assert.Zero(t, held)
	})
}

// The caller of a stop that has no deadline may end it at any time.
func TestAStopWhoseContextIsCancelledCutsHandlersAndReceivesShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supply{}
		var cause error
		var ended time.Time
		c := newConsumer(func(o *Options) {
			o.Queue.API = &fakeQueue{receive: s.receive}
			o.Handler = fakeHandler{handle: func(ctx context.Context, _ *Message) Result {
				<-ctx.Done()
				cause, ended = context.Cause(ctx), time.Now()
				return Result{Outcome: Failed, RetryAfter: -1, Err: cause}
			}}
		})
		r := begin(t, c)
		s.put(delivered("h", "m")...)
		time.Sleep(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, cancel)
		began := time.Now()
		err := r.Drain(ctx)
		assert.Equal(t, 2*time.Second, time.Since(began))
		assert.ErrorIs(t, err, ErrShutdown)
		assert.ErrorIs(t, err, context.Canceled)
		synctest.Wait()
		assert.ErrorIs(t, cause, ErrShutdown)
		assert.Equal(t, 2*time.Second, ended.Sub(began))
		time.Sleep(2 * time.Second) // a fake looks at its context every 10 ms
		assert.True(t, r.Ended(), "the long poll was cut short too")
	})
}

// counts is how many messages have a slot, and how many are not settled.
func (c *capacity) counts() (held, unsettled int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held, c.unsettled
}
