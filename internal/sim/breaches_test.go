package sim

import (
	"context"
	"errors"
	"strings"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/sqs"
)

type noLock struct{}

func (noLock) Acquire(context.Context, string) (sqs.Lease, error) { return noLease{}, nil }
func (noLock) Ping(context.Context) error                         { return nil }

type noLease struct{}

func (noLease) Until() time.Time                              { return time.Time{} }
func (noLease) Extend(context.Context) error                  { return nil }
func (noLease) MarkDone(context.Context, time.Duration) error { return nil }
func (noLease) Release(context.Context) error                 { return nil }

// neverExtended says that it is.
type neverExtended struct{ sqs.Lease }

func (neverExtended) Until() time.Time             { return time.Time{} }
func (neverExtended) Extend(context.Context) error { return nil }

// unmarked releases in place of marking.
type unmarked struct{ sqs.Lease }

func (l unmarked) MarkDone(ctx context.Context, _ time.Duration) error { return l.Release(ctx) }

// hoarded is kept in place of marking.
type hoarded struct{ sqs.Lease }

func (l hoarded) MarkDone(context.Context, time.Duration) error {
	end := time.Now().Add(2 * time.Hour)
	var again func()
	again = func() {
		if !errors.Is(l.Extend(context.Background()), sqs.ErrLockLost) && time.Now().Before(end) {
			time.AfterFunc(time.Second, again)
		}
	}
	again()
	return nil
}

func swallowFailures(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) {
		value, _ := next(ctx, m)
		return value, nil
	}
}

func tellNothing(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) { return next(context.WithoutCancel(ctx), m) }
}

// deafToStops goes on for a while when it is to stop.
func deafToStops(w *world, c *goConsumer, options []sqs.Option) []sqs.Option {
	c.deaf = w.shutdown + time.Minute
	return options
}

func neverReturns(next sqs.HandlerFunc) sqs.HandlerFunc {
	return func(ctx context.Context, m *sqs.Message) (any, error) {
		value, err := next(ctx, m)
		time.Sleep(20 * time.Minute)
		return value, err
	}
}

// deletesAll deletes messages as soon as they are received.
type deletesAll struct{ sqs.API }

func (a deletesAll) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	out, err := a.API.ReceiveMessage(ctx, in, opts...)
	if err != nil || len(out.Messages) == 0 {
		return out, err
	}
	entries := []types.DeleteMessageBatchRequestEntry{{Id: out.Messages[0].MessageId, ReceiptHandle: out.Messages[0].ReceiptHandle}}
	_, _ = a.API.DeleteMessageBatch(ctx, &awssqs.DeleteMessageBatchInput{QueueUrl: in.QueueUrl, Entries: entries})
	return out, nil
}

// deletesNone says that it deletes.
type deletesNone struct{ sqs.API }

func (deletesNone) DeleteMessageBatch(_ context.Context, in *awssqs.DeleteMessageBatchInput, _ ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	out := &awssqs.DeleteMessageBatchOutput{}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

// groupless hides the groups of messages.
type groupless struct{ sqs.API }

func (a groupless) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	out, err := a.API.ReceiveMessage(ctx, in, opts...)
	if err == nil {
		for i := range out.Messages {
			out.Messages[i].Attributes["MessageGroupId"] = *out.Messages[i].MessageId
		}
	}
	return out, err
}

// cheerful says that locks can be had, whatever is the case: to Ping, and to the lock that is taken for nothing but to try.
type cheerful struct{ sqs.Locker }

func (cheerful) Ping(context.Context) error { return nil }

func (c cheerful) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	if strings.HasPrefix(id, "iniesta-probe-") {
		return noLease{}, nil
	}
	return c.Locker.Acquire(ctx, id)
}
