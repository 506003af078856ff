package sqs

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What ends a handler may come between its lock and its beginning.
func TestAHandlerThatWasInterruptedBeforeItBeganIsToldAsItBegins(t *testing.T) {
	d := &delivery{}
	first := errors.New("first")
	d.interrupt(first)
	d.interrupt(errors.New("second"))
	ctx, cancel := context.WithCancelCause(t.Context())
	d.running(cancel)
	assert.Equal(t, first, context.Cause(ctx))
	d.running(nil)
}
