package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

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
