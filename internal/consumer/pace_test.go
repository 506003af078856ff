package consumer

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
)

const roundTrip = 10 * time.Millisecond // of a receive that does not wait

// stream is a queue whose messages a test describes: each receive that finds some answers after a round trip.
type stream struct {
	most   int           // messages of one answer
	every  time.Duration // between two messages that arrive; 0 where a backlog is there
	age    time.Duration // how long the messages of a backlog have waited
	first  bool          // each is received for the first time
	times  bool          // SQS says when they were sent and received
	taken  int
	began  time.Time
	mu     sync.Mutex
	asking int
	peak   int // receives under way at once
}

func (s *stream) receive(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
	s.mu.Lock()
	s.asking++
	s.peak = max(s.peak, s.asking)
	s.mu.Unlock()
	defer func() { s.mu.Lock(); defer s.mu.Unlock(); s.asking-- }()
	until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		wait(ctx, roundTrip/2)
		messages := s.take(int(in.MaxNumberOfMessages))
		wait(ctx, roundTrip/2)
		if len(messages) > 0 || ctx.Err() != nil || !time.Now().Before(until) {
			return &sqs.ReceiveMessageOutput{Messages: messages}, ctx.Err()
		}
	}
}

func (s *stream) take(asked int) (messages []types.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(messages) < min(asked, s.most) {
		sent := time.Now().Add(-s.age)
		if s.every > 0 {
			if sent = s.began.Add(time.Duration(s.taken) * s.every); sent.After(time.Now()) {
				return messages
			}
		}
		m := types.Message{MessageId: aws.String(fmt.Sprint(s.taken)), ReceiptHandle: aws.String("h"), Attributes: map[string]string{}}
		if s.times {
			m.Attributes["SentTimestamp"] = strconv.FormatInt(sent.UnixMilli(), 10)
			m.Attributes["ApproximateFirstReceiveTimestamp"] = strconv.FormatInt(time.Now().UnixMilli(), 10)
			m.Attributes["ApproximateReceiveCount"] = map[bool]string{true: "1", false: "2"}[s.first]
		}
		s.taken++
		messages = append(messages, m)
	}
	return messages
}

// seen is one of the counts.
func (s *stream) seen(count *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *count
}

func TestPollersGrowOnEvidenceOfMoreAndNotWithoutIt(t *testing.T) {
	for name, c := range map[string]struct {
		*stream
		grows bool
	}{
		"receives are full":                                             {&stream{most: 10, age: time.Minute, first: true, times: true}, true},
		"nine of ten, which have waited":                                {&stream{most: 9, age: time.Minute, first: true, times: true}, true},
		"nine of ten, and no times":                                     {&stream{most: 9}, true},
		"three of ten, which have waited":                               {&stream{most: 3, age: time.Minute, first: true, times: true}, true},
		"one of ten, which has waited":                                  {&stream{most: 1, age: time.Minute, first: true, times: true}, true},
		"nine of ten, all received before":                              {&stream{most: 9, age: time.Minute, times: true}, true},
		"three of ten, all received before":                             {&stream{most: 3, age: time.Minute, times: true}, false},
		"three of ten, and no times":                                    {&stream{most: 3}, false},
		"a steady stream of 2 a second":                                 {&stream{most: 10, every: 500 * time.Millisecond, first: true, times: true}, false},
		"a steady stream of 50 a second":                                {&stream{most: 10, every: 20 * time.Millisecond, first: true, times: true}, false},
		"a steady stream of 400 a second, four or five to each receive": {&stream{most: 10, every: 2500 * time.Microsecond, first: true, times: true}, false},
		"a steady stream of 2,000 a second, more than one can fetch":    {&stream{most: 10, every: 500 * time.Microsecond, first: true, times: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := c.stream
				s.began = time.Now()
				r := begin(t, newConsumer(func(o *Options) { o.Queue.API = &fakeQueue{receive: s.receive} }))
				if c.grows {
					time.Sleep(300*time.Millisecond + 1)
					synctest.Wait()
					assert.Greater(t, s.seen(&s.peak), 1)
				} else {
					time.Sleep(3*time.Second + 1)
					synctest.Wait()
					pollers, _, _ := r.receiver.state()
					assert.Equal(t, 1, pollers)
					assert.Equal(t, 1, s.seen(&s.peak))
				}
				assert.Positive(t, s.seen(&s.taken))
			})
		})
	}
}

func TestPollersLeaveOnceTheyHaveToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stream{most: 10, age: time.Minute, first: true, times: true}
		r := begin(t, newConsumer(func(o *Options) { o.Queue.API = &fakeQueue{receive: s.receive} }))
		time.Sleep(300 * time.Millisecond)
		pollers, _, _ := r.receiver.state()
		assert.Equal(t, 10+Helpers(10), pollers, "a backlog is fetched by all")
		s.mu.Lock()
		s.every, s.began = time.Second, time.Now().Add(-time.Duration(s.taken)*time.Second)
		s.mu.Unlock()
		time.Sleep(30 * time.Second)
		pollers, _, _ = r.receiver.state()
		assert.Equal(t, 1, pollers, "each left at the first message that it had to wait for")
	})
}

func TestAQueueThatAnswersEmptyAtOnceIsAskedTwentyTimesASecondAtMost(t *testing.T) {
	for name, wait := range map[string]time.Duration{"without a wait": 0, "by a server that ignores the wait": 20 * time.Second} {
		for _, pollers := range []int{1, 10, 30} {
			for _, takes := range []time.Duration{0, time.Millisecond, 30 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s, %d pollers, %s", name, pollers, takes), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						var mu sync.Mutex
						var asked []time.Time
						c := newConsumer(func(o *Options) {
							o.MinPollers, o.MaxPollers, o.ReceiveWaitTime = pollers, max(pollers, 10), wait
							o.Queue.API = &fakeQueue{receive: func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
								time.Sleep(takes)
								mu.Lock()
								defer mu.Unlock()
								asked = append(asked, time.Now())
								return &sqs.ReceiveMessageOutput{}, nil
							}}
						})
						r := c.NewRun(t.Context())
						r.Begin(t.Context())
						time.Sleep(time.Minute)
						synctest.Wait()
						mu.Lock()
						for i := range asked[:len(asked)-30] {
							if i >= pollers { // the first ask before anything is known
								assert.GreaterOrEqual(t, asked[i+20].Sub(asked[i]), time.Second-50*time.Millisecond, "from receive %d on", i)
							}
						}
						assert.Greater(t, len(asked), 60, "it is asked on")
						mu.Unlock()
						began := time.Now()
						assert.NoError(t, r.Drain(t.Context()))
						assert.LessOrEqual(t, time.Since(began), takes, "a pause ends with a stop")
					})
				})
			}
		}
	}
}

func TestTheBrakeIsLetGoByTheFirstMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &pace{}
		for range 20 {
			p.note(nil, 10, 0)
		}
		assert.Equal(t, mostSpinPause, p.pause())
		p.note([]types.Message{{}}, 10, 0)
		assert.Zero(t, p.pause())
		p.note(nil, 10, 0)
		assert.Equal(t, leastSpinPause, p.pause(), "it grows anew")
		p.wait = 20 * time.Second
		p.note(nil, 10, 20*time.Second)
		assert.Zero(t, p.pause(), "a long poll that brought nothing has waited by itself")
	})
}
