package sqs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/sqs"
)

// sqs-consumer#247: handlers that outlast their timeout and never return take every slot, and nobody sees it.
func TestHandlersThatRunOnAfterTheirContextAreCountedAndUnhealthyWhenTheyAreAll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.handle(func(*sqs.Message) { <-release })
		for i := range 3 {
			w.send("", fmt.Sprint(i))
		}
		c := w.start(sqs.WithConcurrency(2), sqs.WithHandlerTimeout(10*time.Second))
		w.after(9 * time.Second)
		assert.Zero(t, c.Stats().Overdue)
		assert.NoError(t, c.Healthy(t.Context()), "all slots are taken, and that is well")
		w.after(2 * time.Second)
		assert.EqualValues(t, 2, c.Stats().Overdue)
		assert.EqualValues(t, 2, c.Stats().Running, "their slots are not given away")
		err := c.Healthy(t.Context())
		assert.ErrorIs(t, err, sqs.ErrHandlerTimeout)
		assert.ErrorContains(t, err, "all 2 of orders run on although their contexts have ended")
		close(release)
		w.after(time.Minute)
		assert.Zero(t, c.Stats().Overdue)
		assert.NoError(t, c.Healthy(t.Context()))
		assert.Empty(t, w.left())
	})
}
