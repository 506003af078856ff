package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/awsclient"
)

// services are the clients of the SDK that the settings amount to.
type services struct {
	queues *sqs.Client
	topics *sns.Client
}

func openServices(ctx context.Context, c config.Config) (*services, error) {
	loaded, err := awsclient.Load(ctx, awsclient.Options{
		DefaultRegion: c.AWSDefaultRegion, AccessKeyID: c.AWSAccessKeyID, SecretAccessKey: c.AWSSecretAccessKey.Reveal(),
		EndpointURL: c.SQSEndpointURL + c.SNSEndpointURL, MaxConns: 16,
	})
	if err != nil {
		return nil, err
	}
	return &services{
		queues: sqs.NewFromConfig(loaded, func(o *sqs.Options) {
			if c.SQSEndpointURL != "" {
				o.BaseEndpoint = &c.SQSEndpointURL
			}
		}),
		topics: sns.NewFromConfig(loaded, func(o *sns.Options) {
			if c.SNSEndpointURL != "" {
				o.BaseEndpoint = &c.SNSEndpointURL
			}
			if topic, err := arn.Parse(c.GlobalTopicARN); err == nil {
				o.Region = topic.Region
			}
		}),
	}, nil
}

// errorCode is the API's code of an error, without the prefix that some services put before it.
func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()[strings.LastIndexByte(api.ErrorCode(), '.')+1:]
	}
	return ""
}

// noQueue reports whether the error is that there is no such queue.
func noQueue(err error) bool {
	code := errorCode(err)
	return code == "NonExistentQueue" || code == "QueueDoesNotExist"
}

// foundQueue is a queue with its attributes.
type foundQueue struct {
	name, url  string
	attributes map[string]string
}

func (q *foundQueue) arn() string { return q.attributes["QueueArn"] }
func (q *foundQueue) fifo() bool  { return strings.HasSuffix(q.name, ".fifo") }

// queue finds a queue by name.
func (s *services) queue(ctx context.Context, name string) (*foundQueue, error) {
	out, err := s.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		if noQueue(err) {
			return nil, fmt.Errorf("the queue %s does not exist: run iniesta setup --apply, or name another: %w", name, err)
		}
		return nil, fmt.Errorf("looking for the queue %s: %w", name, err)
	}
	q := &foundQueue{name: name, url: aws.ToString(out.QueueUrl)}
	return q, s.refresh(ctx, q)
}

// refresh reads the queue's attributes.
func (s *services) refresh(ctx context.Context, q *foundQueue) error {
	out, err := s.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		return fmt.Errorf("reading the attributes of %s: %w", q.name, err)
	}
	q.attributes = out.Attributes
	return nil
}

// nameOf is the name at the end of an ARN.
func nameOf(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
