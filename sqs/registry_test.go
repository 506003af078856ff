package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

func TestNoFormWithoutPayloadAllocates(t *testing.T) {
	o := &orders{}
	failure := errors.New("expected")
	for name, fn := range map[string]any{
		"message":                        func(*sqs.Message) {},
		"message, error":                 func(*sqs.Message) error { return failure },
		"message, result":                func(*sqs.Message) (any, error) { return nil, nil },
		"context, message":               func(context.Context, *sqs.Message) {},
		"context, message, error":        func(context.Context, *sqs.Message) error { return failure },
		"context, message, result":       func(context.Context, *sqs.Message) (any, error) { return nil, nil },
		"function of a named type":       namedFunc(placed),
		"HandlerFunc":                    sqs.HandlerFunc(func(context.Context, *sqs.Message) (any, error) { return nil, nil }),
		"method value, pointer receiver": (&receivers{}).Placed,
		"method value, value receiver":   o.Value,
	} {
		r := sqs.NewRegistry()
		require.NoError(t, r.AddHandler(fn, "A.b"), name)
		ctx, m := context.Background(), message("A.b", "")
		var want error
		if strings.HasSuffix(name, "error") {
			want = failure
		}
		call, _ := r.Lookup("A.b")
		_, err := call(ctx, m)
		require.Equal(t, want, err, name)
		assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = call(ctx, m) }), name)
	}
}

func TestALongEventIsNotCutApartPastTheLongestPrefix(t *testing.T) {
	r := sqs.NewRegistry()
	for i := range 20 {
		require.NoError(t, r.AddHandler(placed, fmt.Sprintf("User%d.*", i)))
	}
	dots := strings.Repeat(".", 16<<20) // unbounded, this takes hours
	_, ok := r.Lookup("User" + dots)
	assert.False(t, ok)
	_, ok = r.Lookup("User7" + dots)
	assert.True(t, ok)
}

func TestPrefixesAreFoundWhateverTheirLength(t *testing.T) {
	r := sqs.NewRegistry()
	prefixes := []string{"A", "A.b", "A.b.c.d", "Much.longer.than.any.other", "A..b"}
	for _, prefix := range prefixes {
		require.NoError(t, r.AddHandler(func(*sqs.Message) (any, error) { return prefix, nil }, prefix+".*"))
	}
	tests := []struct{ event, want string }{
		{"A.", "A"},
		{"A.b", "A"},
		{"A.b.", "A.b"},
		{"A.b.c", "A.b"},
		{"A.b.c.d", "A.b"},
		{"A.b.c.d.e.f.g.h.i.j.k", "A.b.c.d"},
		{"A..b.c", "A..b"},
		{"Much.longer.than.any.other.", "Much.longer.than.any.other"},
		{"A.b.*", "A.b"},
	}
	for _, tt := range tests {
		call, ok := r.Lookup(tt.event)
		require.True(t, ok, tt.event)
		got, _ := call(t.Context(), nil)
		assert.Equal(t, tt.want, got, tt.event)
	}
	for _, event := range []string{"A", "Much.longer", "B.a", ".", ""} {
		_, ok := r.Lookup(event)
		assert.False(t, ok, event)
	}
}

func TestErrKeepsEveryFailedRegistrationUntilReset(t *testing.T) {
	r := sqs.NewRegistry()
	_ = r.AddHandler(42, "A.b")
	_ = r.AddHandler(placed, "")
	_ = r.RegisterMethods(nil)
	require.NoError(t, r.AddHandler(placed, "A.b"), "a failed registration takes no event")
	_ = r.AddHandler(placed, "A.b")

	err := r.Err()
	assert.ErrorIs(t, err, sqs.ErrInvalidHandler)
	assert.ErrorIs(t, err, sqs.ErrInvalidEvent)
	assert.ErrorIs(t, err, sqs.ErrDuplicateEvent)
	assert.Len(t, strings.Split(err.Error(), "\n"), 4)

	r.Reset()
	assert.NoError(t, r.Err())
	assert.NoError(t, r.AddHandler(placed, "A.b"))
}

func TestListingsAreTheCallersToChange(t *testing.T) {
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(placed, "A.b"))
	r.Handlers()[0].Event = "changed"
	assert.Equal(t, "A.b", r.Handlers()[0].Event)
}
