package sqs_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

func TestSymbolsBecomeNames(t *testing.T) {
	tests := []struct{ symbol, want string }{
		{"main.placed", "main.placed"},
		{"example.com/shop.Placed", "shop.Placed"},
		{"example.com/shop.(*Orders).Placed-fm", "shop.(*Orders).Placed"},
		{"example.com/shop.Orders.Placed-fm", "shop.Orders.Placed"},
		{"example.com/shop.Register.func1", "shop.Register.func1"},
		{"example.com/shop.init.0.func2", "shop.init.0.func2"},
		{"example.com/shop.Typed[go.shape.struct { Name example.com/a/b.T }]", "shop.Typed[go.shape.struct { Name example.com/a/b.T }]"},
		{"example.com/shop.(*Typed[...]).Placed-fm", "shop.(*Typed[...]).Placed"},
		{"gopkg.in/shop%2ev2.Placed", "shop.v2.Placed"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, sqs.ReadableName(tt.symbol), tt.symbol)
	}
}

func TestTheLocationIsThatOfTheCallHoweverItIsMade(t *testing.T) {
	t.Cleanup(sqs.DefaultRegistry.Reset)
	own := sqs.NewRegistry()
	client := sqs.New(sqs.WithRegistry(own))
	_, file, first, _ := runtime.Caller(0)
	require.NoError(t, own.AddHandler(placed, "A.registry"))
	require.NoError(t, client.AddHandler(placed, "B.client"))
	require.NoError(t, client.RegisterMethods(&tags{m: map[string]any{"C.methods": "Placed"}}))
	require.NoError(t, sqs.AddHandler(placed, "D.package"))
	require.NoError(t, sqs.RegisterMethods(&tags{m: map[string]any{"E.methods": "Placed"}}))
	sqs.Handler(placed, "F.decorator")
	sqs.Handler(generic[order], "G.generic")
	require.NoError(t, func() error { return sqs.AddHandler(placed, "H.closure") }())

	for i, h := range append(own.Handlers(), sqs.DefaultRegistry.Handlers()...) {
		assert.Equal(t, fmt.Sprintf("%s:%d", file, first+1+i), h.Location, h.Event)
	}
}

func TestACallByAGoStatementHasNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := sqs.NewRegistry()
		go r.AddHandler(42)
		synctest.Wait()
		assert.ErrorContains(t, r.Err(), "at an unknown place: ")
	})
}
