package sqs_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed08532102/iniesta/sqs"
)

type Order struct {
	ID    string
	Total int
}

func ExampleAddHandler() {
	sqs.DefaultRegistry.Reset() // only because the examples here share it

	shipOrder := func(ctx context.Context, o Order) error {
		fmt.Println("shipping", o.ID)
		return nil
	}
	logEvent := func(m *sqs.Message) { fmt.Println("nobody else wants", m.Event()) }

	fmt.Println(sqs.AddHandler(shipOrder, "OrderPlaced.shop", "OrderMoved.*"))
	fmt.Println(sqs.AddHandler(logEvent)) // without events: the default handler
	for _, h := range sqs.DefaultRegistry.Handlers() {
		fmt.Println(h.Event, h.Signature)
	}
	// Output:
	// <nil>
	// <nil>
	// * func(*sqs.Message)
	// OrderMoved.* func(context.Context, sqs_test.Order) error
	// OrderPlaced.shop func(context.Context, sqs_test.Order) error
}

func ExampleAddHandler_refused() {
	sqs.DefaultRegistry.Reset()

	err := sqs.AddHandler(func() error { return nil }, "OrderPlaced.shop")
	fmt.Println(errors.Is(err, sqs.ErrInvalidHandler))

	_ = sqs.AddHandler(func(Order) {}, "OrderPlaced.shop")
	err = sqs.AddHandler(func(*sqs.Message) {}, "OrderPlaced.shop")
	fmt.Println(errors.Is(err, sqs.ErrDuplicateEvent))

	fmt.Println(len(sqs.DefaultRegistry.Handlers()), "bound; a client starts:", sqs.DefaultRegistry.Err() == nil)
	// Output:
	// true
	// true
	// 1 bound; a client starts: false
}

// Orders handles the events of orders with its methods.
type Orders struct{ shipped []string }

func (o *Orders) Handlers() map[string]any {
	return map[string]any{
		"OrderPlaced.shop": o.Placed,
		"OrderPaid.*":      o.Paid,
		sqs.Default:        o.Other,
	}
}

func (o *Orders) Placed(ctx context.Context, m *sqs.Message) error { return nil }
func (o *Orders) Paid(ctx context.Context, order Order) (int, error) {
	o.shipped = append(o.shipped, order.ID)
	return len(o.shipped), nil
}
func (o *Orders) Other(m *sqs.Message) {}

func ExampleRegisterMethods() {
	sqs.DefaultRegistry.Reset()

	fmt.Println(sqs.RegisterMethods(&Orders{}))
	for _, h := range sqs.DefaultRegistry.Handlers() {
		fmt.Println(h.Event, h.Name)
	}
	// Output:
	// <nil>
	// * sqs_test.(*Orders).Other
	// OrderPaid.* sqs_test.(*Orders).Paid
	// OrderPlaced.shop sqs_test.(*Orders).Placed
}

// Invoices tags its methods with their events, as a Python class does.
type Invoices struct{}

func (Invoices) Handlers() map[string][]string {
	return map[string][]string{"Send": {"OrderPaid.shop", "InvoiceRequested.crm"}}
}

func (Invoices) Send(o Order) error { return nil }

func ExampleRegisterMethods_eventsOfEachMethod() {
	sqs.DefaultRegistry.Reset()

	fmt.Println(sqs.RegisterMethods(Invoices{}))
	for _, h := range sqs.DefaultRegistry.Handlers() {
		fmt.Println(h.Event, h.Name)
	}
	// Output:
	// <nil>
	// InvoiceRequested.crm sqs_test.Invoices.Send
	// OrderPaid.shop sqs_test.Invoices.Send
}

func ExampleHandler() {
	sqs.DefaultRegistry.Reset()

	// Usually a package variable, so that the handler is bound before main begins.
	greet := sqs.Handler(func(ctx context.Context, name string) error {
		fmt.Println("hello", name)
		return nil
	}, "UserCreated.user")

	// The function itself comes back, to be called in tests as it is.
	fmt.Println(greet(context.Background(), "Xavi"))
	// Output:
	// hello Xavi
	// <nil>
}

func ExampleRegistry_Handlers() {
	registry := sqs.NewRegistry() // for a client made with sqs.WithRegistry
	_ = registry.AddHandler(func(m *sqs.Message) error { return nil }, "UserUpdated.*")
	_ = registry.RegisterMethods(Invoices{})
	for _, h := range registry.Handlers() {
		fmt.Println(h.Event, h.Name)
		fmt.Println("   ", h.Signature)
	}
	// Output:
	// InvoiceRequested.crm sqs_test.Invoices.Send
	//     func(sqs_test.Order) error
	// OrderPaid.shop sqs_test.Invoices.Send
	//     func(sqs_test.Order) error
	// UserUpdated.* sqs_test.ExampleRegistry_Handlers.func1
	//     func(*sqs.Message) error
}
