package sqs_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

type placer interface{ Placed(*sqs.Message) error }

type base struct{ n int }

func (b base) Placed(*sqs.Message) error { return fmt.Errorf("placed %d", b.n) }

type (
	withInterface struct{ placer }
	withPointer   struct{ *base }
	//lint:ignore U1000 its method is what the outer one hides
	overriding struct{ *base }
	panicking  struct{}
	exiting    struct{}
)

var namesPlaced = map[string]string{"A.b": "Placed"}

func (withInterface) Handlers() map[string]string { return namesPlaced }
func (*withPointer) Handlers() map[string]string  { return namesPlaced }
func (overriding) Handlers() map[string]string    { return namesPlaced }
func (overriding) Placed(*sqs.Message) error      { return nil }
func (panicking) Handlers() map[string]string     { panic("boom") }
func (exiting) Handlers() map[string]string       { runtime.Goexit(); return nil }

func TestAStructThatCannotBeAskedOrCalledIsRefused(t *testing.T) {
	for want, obj := range map[string]any{
		"which is nil: set it before":             withInterface{},
		"comes from the embedded *sqs_test.base":  &withPointer{},
		"Handlers panicked at":                    panicking{},
		"ended its goroutine (runtime.Goexit)":    exiting{},
		"the object is a nil *sqs_test.panicking": (*panicking)(nil),
	} {
		r := sqs.NewRegistry()
		err := r.RegisterMethods(obj)
		require.ErrorIs(t, err, sqs.ErrInvalidHandler, want)
		assert.ErrorContains(t, err, want)
		assert.Empty(t, r.Handlers())
		assert.Error(t, r.Err())
	}
	for _, obj := range []any{withInterface{base{}}, &withPointer{&base{}}, overriding{}, &overriding{}} {
		assert.NoError(t, sqs.NewRegistry().RegisterMethods(obj), "%T", obj)
	}
}
