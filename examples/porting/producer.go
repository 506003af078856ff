package porting

import (
	"context"
	"fmt"
	"net/http"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/sns"
)

func publishSomewhere(ctx context.Context, app *iniesta.App) error {
	m, err := app.SNS.CreateMessage("SomeEvent", map[string]string{"extra": "extra stuff i want to send"})
	if err != nil {
		return err
	}
	return m.Publish(ctx)
}

func hi(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"hello":"hi"}`)
}

func routes(app *iniesta.App) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /hi", app.SNS.PublishEvent("SaidHello")(http.HandlerFunc(hi)))
	return mux
}

func initializeClient(ctx context.Context, topicARN string) (*sns.Client, error) {
	client := sns.New(sns.WithTopicARN(topicARN))
	if err := client.Initialize(ctx); err != nil { // confirms that the topic exists
		return nil, err
	}
	return client, nil
}

func eventHappened(ctx context.Context, client *sns.Client) error {
	m, err := client.CreateMessage("EventHappened", map[string]int{"id": 1}, sns.WithVersion(1))
	if err != nil {
		return err
	}
	return m.Publish(ctx)
}
