package porting

import (
	"context"
	"net/http"

	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

// customQueue is what app.sqs_client is in Python.
func customQueue() (*sqs.Client, error) {
	client := sqs.New(sqs.WithQueueName("my_custom_queue"), sqs.WithRegistry(sqs.NewRegistry()))
	return client, client.AddHandler(handleSomething)
}

func handleSomething(m *sqs.Message) error {
	seen.add("handleSomething", m.Event())
	return nil
}

func afterServerStart(ctx context.Context, client *sqs.Client) error {
	if err := client.Initialize(ctx); err != nil {
		return err
	}
	return client.StartReceivingMessages(ctx)
}

func beforeServerStop(ctx context.Context, client *sqs.Client) error {
	if err := client.StopReceivingMessages(ctx); err != nil {
		return err
	}
	return client.Close(ctx)
}

// someView is a view that publishes with a client of its own.
type someView struct{ client *sns.Client }

func (v someView) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, err := v.client.CreateMessage("MyCustomEvent", map[string]string{"command": "formation"})
	if err == nil {
		err = m.Publish(r.Context())
	}
	if err != nil {
		http.Error(w, "the event was not published", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte("{}"))
}
