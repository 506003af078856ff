package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/embedded"
	"github.com/seed08532102/iniesta/internal/localaws"
)

// startServers starts an SQS and three Redis nodes inside the program, makes the queue, and points the
// settings at them.
func startServers(ctx context.Context, settings *config.Config) (*embedded.Servers, error) {
	servers, err := embedded.Start(embedded.Options{})
	if err != nil {
		return nil, err
	}
	settings.SQSEndpointURL, settings.LockNodes = servers.URL, nil
	for _, url := range servers.Redis {
		settings.LockNodes = append(settings.LockNodes, config.NewRedisURL(url))
	}
	settings.AWSAccessKeyID, settings.AWSSecretAccessKey = "quickstart", config.NewSecret("quickstart")
	settings.AWSDefaultRegion = "us-east-1"
	if err := createQueue(ctx, settings.SQSEndpointURL, settings.QueueName); err != nil {
		servers.Close()
		return nil, err
	}
	servers.AWS.SetFault(loseOneDelete(servers.AWS, settings.QueueName))
	return servers, nil
}

func createQueue(ctx context.Context, endpoint, queue string) error {
	client := awssqs.New(awssqs.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("quickstart", "quickstart", ""),
	})
	_, err := client.CreateQueue(ctx, &awssqs.CreateQueueInput{
		QueueName: aws.String(queue), Attributes: map[string]string{"VisibilityTimeout": "2"}})
	if err != nil {
		return fmt.Errorf("creating the queue: %w", err)
	}
	return nil
}

// loseOneDelete refuses the first delete after the message that is to come back was received.
func loseOneDelete(server *localaws.Server, queue string) func(localaws.Call) localaws.Fault {
	var lost atomic.Bool
	return func(c localaws.Call) localaws.Fault {
		if c.Operation != "DeleteMessageBatch" || !isInFlight(server, queue, `"left":11`) || lost.Swap(true) {
			return localaws.Fault{}
		}
		return localaws.Fault{Entries: func(int) *localaws.EntryFault {
			return &localaws.EntryFault{Code: "ReceiptHandleIsInvalid", SenderFault: true}
		}}
	}
}

func isInFlight(server *localaws.Server, queue, part string) bool {
	for _, m := range server.Inspect(queue).Messages {
		if m.InFlight && strings.Contains(m.Body, part) {
			return true
		}
	}
	return false
}
