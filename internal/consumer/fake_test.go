package consumer

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeQueue is an API whose calls a test replaces. Without a replacement a receive brings nothing, and a batch succeeds.
type fakeQueue struct {
	receive func(context.Context, *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error)
	delete  func(context.Context, *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error)
	change  func(context.Context, *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

func (f *fakeQueue) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if f.receive != nil {
		return f.receive(ctx, in)
	}
	wait(ctx, time.Duration(in.WaitTimeSeconds)*time.Second)
	return &sqs.ReceiveMessageOutput{}, ctx.Err()
}

func (f *fakeQueue) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	if f.delete != nil {
		return f.delete(ctx, in)
	}
	out := &sqs.DeleteMessageBatchOutput{}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func (f *fakeQueue) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	if f.change != nil {
		return f.change(ctx, in)
	}
	out := &sqs.ChangeMessageVisibilityBatchOutput{}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

// fakeHandler has every message handled, unless a test says otherwise.
type fakeHandler struct {
	handle func(context.Context, *Message) Result
}

func (fakeHandler) Decode(raw *types.Message) Message {
	return Message{ID: aws.ToString(raw.MessageId), Handle: aws.ToString(raw.ReceiptHandle), Group: raw.Attributes["MessageGroupId"]}
}

func (f fakeHandler) Handle(ctx context.Context, m *Message) Result {
	if f.handle != nil {
		return f.handle(ctx, m)
	}
	return Result{Outcome: Handled}
}

func (fakeHandler) Abandoned(*Message) Result {
	return Result{Outcome: Failed, RetryAfter: -1, Err: errors.New("abandoned")}
}
func (fakeHandler) Report(*Message, Result) {}

// fakeLocker gives leases that never end, unless a test says otherwise.
type fakeLocker struct {
	acquire func(ctx context.Context, id string) (Lease, error)
	ping    func(context.Context) error
}

func (f fakeLocker) Acquire(ctx context.Context, id string) (Lease, error) {
	if f.acquire != nil {
		return f.acquire(ctx, id)
	}
	return fakeLease{}, nil
}

func (f fakeLocker) Ping(ctx context.Context) error {
	if f.ping != nil {
		return f.ping(ctx)
	}
	return nil
}

type fakeLease struct{ mark func() error }

func (fakeLease) Until() time.Time              { return time.Time{} }
func (fakeLease) Extend(context.Context) error  { return nil }
func (fakeLease) Release(context.Context) error { return nil }
func (l fakeLease) MarkDone(context.Context, time.Duration) error {
	if l.mark != nil {
		return l.mark()
	}
	return nil
}

// newConsumer is a Consumer on fakes, with the options that a test changes.
func newConsumer(change ...func(*Options)) *Consumer {
	o := Options{
		Queue: Queue{API: &fakeQueue{}, Name: "orders", URL: "http://localhost/orders"}, Handler: fakeHandler{}, Locker: fakeLocker{},
		Log: slog.New(slog.DiscardHandler), Counters: &Counters{}, Visibility: 30 * time.Second, Window: 5 * time.Minute,
		MinPollers: 1, MaxPollers: 10, Concurrency: 100, ReceiveMaxMessages: 10, ReceiveWaitTime: 20 * time.Second,
		MaxExtension: time.Hour, ShutdownTimeout: 25 * time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	return New(o)
}
