package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// exampleOptions are a queue inside the process; a service leaves them out and sets its environment.
func exampleOptions() (_ []sqs.Option, close func() error) {
	server := localaws.New()
	api := awssqs.New(awssqs.Options{
		BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1",
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		HTTPClient:  &http.Client{Transport: server.Transport()},
	})
	_, err := api.CreateQueue(context.Background(), &awssqs.CreateQueueInput{QueueName: aws.String("iniesta-development-shop")})
	if err != nil {
		panic(err)
	}
	settings := config.Default()
	settings.ServiceName, settings.ReceiveWaitTime = "shop", time.Second
	return []sqs.Option{sqs.WithConfig(settings), sqs.WithAPI(api), sqs.WithoutLocks()}, server.Close
}

func ExampleClient_Run() {
	options, closeQueue := exampleOptions()
	defer closeQueue()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	registry := sqs.NewRegistry()
	err := registry.AddHandler(func(ctx context.Context, m *sqs.Message) error {
		fmt.Println(m.Event(), m.RawBody)
		stop()
		return nil
	}, "OrderPlaced.*")
	if err != nil {
		panic(err)
	}
	client := sqs.New(append(options, sqs.WithRegistry(registry))...)
	if err := client.Initialize(ctx); err != nil {
		panic(err)
	}
	m, err := client.CreateMessage(map[string]int{"order": 1})
	if err != nil {
		panic(err)
	}
	if err := m.AddEvent("OrderPlaced"); err != nil {
		panic(err)
	}
	if err := m.Send(ctx); err != nil {
		panic(err)
	}
	fmt.Println(client.Run(ctx))
	// Output:
	// OrderPlaced.shop {"order":1}
	// <nil>
}

func ExampleClient_HandleMessage() {
	options, closeQueue := exampleOptions()
	defer closeQueue()
	ctx := context.Background()
	client := sqs.New(append(options, sqs.WithRegistry(sqs.NewRegistry()))...)
	if err := client.AddHandler(func(order struct{ ID int }) (string, error) {
		return fmt.Sprint("order ", order.ID), nil
	}); err != nil {
		panic(err)
	}
	if err := client.Initialize(ctx); err != nil {
		panic(err)
	}
	defer client.Close(ctx)
	fmt.Println(client.HandleMessage(ctx, &sqs.Message{MessageID: "1", RawBody: `{"id": 7}`}))
	// Output: order 7 <nil>
}

func ExampleWithMiddleware() {
	options, closeQueue := exampleOptions()
	defer closeQueue()
	ctx := context.Background()
	timed := func(next sqs.HandlerFunc) sqs.HandlerFunc {
		return func(ctx context.Context, m *sqs.Message) (any, error) {
			defer fmt.Println("handled", m.MessageID)
			return next(ctx, m)
		}
	}
	client := sqs.New(append(options, sqs.WithRegistry(sqs.NewRegistry()), sqs.WithMiddleware(timed))...)
	if err := client.AddHandler(func(m *sqs.Message) { fmt.Println("handling", m.RawBody) }); err != nil {
		panic(err)
	}
	if err := client.Initialize(ctx); err != nil {
		panic(err)
	}
	defer client.Close(ctx)
	if _, err := client.HandleMessage(ctx, &sqs.Message{MessageID: "1", RawBody: "hello"}); err != nil {
		panic(err)
	}
	// Output:
	// handling hello
	// handled 1
}

func ExampleRetryAfter() {
	handler := func(m *sqs.Message) error {
		if m.ReceiveCount() > 5 {
			return sqs.Discard(errors.New("given up"))
		}
		return sqs.RetryAfter(time.Minute, errors.New("the mail server is busy"))
	}
	fmt.Println(handler(&sqs.Message{}))
	// Output: retry after 1m0s: the mail server is busy
}

func ExampleMessage_Decode() {
	m := &sqs.Message{RawBody: `{"order": 1}`}
	var placed struct{ Order int }
	fmt.Println(m.Decode(&placed), placed.Order)
	// Output: <nil> 1
}
