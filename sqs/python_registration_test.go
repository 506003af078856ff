package sqs_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

// decorated has a default handler and one of an event among its methods.
type decorated struct{}

func (*decorated) Handle(*sqs.Message) (string, error)                   { return "class", nil }
func (*decorated) Context(context.Context, *sqs.Message) (string, error) { return "async class", nil }
func (d *decorated) Handlers() map[string]any {
	return map[string]any{sqs.Default: d.Handle, "fooed": d.Context}
}

// TestHandlersAreRegisteredAsInPython restates the registration tests of the Python library.
func TestHandlersAreRegisteredAsInPython(t *testing.T) {
	function := func(*sqs.Message) (string, error) { return "sync function", nil }
	withContext := func(context.Context, *sqs.Message) (string, error) { return "async function", nil }
	tests := []struct {
		name     string
		register func(r *sqs.Registry) error
		results  map[string]string
	}{
		{"a function", func(r *sqs.Registry) error { return r.AddHandler(function, "fooed") }, map[string]string{"fooed": "sync function"}},
		{"an async function", func(r *sqs.Registry) error { return r.AddHandler(withContext, "fooed") }, map[string]string{"fooed": "async function"}},
		{"a function as default", func(r *sqs.Registry) error { return r.AddHandler(function) }, map[string]string{sqs.Default: "sync function"}},
		{"an async function as default", func(r *sqs.Registry) error { return r.AddHandler(withContext) }, map[string]string{sqs.Default: "async function"}},
		{"methods", func(r *sqs.Registry) error { return r.RegisterMethods(&decorated{}) }, map[string]string{sqs.Default: "class", "fooed": "async class"}},
		{"one handler for a list of events", func(r *sqs.Registry) error { return r.AddHandler(function, "fooed", "bared") },
			map[string]string{"fooed": "sync function", "bared": "sync function"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			require.NoError(t, tt.register(r))
			assert.Len(t, r.Handlers(), len(tt.results))
			for event, want := range tt.results {
				got, err := handle(t, r, message(event, ""))
				require.NoError(t, err)
				assert.Equal(t, want, got, event)
			}
		})
	}
}

// TestWhatPythonRefusesWithValueErrorIsRefused has Python's condition as the name of each case.
func TestWhatPythonRefusesWithValueErrorIsRefused(t *testing.T) {
	function := func(*sqs.Message) {}
	tests := []struct {
		name   string
		first  func(r *sqs.Registry) error
		second func(r *sqs.Registry) error
		is     error
		text   string
		bound  int
	}{
		{name: "handler for the event already exists", bound: 1, is: sqs.ErrDuplicateEvent, text: `"doubled"`,
			first:  func(r *sqs.Registry) error { return r.AddHandler(function, "doubled") },
			second: func(r *sqs.Registry) error { return r.AddHandler(placed, "doubled") }},
		{name: "default handler already exists", bound: 1, is: sqs.ErrDuplicateEvent, text: "every other event (the default)",
			first:  func(r *sqs.Registry) error { return r.AddHandler(function) },
			second: func(r *sqs.Registry) error { return r.AddHandler(placed) }},
		{name: "duplication in the list of events", is: sqs.ErrDuplicateEvent, text: `"spam"`,
			second: func(r *sqs.Registry) error { return r.AddHandler(function, "spam", "spam") }},
		{name: "one event of the list exists", bound: 1, is: sqs.ErrDuplicateEvent, text: `"eggs"`,
			first:  func(r *sqs.Registry) error { return r.AddHandler(function, "eggs") },
			second: func(r *sqs.Registry) error { return r.AddHandler(function, "spam", "eggs") }},
		{name: "required parameter message missing", is: sqs.ErrInvalidHandler, text: "it takes no message",
			second: func(r *sqs.Registry) error { return r.AddHandler(func() string { return "one" }, "something") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sqs.NewRegistry()
			if tt.first != nil {
				require.NoError(t, tt.first(r))
			}
			err := tt.second(r)
			require.ErrorIs(t, err, tt.is)
			assert.ErrorContains(t, err, tt.text)
			assert.Len(t, r.Handlers(), tt.bound, "what was bound before stays, and nothing else is")
		})
	}
}
