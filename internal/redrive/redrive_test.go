package redrive

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/localaws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a queue and its dead-letter queue in a bubble of virtual time.
type stage struct {
	t      *testing.T
	server *localaws.Server
	api    *sqs.Client
	move   *Move
}

func inStage(t *testing.T, fifo bool, test func(*testing.T, *stage)) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		s := &stage{t: t, server: server, api: sqs.New(sqs.Options{
			Region: "us-east-1", BaseEndpoint: aws.String("http://localhost"), HTTPClient: &http.Client{Transport: server.Transport()},
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), RetryMaxAttempts: 1})}
		suffix, attributes := "", map[string]string{}
		if fifo {
			suffix, attributes["FifoQueue"] = ".fifo", "true"
		}
		dead := s.queue("dead"+suffix, attributes)
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, dead.ARN)
		s.move = &Move{API: s.api, Dead: dead, Source: s.queue("orders"+suffix, attributes)}
		test(t, s)
	})
}

func (s *stage) queue(name string, attributes map[string]string) Queue {
	out, err := s.api.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	require.NoError(s.t, err)
	return Queue{Name: name, URL: *out.QueueUrl, ARN: "arn:aws:sqs:us-east-1:000000000000:" + name}
}

// fill makes n dead letters: messages that were received once.
func (s *stage) fill(n int) {
	for i := range n {
		in := &sqs.SendMessageInput{QueueUrl: &s.move.Source.URL, MessageBody: aws.String(strconv.Itoa(i))}
		if s.move.Source.fifo() {
			in.MessageGroupId, in.MessageDeduplicationId = aws.String("g"), aws.String("d"+strconv.Itoa(i))
		}
		_, err := s.api.SendMessage(s.t.Context(), in)
		require.NoError(s.t, err)
	}
	s.fail(n)
}

// fail has every message of the queue received and left.
func (s *stage) fail(n int) {
	for i := 0; len(s.bodies("dead")) < n; i++ {
		require.Less(s.t, i, 100*n, "the messages are no dead letters")
		out, err := s.api.ReceiveMessage(s.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.move.Source.URL, MaxNumberOfMessages: 10, VisibilityTimeout: 1})
		require.NoError(s.t, err)
		if len(out.Messages) == 0 {
			time.Sleep(time.Second)
		}
	}
}

func (s *stage) bodies(name string) (bodies []string) {
	if s.move.Source.fifo() {
		name += ".fifo"
	}
	for _, m := range s.server.Inspect(name).Messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

func both(t *testing.T, fifo bool, test func(*testing.T, *stage, func(context.Context) (Result, error))) {
	t.Run("by message", func(t *testing.T) {
		inStage(t, fifo, func(t *testing.T, s *stage) { test(t, s, s.move.ByMessage) })
	})
	t.Run("by task", func(t *testing.T) {
		inStage(t, fifo, func(t *testing.T, s *stage) { test(t, s, s.move.ByTask) })
	})
}

// All of it happens within the five minutes in which the queue remembers the messages' deduplication ids.
func TestFIFODeadLettersComeBackAgainAndAgainInOrder(t *testing.T) {
	both(t, true, func(t *testing.T, s *stage, move func(context.Context) (Result, error)) {
		start := time.Now()
		s.fill(5)
		for range 3 {
			result, err := move(t.Context())
			require.NoError(t, err)
			assert.Equal(t, Result{Moved: 5}, result)
			assert.Equal(t, []string{"0", "1", "2", "3", "4"}, s.bodies("orders"))
			assert.Empty(t, s.bodies("dead"))
			s.fail(5)
		}
		assert.Less(t, time.Since(start), 5*time.Minute)
	})
}

func TestStandardDeadLettersComeBackOnce(t *testing.T) {
	both(t, false, func(t *testing.T, s *stage, move func(context.Context) (Result, error)) {
		s.fill(45)
		var last atomic.Int64
		s.move.Progress = func(p Progress) { last.Store(max(last.Load(), int64(p.Moved))) }
		result, err := move(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Result{Moved: 45}, result)
		assert.Len(t, s.bodies("orders"), 45)
		assert.Empty(t, s.bodies("dead"))
		assert.EqualValues(t, 45, last.Load())
	})
}

func TestNoMoreAreMovedThanAskedForAndNoFaster(t *testing.T) {
	inStage(t, false, func(t *testing.T, s *stage) {
		s.fill(45)
		s.move.Most, s.move.Rate = 23, 5
		start := time.Now()
		result, err := s.move.ByMessage(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Result{Moved: 23}, result)
		assert.Len(t, s.bodies("dead"), 22)
		assert.GreaterOrEqual(t, time.Since(start), 2*time.Second)
	})
}

func TestWhatIsNotDeletedIsNotCounted(t *testing.T) {
	inStage(t, false, func(t *testing.T, s *stage) {
		s.fill(5)
		s.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" {
				return localaws.Fault{Code: "AccessDenied", Status: http.StatusForbidden}
			}
			return localaws.Fault{}
		})
		result, err := s.move.ByMessage(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 0, result.Moved)
		assert.Equal(t, 5, result.Twice)
		assert.Contains(t, result.Reason, "AccessDenied")
	})
}

func TestWhatIsNotSentStaysAndIsVisible(t *testing.T) {
	for _, fifo := range []bool{false, true} {
		inStage(t, fifo, func(t *testing.T, s *stage) {
			s.fill(15)
			s.server.SetFault(func(c localaws.Call) localaws.Fault {
				if c.Operation == "SendMessageBatch" {
					return localaws.Fault{Code: "AccessDenied", Status: http.StatusForbidden}
				}
				return localaws.Fault{}
			})
			result, err := s.move.ByMessage(t.Context())
			assert.ErrorContains(t, err, "sending to "+s.move.Source.Name)
			assert.Zero(t, result.Moved)
			s.server.SetFault(nil)
			out, err := s.api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &s.move.Dead.URL, MaxNumberOfMessages: 10})
			require.NoError(t, err)
			assert.Len(t, out.Messages, 10, "they can be received at once")
			if fifo {
				assert.Equal(t, "0", *out.Messages[0].Body)
			}
		})
	}
}

// refusing is an API that refuses one message.
type refusing struct {
	API
	body string
}

func (r refusing) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	for _, e := range in.Entries {
		if *e.MessageBody == r.body {
			return &sqs.SendMessageBatchOutput{Failed: []types.BatchResultErrorEntry{{Id: e.Id, Code: aws.String("InternalError")}}}, nil
		}
	}
	return r.API.SendMessageBatch(ctx, in, opts...)
}

func TestNothingOvertakesAFIFOMessageThatIsRefused(t *testing.T) {
	inStage(t, true, func(t *testing.T, s *stage) {
		s.fill(5)
		s.move.API = refusing{s.api, "2"}
		result, err := s.move.ByMessage(t.Context())
		assert.ErrorContains(t, err, "InternalError")
		assert.Equal(t, 2, result.Moved)
		assert.Equal(t, []string{"0", "1"}, s.bodies("orders"))
		assert.Equal(t, []string{"2", "3", "4"}, s.bodies("dead"))
	})
}

func TestMessagesOfAnotherQueueStay(t *testing.T) {
	inStage(t, false, func(t *testing.T, s *stage) {
		s.fill(3)
		s.move.Source = s.queue("other", nil)
		result, err := s.move.ByMessage(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 0, result.Moved)
		assert.Equal(t, 3, result.Refused)
		assert.Contains(t, result.Reason, "it came from orders")
	})
}

func TestAnInterruptedMoveFinishesWhatItHasReceived(t *testing.T) {
	both(t, false, func(t *testing.T, s *stage, move func(context.Context) (Result, error)) {
		s.fill(200)
		s.move.Rate = 20
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second+10*time.Millisecond)
		defer cancel()
		result, err := move(ctx)
		assert.ErrorIs(t, err, ErrInterrupted)
		assert.Greater(t, result.Moved, 10)
		assert.Less(t, result.Moved, 200)
		synctest.Wait()
		assert.Len(t, s.bodies("orders"), result.Moved)
		assert.Len(t, s.bodies("dead"), 200-result.Moved)
		assert.Zero(t, result.Twice)
	})
}

// occupied answers as servers do where a task runs already.
type occupied struct {
	API
	code string
}

func (o occupied) StartMessageMoveTask(context.Context, *sqs.StartMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.StartMessageMoveTaskOutput, error) {
	return nil, &smithy.GenericAPIError{Code: o.code, Message: "There is already a task running."}
}

func TestATaskThatRunsIsWaitedFor(t *testing.T) {
	for _, code := range []string{"InvalidParameterValue", "AWS.SimpleQueueService.UnsupportedOperation", "UnsupportedOperation"} {
		inStage(t, false, func(t *testing.T, s *stage) {
			s.move.API = occupied{s.api, code}
			_, err := s.move.ByTask(t.Context())
			assert.ErrorIs(t, err, ErrTasksNotOffered, "none runs")

			s.fill(20)
			_, err = s.api.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &s.move.Dead.ARN, MaxNumberOfMessagesPerSecond: aws.Int32(10)})
			require.NoError(t, err)
			result, err := s.move.ByTask(t.Context())
			require.NoError(t, err)
			assert.Equal(t, Result{Moved: 20}, result)
		})
	}
	for _, code := range notOffered {
		inStage(t, false, func(t *testing.T, s *stage) {
			s.move.API = occupied{s.api, code}
			_, err := s.move.ByTask(t.Context())
			assert.ErrorIs(t, err, ErrTasksNotOffered)
		})
	}
	inStage(t, false, func(t *testing.T, s *stage) {
		s.move.API = occupied{s.api, "AccessDenied"}
		_, err := s.move.ByTask(t.Context())
		assert.ErrorContains(t, err, "starting a message move task for dead")
	})
}
