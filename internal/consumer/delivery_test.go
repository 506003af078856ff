package consumer

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What ends a handler may come between its lock and its beginning.
func TestAHandlerThatWasInterruptedBeforeItBeganIsToldAsItBegins(t *testing.T) {
	d := &delivery{lease: fakeLease{}}
	assert.NoError(t, d.overtaken())
	first := errors.New("first")
	d.interrupt(first)
	assert.Equal(t, first, d.overtaken(), "so that it does not begin")
	d.interrupt(errors.New("second"))
	ctx, cancel := context.WithCancelCause(t.Context())
	d.begins(ctx, cancel)
	assert.Equal(t, first, context.Cause(ctx))
	assert.True(t, d.overdue())
	d.returned()
	assert.False(t, d.overdue())
}
