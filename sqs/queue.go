package sqs

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/guard"
)

// API is what the client asks of the AWS SDK: the six calls below, which *sqs.Client of
// github.com/aws/aws-sdk-go-v2/service/sqs has. Give another implementation to [WithAPI] in tests.
type API interface {
	GetQueueUrl(ctx context.Context, in *sqs.GetQueueUrlInput, optFns ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, optFns ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, optFns ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, optFns ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, optFns ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	SendMessage(ctx context.Context, in *sqs.SendMessageInput, optFns ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// queue is what a message has to know of the queue that it came from or goes to.
type queue struct {
	api         API
	name        string
	url         string
	fifo        bool
	eventKey    string // the message attribute that names the event
	serviceName string // appended to events sent
}

// attributes reads attributes of the queue.
func (q *queue) attributes(ctx context.Context, names ...types.QueueAttributeName) (map[string]string, error) {
	out, err := guard.Do(ctx, "the API's GetQueueAttributes", func() (*sqs.GetQueueAttributesOutput, error) {
		out, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: names})
		return out, guard.Checked(err)
	}, nil)
	if err != nil {
		texts := make([]string, len(names))
		for i, name := range names {
			texts[i] = string(name)
		}
		return nil, fmt.Errorf("sqs: reading the attributes %s of %s: %w", strings.Join(texts, " and "), q.name, err)
	}
	if out == nil {
		return nil, nil
	}
	return out.Attributes, nil
}
