package consumer

import (
	"context"
	"log"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

// newSQS makes the SDK's client as its documentation does, but for request bodies that are in memory:
// without that a server which answers at once makes the SDK lose some responses, and its retries would
// be what is measured.
func newSQS(s Settings) *sqs.Client {
	return sqs.New(sqs.Options{
		Region:       "us-east-1",
		Credentials:  credentials.NewStaticCredentialsProvider("bench", "bench", ""),
		BaseEndpoint: &s.Endpoint,
		HTTPClient:   awsclient.Wrap(awshttp.NewBuildableClient()),
	})
}

func queueURL(s Settings) *string { return aws.String(s.Endpoint + "/000000000000/bench") }

// runSDK is the bare loop: receive, handle, delete the ten, with no lock and no care for failures.
func runSDK(ctx context.Context, s Settings) error {
	return eachPoller(ctx, s, func(client *sqs.Client, messages []types.Message) {
		for i := range messages {
			handle(s, &messages[i])
		}
		deleteAll(ctx, client, s, messages)
	})
}

// eachPoller receives in as many goroutines as there are pollers.
func eachPoller(ctx context.Context, s Settings, each func(*sqs.Client, []types.Message)) error {
	client := newSQS(s)
	var pollers sync.WaitGroup
	for range s.Pollers {
		pollers.Go(func() {
			for ctx.Err() == nil {
				each(client, receive(ctx, client, s))
			}
		})
	}
	pollers.Wait()
	return nil
}

func receive(ctx context.Context, client *sqs.Client, s Settings) []types.Message {
	out, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:                    queueURL(s),
		MaxNumberOfMessages:         10,
		WaitTimeSeconds:             20,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		if ctx.Err() == nil {
			log.Print("receiving: ", err)
		}
		return nil
	}
	return out.Messages
}

func handle(s Settings, m *types.Message) {
	s.Handle(sentAt(aws.ToString(m.MessageAttributes["sent"].StringValue)))
}

func deleteAll(ctx context.Context, client *sqs.Client, s Settings, messages []types.Message) {
	if len(messages) == 0 {
		return
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: queueURL(s)}
	for i, m := range messages {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	if _, err := client.DeleteMessageBatch(ctx, in); err != nil && ctx.Err() == nil {
		log.Print("deleting: ", err)
	}
}
