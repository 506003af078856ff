package localaws_test

import (
	"crypto/md5"
	"encoding/hex"
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

// receives are those of a queue with twelve messages, under a fault.
func receives(t *testing.T, fault localaws.ReceiveFault, check func(receive func() []types.Message)) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		api := sqs.New(sqs.Options{
			BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1", HTTPClient: &http.Client{Transport: server.Transport()},
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), DisableMessageChecksumValidation: true,
		})
		queue, err := api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		require.NoError(t, err)
		for i := range 12 {
			_, err := api.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String(string(rune('a' + i)))})
			require.NoError(t, err)
		}
		server.SetFault(func(localaws.Call) localaws.Fault { return localaws.Fault{ReceiveFault: fault} })
		check(func() []types.Message {
			out, err := api.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
			require.NoError(t, err)
			return out.Messages
		})
	})
}

func TestAReceiveAnswersEarlyAndEmptyOnPurpose(t *testing.T) {
	receives(t, localaws.ReceiveFault{Empty: true}, func(receive func() []types.Message) {
		began := time.Now()
		assert.Empty(t, receive())
		assert.Zero(t, time.Since(began), "it does not wait")
	})
}

func TestAReceiveBringsFewerThanThereAreOnPurpose(t *testing.T) {
	receives(t, localaws.ReceiveFault{Most: 9}, func(receive func() []types.Message) {
		assert.Len(t, receive(), 9)
		assert.Len(t, receive(), 3)
	})
	receives(t, localaws.ReceiveFault{Most: 11}, func(receive func() []types.Message) {
		assert.Len(t, receive(), 10, "never more than was asked for")
	})
}

func TestAReceiveBringsADamagedBodyOnPurpose(t *testing.T) {
	receives(t, localaws.ReceiveFault{Spoil: func(body string) bool { return body == "c" }}, func(receive func() []types.Message) {
		for i, m := range receive() {
			sum := md5.Sum([]byte(*m.Body))
			assert.Equal(t, i != 2, hex.EncodeToString(sum[:]) == *m.MD5OfBody, *m.Body)
		}
	})
}
