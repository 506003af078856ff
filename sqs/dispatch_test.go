package sqs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

func TestThePlainSignatureIsDispatchedWithoutAllocation(t *testing.T) {
	r := sqs.NewRegistry()
	ran := 0
	fn := func(context.Context, *sqs.Message) error { ran++; return nil }
	require.NoError(t, r.AddHandler(fn, "Exact.event", "Prefix.*", sqs.Default))
	ctx := context.Background()
	for _, event := range []string{"Exact.event", "Prefix.of.many.parts", "Other.event"} {
		m := message(event, "")
		allocations := testing.AllocsPerRun(100, func() {
			call, ok := r.Lookup(m.Event())
			if !ok {
				t.Fatal("not found")
			}
			if _, err := call(ctx, m); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocations, event)
	}
	assert.Equal(t, 303, ran)
}

func TestHandlersMayBeAddedWhileOthersAreLookedUp(t *testing.T) {
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(placed))
	var found atomic.Int64
	var adders, lookups sync.WaitGroup
	for a := range 4 {
		adders.Go(func() {
			for i := range 100 {
				assert.NoError(t, r.AddHandler(placed, fmt.Sprintf("Event%d.%d", a, i)))
			}
		})
		lookups.Go(func() {
			for i := range 1000 {
				if _, ok := r.Lookup(fmt.Sprintf("Event%d.%d", a, i%100)); ok {
					found.Add(1)
				}
			}
		})
	}
	adders.Wait()
	lookups.Wait()
	assert.EqualValues(t, 4000, found.Load())
	assert.Len(t, r.Handlers(), 401)
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		events := make([]string, n)
		for i := range events {
			events[i] = fmt.Sprintf("Event%d.service", i)
		}
		r := sqs.NewRegistry()
		if err := r.AddHandler(placed, append(events, "Prefix.*")...); err != nil {
			b.Fatal(err)
		}
		for name, event := range map[string]string{"exact": "Event5.service", "prefix": "Prefix.a.b"} {
			b.Run(fmt.Sprintf("%s of %d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := r.Lookup(event); !ok {
						b.Fatal("not found")
					}
				}
			})
		}
	}
}

func BenchmarkDispatch(b *testing.B) {
	type payload struct{ ID int }
	for name, fn := range map[string]any{
		"plain":   placed,
		"message": cancelled,
		"payload": func(context.Context, payload) error { return nil },
	} {
		b.Run(name, func(b *testing.B) {
			r := sqs.NewRegistry()
			if err := r.AddHandler(fn, "A.b"); err != nil {
				b.Fatal(err)
			}
			call, _ := r.Lookup("A.b")
			m, ctx := message("A.b", `{"ID":1}`), context.Background()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(ctx, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBind(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if err := sqs.NewRegistry().AddHandler(placed, "A.b"); err != nil {
			b.Fatal(err)
		}
	}
}
