package sim

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/seed08532102/iniesta/sqs"
)

// letsGo hides a message no longer once its handler has succeeded.
type letsGo struct {
	sqs.API
	world *world
}

func (a letsGo) ChangeMessageVisibilityBatch(ctx context.Context, in *awssqs.ChangeMessageVisibilityBatchInput, opts ...func(*awssqs.Options)) (*awssqs.ChangeMessageVisibilityBatchOutput, error) {
	out, kept := &awssqs.ChangeMessageVisibilityBatchOutput{}, *in
	kept.Entries = nil
	for _, e := range in.Entries {
		if e.VisibilityTimeout > 0 && a.world.ledger.hasSucceeded(idOf(e.ReceiptHandle)) {
			out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
			continue
		}
		kept.Entries = append(kept.Entries, e)
	}
	if len(kept.Entries) == 0 {
		return out, nil
	}
	rest, err := a.API.ChangeMessageVisibilityBatch(ctx, &kept, opts...)
	if err == nil {
		rest.Successful = append(rest.Successful, out.Successful...)
	}
	return rest, err
}

func (l *ledger) hasSucceeded(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.life(id).succeeded != nil
}

// idOf is the message id in a receipt handle.
func idOf(handle *string) string {
	id, _, _ := strings.Cut(aws.ToString(handle), "#")
	return id
}

// impatient asks again where nothing came.
type impatient struct{ sqs.API }

func (a impatient) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (out *awssqs.ReceiveMessageOutput, err error) {
	for range 100 {
		if out, err = a.API.ReceiveMessage(ctx, in, opts...); err != nil || len(out.Messages) > 0 {
			break
		}
	}
	return out, err
}

// allOrNothing refuses a receive with one damaged message, as the SDK does.
type allOrNothing struct{ sqs.API }

func (a allOrNothing) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	out, err := a.API.ReceiveMessage(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	for i := range out.Messages {
		if !intact(&out.Messages[i]) {
			return nil, errors.New("the checksum of a message is not that of its body")
		}
	}
	return out, nil
}

// unchecked takes every body for intact.
type unchecked struct{ sqs.API }

func (a unchecked) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	out, err := a.API.ReceiveMessage(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	for i := range out.Messages {
		out.Messages[i].MD5OfBody = aws.String(sumOf(*out.Messages[i].Body))
	}
	return out, nil
}

// givesUp takes a throttled entry for done.
type givesUp struct{ sqs.API }

func (a givesUp) DeleteMessageBatch(ctx context.Context, in *awssqs.DeleteMessageBatchInput, opts ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	out, err := a.API.DeleteMessageBatch(ctx, in, opts...)
	if err != nil {
		return nil, err
	}
	for _, e := range out.Failed {
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	out.Failed = nil
	return out, nil
}

// hidesRefusals says that what SQS refuses is done.
type hidesRefusals struct{ sqs.API }

func (a hidesRefusals) DeleteMessageBatch(ctx context.Context, in *awssqs.DeleteMessageBatchInput, opts ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	out, err := a.API.DeleteMessageBatch(ctx, in, opts...)
	if !isRefusal(err) {
		return out, err
	}
	return deletesNone(a).DeleteMessageBatch(ctx, in, opts...)
}

func (a hidesRefusals) ChangeMessageVisibilityBatch(ctx context.Context, in *awssqs.ChangeMessageVisibilityBatchInput, opts ...func(*awssqs.Options)) (*awssqs.ChangeMessageVisibilityBatchOutput, error) {
	out, err := a.API.ChangeMessageVisibilityBatch(ctx, in, opts...)
	if !isRefusal(err) {
		return out, err
	}
	out = &awssqs.ChangeMessageVisibilityBatchOutput{}
	for _, e := range in.Entries {
		out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func isRefusal(err error) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	return ok && api.ErrorCode() == "AccessDenied"
}

// trusts deletes a message that its handler has changed with a receipt handle that is none.
type trusts struct {
	sqs.API
	world *world
}

func (a trusts) DeleteMessageBatch(ctx context.Context, in *awssqs.DeleteMessageBatchInput, opts ...func(*awssqs.Options)) (*awssqs.DeleteMessageBatchOutput, error) {
	changed := *in
	changed.Entries = nil
	for _, e := range in.Entries {
		if _, meddled := a.world.meddled.Load(idOf(e.ReceiptHandle)); meddled {
			e.ReceiptHandle = aws.String("changed")
		}
		changed.Entries = append(changed.Entries, e)
	}
	return a.API.DeleteMessageBatch(ctx, &changed, opts...)
}

// endsWith receives nothing more once code of the user's has misbehaved.
type endsWith struct {
	sqs.API
	consumer *goConsumer
	kind     string
}

func (a endsWith) ReceiveMessage(ctx context.Context, in *awssqs.ReceiveMessageInput, opts ...func(*awssqs.Options)) (*awssqs.ReceiveMessageOutput, error) {
	if a.consumer.out.misbehaved(a.kind) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return a.API.ReceiveMessage(ctx, in, opts...)
}
