// Methods shows how the methods of a struct become handlers: where a Python service has a class whose
// methods are decorated, a Go one has a struct with a map.
//
//	go run ./examples/methods
//
// needs neither AWS nor Redis: it registers, lists what is bound, and handles messages made here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/sqs"
)

// Orders has what its handlers need: a database, a client, here a writer.
type Orders struct {
	out  io.Writer
	open map[int]bool
}

// Handlers binds events to methods. Method values cost the least: nothing is looked up by name. A map of
// names, as in Mails, reads like Python's decorators.
func (o *Orders) Handlers() map[string]any {
	return map[string]any{
		"OrderPlaced.shop":    o.Placed,
		"OrderCancelled.shop": o.Cancelled,
		sqs.Default:           o.Unknown,
	}
}

// Order is a payload: it is decoded from the message's JSON before the handler runs.
type Order struct {
	ID int `json:"id"`
}

// Placed takes the payload alone.
func (o *Orders) Placed(_ context.Context, placed Order) error {
	o.open[placed.ID] = true
	fmt.Fprintf(o.out, "order %d is open\n", placed.ID)
	return nil
}

// Cancelled takes the message as well, and has a result, which HandleMessage returns.
func (o *Orders) Cancelled(_ context.Context, m *sqs.Message, cancelled Order) (open int, err error) {
	if !o.open[cancelled.ID] {
		return 0, sqs.Discard(fmt.Errorf("order %d is not open", cancelled.ID)) // to try again would not help
	}
	delete(o.open, cancelled.ID)
	fmt.Fprintf(o.out, "order %d was cancelled by message %s\n", cancelled.ID, m.MessageID)
	return len(o.open), nil
}

// Unknown is the default handler.
func (o *Orders) Unknown(m *sqs.Message) { fmt.Fprintf(o.out, "%s is not for us\n", m.Event()) }

// Mails tags methods with lists of events, as Python does.
type Mails struct{ out io.Writer }

// Handlers is method by method: the names of its events.
func (m Mails) Handlers() map[string][]string {
	return map[string][]string{"Send": {"MailWanted.*", "PasswordForgotten.user"}}
}

// Send takes the body as it is.
func (m Mails) Send(body string) error {
	if body == "" {
		return errors.New("there is nothing to send")
	}
	fmt.Fprintf(m.out, "sent: %s\n", body)
	return nil
}

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	registry := sqs.NewRegistry() // a service with one queue uses sqs.RegisterMethods
	if err := registry.RegisterMethods(&Orders{out: out, open: map[int]bool{}}); err != nil {
		return err
	}
	if err := registry.RegisterMethods(Mails{out}); err != nil {
		return err
	}
	for _, h := range registry.Handlers() {
		fmt.Fprintf(out, "%-22s -> %s\n", h.Event, h.Name)
	}
	client := sqs.New(sqs.WithRegistry(registry), sqs.WithAPI(offline{}), sqs.WithQueueName("orders"), sqs.WithoutLocks())
	if err := client.Initialize(ctx); err != nil {
		return err
	}
	for i, m := range []struct{ event, body string }{
		{"OrderPlaced.shop", `{"id": 1}`},
		{"OrderCancelled.shop", `{"id": 1}`},
		{"OrderCancelled.shop", `{"id": 2}`},
		{"MailWanted.shop", "Hello"},
		{"StockChanged.warehouse", `{}`},
	} {
		if _, err := client.HandleMessage(ctx, message(i, m.event, m.body)); err != nil {
			fmt.Fprintln(out, "failed:", err)
		}
	}
	return client.Close(ctx)
}

// message is a message as it would be received.
func message(i int, event, body string) *sqs.Message {
	return &sqs.Message{
		MessageID: fmt.Sprint(i + 1), RawBody: body,
		MessageAttributes: map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: aws.String("String"), StringValue: &event},
		},
	}
}
