package sns

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// API is what the client asks of the AWS SDK: the five calls below, which *sns.Client of
// github.com/aws/aws-sdk-go-v2/service/sns has. Give another implementation to [WithAPI] in tests.
type API interface {
	GetTopicAttributes(ctx context.Context, in *sns.GetTopicAttributesInput, optFns ...func(*sns.Options)) (*sns.GetTopicAttributesOutput, error)
	Publish(ctx context.Context, in *sns.PublishInput, optFns ...func(*sns.Options)) (*sns.PublishOutput, error)
	PublishBatch(ctx context.Context, in *sns.PublishBatchInput, optFns ...func(*sns.Options)) (*sns.PublishBatchOutput, error)
	ListSubscriptionsByTopic(ctx context.Context, in *sns.ListSubscriptionsByTopicInput, optFns ...func(*sns.Options)) (*sns.ListSubscriptionsByTopicOutput, error)
	GetSubscriptionAttributes(ctx context.Context, in *sns.GetSubscriptionAttributesInput, optFns ...func(*sns.Options)) (*sns.GetSubscriptionAttributesOutput, error)
}

// topic is what a message has to know of the topic that it goes to.
type topic struct {
	api         API
	arn         string
	fifo        bool
	eventKey    string // the message attribute that names the event
	serviceName string // appended to events
	release     func() // of connections that are idle
}
