package sqs_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

type (
	orderID  string
	document []byte
)

func TestNamedTextTypesAreDecodedAndNotTakenAsTheyAre(t *testing.T) {
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(func(id orderID) (any, error) { return id, nil }, "A.id"))
	require.NoError(t, r.AddHandler(func(d document) (any, error) { return d, nil }, "A.document"))
	require.NoError(t, r.AddHandler(func(s *string) (any, error) { return *s, nil }, "A.pointer"))
	tests := []struct {
		event, body string
		want        any
	}{
		{"A.id", `"o-1"`, orderID("o-1")},
		{"A.document", `"aGk="`, document("hi")},
		{"A.pointer", `"text"`, "text"},
	}
	for _, tt := range tests {
		call, _ := r.Lookup(tt.event)
		got, err := call(t.Context(), message(tt.event, tt.body))
		require.NoError(t, err, tt.event)
		assert.Equal(t, tt.want, got, tt.event)
		_, err = call(t.Context(), message(tt.event, "o-1"))
		var syntax *json.SyntaxError
		assert.ErrorAs(t, err, &syntax, tt.event)
	}
}

func TestAMessageHasItsPayloadToItself(t *testing.T) {
	r := sqs.NewRegistry()
	var kept []*order
	require.NoError(t, r.AddHandler(func(o *order) { kept = append(kept, o) }, "A.b"))
	call, _ := r.Lookup("A.b")
	for _, body := range []string{`{"ID":1}`, `{}`, `{"ID":2}`} {
		_, err := call(t.Context(), message("A.b", body))
		require.NoError(t, err)
	}
	assert.Equal(t, []*order{{1}, {0}, {2}}, kept)
}

// FuzzBoundPayloads calls handlers of every kind of payload with any body: a handler runs exactly
// when its error is nil, and nothing panics.
func FuzzBoundPayloads(f *testing.F) {
	for _, body := range []string{``, `null`, `{"ID":1}`, `[1,2]`, `"text"`, `1e400`, `{"a":{"a":[]}}`, "\xff", `{"ID":"1"}`} {
		f.Add(body)
	}
	ran := false
	handlers := map[string]any{
		"string":  func(string) { ran = true },
		"bytes":   func([]byte) { ran = true },
		"raw":     func(json.RawMessage) { ran = true },
		"any":     func(any) { ran = true },
		"struct":  func(order) error { ran = true; return nil },
		"pointer": func(context.Context, *order) error { ran = true; return nil },
		"map":     func(*sqs.Message, map[string]any) { ran = true },
		"list":    func([]int) (int, error) { ran = true; return 0, nil },
		"number":  func(float32) { ran = true },
	}
	r := sqs.NewRegistry()
	for event, fn := range handlers {
		if err := r.AddHandler(fn, event); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, body string) {
		for event := range handlers {
			ran = false
			call, _ := r.Lookup(event)
			if _, err := call(context.Background(), message(event, body)); ran != (err == nil) {
				t.Fatalf("%s: ran %v, error %v", event, ran, err)
			}
		}
	})
}
