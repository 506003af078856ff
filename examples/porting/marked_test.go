package porting

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// TestWhatPythonAloneDoesWithAMarkedMessage has a message handled and marked by Go, whose delete is lost with its
// process, and consumers in Python for the rest. The guide has the outcomes in a table.
func TestWhatPythonAloneDoesWithAMarkedMessage(t *testing.T) {
	guide := read(t, "../../docs/porting.md")
	for _, c := range []struct {
		visibility, window time.Duration
		receives           int // 0 for no dead-letter queue
		outcome            string
	}{
		{30 * time.Second, 300 * time.Second, 5, "dead letter after 150 s"},
		{30 * time.Second, 300 * time.Second, 10, "dead letter after 300 s"},
		{30 * time.Second, 300 * time.Second, 20, "runs again after 300 s"},
		{30 * time.Second, 300 * time.Second, 0, "runs again after 300 s"},
		{300 * time.Second, 600 * time.Second, 5, "runs again after 600 s"},
		{300 * time.Second, 1500 * time.Second, 5, "dead letter after 1,500 s"},
		{900 * time.Second, 1800 * time.Second, 5, "runs again after 1,800 s"},
		{900 * time.Second, 4500 * time.Second, 5, "dead letter after 4,500 s"},
	} {
		name := fmt.Sprintf("%s, %d receives, window %s", c.visibility, c.receives, c.window)
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				assert.Equal(t, c.outcome, alone(t, c.visibility, c.window, c.receives))
			})
		})
		if c.window == max(300*time.Second, 2*c.visibility) {
			receives := fmt.Sprint(c.receives)
			if c.receives == 0 {
				receives = "no dead-letter queue"
			}
			assert.Contains(t, guide, fmt.Sprintf("| %.0f s | %s | %s | %s", c.visibility.Seconds(), receives, grouped(c.window), c.outcome))
		}
	}
}

// alone is what becomes of the message, and when.
func alone(t *testing.T, visibility, window time.Duration, receives int) string {
	server := localaws.New()
	defer server.Close()
	api := awssqs.New(awssqs.Options{BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1",
		HTTPClient: &http.Client{Transport: server.Transport()}, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	dead := makeQueue(t, api, "dead", nil)
	attributes := map[string]string{"VisibilityTimeout": fmt.Sprint(int(visibility.Seconds()))}
	if receives > 0 {
		attributes["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":%d}`, receives)
	}
	url := makeQueue(t, api, "orders", attributes)
	_, err := api.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("{}")})
	require.NoError(t, err)
	require.Equal(t, 1, receive(t, api, url), "Go handles it, and is gone before its delete")
	handled := time.Now()
	for time.Since(handled) < 4*24*time.Hour {
		if receive(t, api, url) > 0 && time.Since(handled) >= window { // else aioredlock finds another value and leaves the key
			return "runs again after " + grouped(time.Since(handled))
		}
		if receive(t, api, dead) > 0 {
			return "dead letter after " + grouped(time.Since(handled).Round(visibility))
		}
	}
	return "is lost"
}

func makeQueue(t *testing.T, api *awssqs.Client, name string, attributes map[string]string) (url string) {
	out, err := api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	require.NoError(t, err)
	return *out.QueueUrl
}

// receive is one long poll of a second, which is how exact the outcome is.
func receive(t *testing.T, api *awssqs.Client, url string) int {
	out, err := api.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1})
	require.NoError(t, err)
	return len(out.Messages)
}

// grouped is a time in seconds as the guide writes it.
func grouped(d time.Duration) string {
	seconds := int(d.Seconds())
	if seconds < 1000 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d,%03d s", seconds/1000, seconds%1000)
}
