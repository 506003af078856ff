package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/sqs"
)

// offline is as much of SQS as HandleMessage needs: a queue that is there. Tests of handlers do the same.
type offline struct{ sqs.API }

// GetQueueUrl finds any queue.
func (offline) GetQueueUrl(context.Context, *awssqs.GetQueueUrlInput, ...func(*awssqs.Options)) (*awssqs.GetQueueUrlOutput, error) {
	return &awssqs.GetQueueUrlOutput{QueueUrl: aws.String("offline")}, nil
}

// GetQueueAttributes has the visibility timeout that queues have.
func (offline) GetQueueAttributes(context.Context, *awssqs.GetQueueAttributesInput, ...func(*awssqs.Options)) (*awssqs.GetQueueAttributesOutput, error) {
	return &awssqs.GetQueueAttributesOutput{Attributes: map[string]string{"VisibilityTimeout": "30"}}, nil
}
