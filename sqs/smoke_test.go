package sqs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sqs"
)

func TestSmoke(t *testing.T) {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	defer server.Close()
	nodes := testserver.RedisNodes(t, 3)
	c := config.Default()
	c.QueueName, c.SQSEndpointURL, c.ServiceName = "orders", url, "user"
	c.AWSAccessKeyID, c.AWSSecretAccessKey = "key", config.NewSecret("secret")
	c.LockNodes = nil
	for _, u := range testserver.URLs(nodes) {
		c.LockNodes = append(c.LockNodes, config.NewRedisURL(u))
	}
	api := awssqs.New(awssqs.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: aws.AnonymousCredentials{}})
	_, err = api.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: aws.String("orders")})
	require.NoError(t, err)

	r := sqs.NewRegistry()
	var mu sync.Mutex
	seen := map[string]int{}
	done := make(chan struct{})
	require.NoError(t, r.AddHandler(func(_ context.Context, m *sqs.Message) error {
		mu.Lock()
		defer mu.Unlock()
		seen[m.MessageID]++
		if len(seen) == 5000 {
			close(done)
		}
		return nil
	}, "A.user"))
	client := sqs.New(sqs.WithConfig(c), sqs.WithRegistry(r))
	require.NoError(t, client.Initialize(t.Context()))
	for i := range 5000 {
		m, err := client.CreateMessage(map[string]int{"i": i})
		require.NoError(t, err)
		require.NoError(t, m.AddEvent("A"))
		require.NoError(t, m.Send(t.Context()))
	}
	start := time.Now()
	require.NoError(t, client.StartReceivingMessages(t.Context()))
	select {
	case <-done:
	case <-time.After(30 * time.Second):
	}
	took := time.Since(start)
	fmt.Printf("%.0f/s %+v\n", 5000/took.Seconds(), client.Stats())
	start = time.Now()
	require.NoError(t, client.Close(t.Context()))
	fmt.Printf("stop took %s %+v\n", time.Since(start), client.Stats())
	require.Empty(t, server.Inspect("orders").Messages)
	fmt.Println(server.Calls())
}
