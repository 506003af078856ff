package main

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/seed08532102/iniesta/sqs"
)

// The decorator binds a function where it is declared, as in Python.
var _ = sqs.Handler(userUpdated, "UserUpdated.user")

func userUpdated(context.Context, *sqs.Message) error { return nil }

// orders is a struct whose methods are handlers.
type orders struct{ open atomic.Int64 }

// Handlers says which method gets which event.
func (o *orders) Handlers() map[string]any {
	return map[string]any{
		"OrderPlaced.shop":    o.Placed,
		"OrderCancelled.shop": o.Cancelled,
	}
}

// Placed counts an order.
func (o *orders) Placed(context.Context, *sqs.Message) error { o.open.Add(1); return nil }

// Cancelled counts it no more.
func (o *orders) Cancelled(context.Context, *sqs.Message) error { o.open.Add(-1); return nil }

// payment is the body of an event, decoded before its handler is called.
type payment struct {
	Order  int     `json:"order"`
	Amount float64 `json:"amount"`
}

func paymentTaken(_ context.Context, p payment) error {
	if p.Amount <= 0 {
		return sqs.Discard(errors.New("a payment of nothing"))
	}
	return nil
}

// mailSent fails twice before it succeeds.
func mailSent(_ context.Context, m *sqs.Message) error {
	if m.ReceiveCount() < 3 {
		return sqs.RetryAfter(0, errors.New("the mail server is busy"))
	}
	return nil
}

func stockChanged(context.Context, *sqs.Message) error { return nil }

// anythingElse is the default handler.
func anythingElse(*sqs.Message) {}

// register binds the handlers that are not bound where they are declared.
func register() error {
	return errors.Join(
		sqs.RegisterMethods(&orders{}),
		sqs.AddHandler(paymentTaken, "PaymentTaken.bank"),
		sqs.AddHandler(mailSent, "MailSent.mail"),
		sqs.AddHandler(stockChanged, "StockChanged.*"), // every producer of it
		sqs.AddHandler(anythingElse),
	)
}
