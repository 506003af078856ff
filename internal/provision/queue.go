package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// Queue is a queue with its attributes.
type Queue struct {
	Name, URL  string
	Attributes map[string]string
}

// ARN is the queue's ARN.
func (q *Queue) ARN() string { return q.Attributes["QueueArn"] }

// FIFO reports whether it is a FIFO queue.
func (q *Queue) FIFO() bool { return strings.HasSuffix(q.Name, ".fifo") }

// ErrNoQueue is matched where a queue does not exist.
var ErrNoQueue = errors.New("the queue does not exist: run iniesta setup --apply, or name another")

// FindQueue finds a queue by name, in the account of the credentials.
func FindQueue(ctx context.Context, api *sqs.Client, name string) (*Queue, error) {
	return FindQueueOf(ctx, api, name, "")
}

// FindQueueOf finds a queue by name in the account that owns it; an empty one is that of the credentials.
func FindQueueOf(ctx context.Context, api *sqs.Client, name, account string) (*Queue, error) {
	in := &sqs.GetQueueUrlInput{QueueName: &name}
	if account != "" {
		in.QueueOwnerAWSAccountId = &account
	}
	out, err := api.GetQueueUrl(ctx, in)
	if code := Code(err); code == "NonExistentQueue" || code == "QueueDoesNotExist" {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrNoQueue, err)
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the queue %s: %w", name, err)
	}
	q := &Queue{Name: name, URL: aws.ToString(out.QueueUrl)}
	return q, q.Refresh(ctx, api)
}

// Refresh reads the queue's attributes.
func (q *Queue) Refresh(ctx context.Context, api *sqs.Client) error {
	out, err := api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.URL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return fmt.Errorf("reading the attributes of %s: %w", q.Name, err)
	}
	q.Attributes = out.Attributes
	return nil
}

// Code is the API's code of an error, without the prefix that some have, and empty for other errors.
func Code(err error) string {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return ""
	}
	return api.ErrorCode()[strings.LastIndexByte(api.ErrorCode(), '.')+1:]
}

// NameOf is the name at the end of an ARN.
func NameOf(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
