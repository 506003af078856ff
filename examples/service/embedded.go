package main

import (
	"context"
	_ "embed"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/joho/godotenv"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/embedded"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/provision"
)

//go:embed service.env
var serviceEnv string

// embed starts SQS, SNS and Redis inside the program, with what the settings need in them.
func embed(ctx context.Context) (*embedded.Servers, config.Config, error) {
	environment, err := godotenv.Unmarshal(serviceEnv)
	if err != nil {
		return nil, config.Config{}, err
	}
	settings, err := config.LoadFrom(environment)
	if err != nil {
		return nil, settings, err
	}
	servers, err := embedded.Start(embedded.Options{})
	if err != nil {
		return nil, settings, err
	}
	settings.SQSEndpointURL, settings.SNSEndpointURL = servers.URL, servers.URL
	settings.GlobalTopicARN = "arn:aws:sns:us-east-1:000000000000:events"
	settings.AWSAccessKeyID, settings.AWSSecretAccessKey, settings.AWSDefaultRegion = "local", config.NewSecret("local"), "us-east-1"
	settings.ReceiveWaitTime = time.Second // so that Ctrl-C ends it soon: a stop lets a receive return
	settings.LockNodes = nil
	for _, url := range servers.Redis {
		settings.LockNodes = append(settings.LockNodes, config.NewRedisURL(url))
	}
	if err := makeAll(ctx, settings); err != nil {
		servers.Close()
		return nil, settings, err
	}
	return servers, settings, nil
}

// makeAll is iniesta setup --apply.
func makeAll(ctx context.Context, c config.Config) error {
	queue, err := c.ResolvedQueueName()
	if err != nil {
		return err
	}
	policy, err := filter.Parse(c.EventKey, c.ConsumerFilters)
	if err != nil {
		return err
	}
	api := aws.Config{
		Region: c.AWSDefaultRegion, BaseEndpoint: &c.SQSEndpointURL, HTTPClient: awsclient.Wrap(nil),
		Credentials: credentials.NewStaticCredentialsProvider(c.AWSAccessKeyID, c.AWSSecretAccessKey.Reveal(), ""),
	}
	spec := provision.Spec{TopicARN: c.GlobalTopicARN, Queue: queue, Subscribed: true, Filter: policy}
	_, err = provision.Run(ctx, sqs.NewFromConfig(api), sns.NewFromConfig(api), spec, true, io.Discard)
	return err
}
