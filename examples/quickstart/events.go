package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// duplicated is the event whose first delete gets lost inside the program's own SQS, so that its
// message comes back.
const duplicated = "StockChanged.warehouse"

// events are sent in this order, with the bodies they have in earnest.
var events = []struct {
	event string
	body  any
}{
	{"UserUpdated.user", map[string]any{"id": 7, "name": "Andrés"}},
	{"OrderPlaced.shop", map[string]any{"order": 1}},
	{"MailSent.mail", map[string]any{"to": "andres@example.com"}},
	{duplicated, map[string]any{"sku": "ball-5", "left": 11}},
	{"PaymentTaken.bank", payment{Order: 1, Amount: 12.5}},
	{"OrderPlaced.shop", map[string]any{"order": 2}},
	{"PaymentTaken.bank", payment{Order: 2}},
	{"OrderCancelled.shop", map[string]any{"order": 2}},
	{"StockChanged.factory", map[string]any{"sku": "ball-5", "left": 500}},
	{"SomethingNew.elsewhere", "not even JSON"},
	{"UserUpdated.user", map[string]any{"id": 8, "name": "Xavi"}},
	{"OrderPlaced.shop", map[string]any{"order": 3}},
}

// sendEvents sends the events, a few a second, and returns how many were sent.
func sendEvents(ctx context.Context) (sent int, err error) {
	pace := time.NewTicker(300 * time.Millisecond)
	defer pace.Stop()
	for _, e := range events {
		if err := send(ctx, e.event, e.body); err != nil {
			return sent, fmt.Errorf("sending %s: %w", e.event, err)
		}
		sent++
		select {
		case <-pace.C:
		case <-ctx.Done():
			return sent, ctx.Err()
		}
	}
	return sent, nil
}

func send(ctx context.Context, event string, body any) error {
	m, err := sqs.SQSClient.CreateMessage(body)
	if err != nil {
		return err
	}
	if err := m.AddRawEvent(event); err != nil {
		return err
	}
	return m.Send(ctx)
}
