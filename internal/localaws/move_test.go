package localaws_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

const (
	deadARN = "arn:aws:sqs:us-east-1:000000000000:dead"
	workARN = "arn:aws:sqs:us-east-1:000000000000:work"
)

// deadLetters makes a queue whose dead-letter queue has n messages.
func deadLetters(t *testing.T, server *localaws.Server, n int) *sqs.Client {
	api := sqs.New(sqs.Options{BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1", RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: server.Transport()}, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	_, err := api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")})
	require.NoError(t, err)
	work, err := api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("work"), Attributes: map[string]string{
		"VisibilityTimeout": "0", "RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":1}`, deadARN)}})
	require.NoError(t, err)
	for i := range n {
		_, err := api.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: work.QueueUrl, MessageBody: aws.String(fmt.Sprint(i))})
		require.NoError(t, err)
	}
	for len(server.Inspect("work").Messages) > 0 {
		_, err := api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: work.QueueUrl, MaxNumberOfMessages: 10})
		require.NoError(t, err)
	}
	require.Len(t, server.Inspect("dead").Messages, n)
	return api
}

func newestTask(t *testing.T, api *sqs.Client) types.ListMessageMoveTasksResultEntry {
	out, err := api.ListMessageMoveTasks(t.Context(), &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(deadARN)})
	require.NoError(t, err)
	require.Len(t, out.Results, 1)
	return out.Results[0]
}

func TestAMoveTaskBringsDeadLettersBackAtItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		api := deadLetters(t, server, 30)
		start := func() (*sqs.StartMessageMoveTaskOutput, error) {
			return api.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(deadARN), MaxNumberOfMessagesPerSecond: aws.Int32(10)})
		}
		_, err := start()
		require.NoError(t, err)
		_, err = start()
		assert.ErrorContains(t, err, "already a task running")
		time.Sleep(1050 * time.Millisecond)
		synctest.Wait()
		task := newestTask(t, api)
		assert.Equal(t, "RUNNING", *task.Status)
		assert.EqualValues(t, 10, task.ApproximateNumberOfMessagesMoved)
		assert.EqualValues(t, 30, *task.ApproximateNumberOfMessagesToMove)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		assert.Equal(t, "COMPLETED", *newestTask(t, api).Status)
		assert.Len(t, server.Inspect("work").Messages, 30)
		assert.Empty(t, server.Inspect("dead").Messages)
	})
}

func TestAMoveTaskCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		api := deadLetters(t, server, 30)
		out, err := api.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(deadARN), DestinationArn: aws.String(workARN), MaxNumberOfMessagesPerSecond: aws.Int32(10)})
		require.NoError(t, err)
		time.Sleep(550 * time.Millisecond)
		synctest.Wait()
		cancelled, err := api.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: out.TaskHandle})
		require.NoError(t, err)
		assert.EqualValues(t, 5, cancelled.ApproximateNumberOfMessagesMoved)
		synctest.Wait()
		assert.Equal(t, "CANCELLED", *newestTask(t, api).Status)
		assert.Len(t, server.Inspect("work").Messages, 5)
		assert.Len(t, server.Inspect("dead").Messages, 25)
		_, err = api.CancelMessageMoveTask(t.Context(), &sqs.CancelMessageMoveTaskInput{TaskHandle: out.TaskHandle})
		assert.ErrorContains(t, err, "ResourceNotFound")
	})
}

func TestAMoveTaskThatCannotWorkIsRefusedOrFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		api := deadLetters(t, server, 0)
		start := func(source string) error {
			_, err := api.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: &source})
			return err
		}
		assert.ErrorContains(t, start(workARN), "Dead Letter Queue")
		assert.ErrorContains(t, start(deadARN+"s"), "ResourceNotFound")
		url, err := api.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("dead")})
		require.NoError(t, err)
		_, err = api.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url.QueueUrl, MessageBody: aws.String("of nowhere")})
		require.NoError(t, err)
		require.NoError(t, start(deadARN))
		time.Sleep(time.Second)
		synctest.Wait()
		task := newestTask(t, api)
		assert.Equal(t, "FAILED", *task.Status)
		assert.Equal(t, "CouldNotDetermineMessageSource", *task.FailureReason)
		assert.Len(t, server.Inspect("dead").Messages, 1)
	})
}
