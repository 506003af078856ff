// Package porting has, in Go, each example of the Python library's documentation. docs/porting.md shows them
// beside the Python ones, to the letter, and the tests run them.
package porting

import (
	"context"

	"github.com/seed08532102/iniesta/sqs"
)

// User is what events about users carry.
type User struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

var _ = sqs.Handler(somethingHappened, "SomethingHappened.somewhere")

func somethingHappened(m *sqs.Message) error {
	seen.add("somethingHappened", m.Event())
	return nil
}

type Handlers struct{ events *log }

func (h *Handlers) Handlers() map[string][]string {
	return map[string][]string{"SomethingHappened": {"SomethingHappened.elsewhere", "AnotherEvent.knowhere"}}
}

func (h *Handlers) SomethingHappened(m *sqs.Message) error {
	h.events.add("SomethingHappened", m.Event())
	return nil
}

func register() error {
	if err := sqs.RegisterMethods(&Handlers{events: seen}); err != nil {
		return err
	}
	return sqs.AddHandler(somethingElseHappened, "SomethingElseHappened.nowhere")
}

func somethingElseHappened(ctx context.Context, m *sqs.Message) error {
	seen.add("somethingElseHappened", m.Event())
	return ctx.Err()
}

var _ = sqs.Handler(defaultHandler)

func defaultHandler(m *sqs.Message) error {
	seen.add("defaultHandler", m.Event())
	return nil
}

// The forms of a handler, from Python's own to the ones that read less.
var (
	_ = sqs.Handler(func(m *sqs.Message) error { return nil }, "Form1.shop")                      // as in Python
	_ = sqs.Handler(func(ctx context.Context, m *sqs.Message) error { return nil }, "Form2.shop") // ctx ends at the timeout, at a stop, when the lock is lost
	_ = sqs.Handler(func(ctx context.Context, u User) error { return nil }, "Form3.shop")         // the body, decoded from JSON
	_ = sqs.Handler(func(ctx context.Context, m *sqs.Message, u User) error { return nil }, "Form4.shop")
)
