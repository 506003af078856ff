package sqs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

// azul#3708, skuba#1408, Python: an outage moved the backlog to the dead-letter queue.
func TestAnOutageOfTheLockNodesPausesReceivingAndBurnsNoReceiveCounts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		c := w.start()
		w.after(time.Minute)
		require.NoError(t, c.Healthy(t.Context()))
		w.nodes[0].Down()
		w.nodes[1].Hang()
		for i := range 50 {
			w.send("", fmt.Sprint(i))
		}
		w.after(30 * time.Second)
		err := c.Healthy(t.Context())
		require.ErrorIs(t, err, sqs.ErrLockNotAcquired)
		assert.ErrorContains(t, err, "node0: connection refused")
		assert.ErrorContains(t, err, "node1: context deadline exceeded")
		receives := func() (total int) {
			for _, m := range w.left() {
				assert.LessOrEqual(t, m.Receives, 1)
				assert.False(t, m.InFlight, "given back")
				total += m.Receives
			}
			return total
		}
		before := receives()
		w.after(time.Hour)
		assert.Equal(t, before, receives(), "no receive count grows")
		assert.Len(t, w.left(), 50)
		assert.Zero(t, ran.count())
		w.nodes[0].Up()
		w.after(5 * time.Second)
		assert.Equal(t, 50, ran.count(), "it goes on by itself")
		assert.Empty(t, w.left())
		require.NoError(t, c.Healthy(t.Context()))
		assert.Len(t, w.logs.records("ERROR"), 1, "the pause is logged once")
	})
}

func TestOneLockNodeOfThreeDownOrHungIsNoOutage(t *testing.T) {
	for name, breakNode := range map[string]func(w *world){
		"down": func(w *world) { w.nodes[1].Down() },
		"hung": func(w *world) { w.nodes[1].Hang() },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var ran runs
				w.handle(func(m *sqs.Message) { ran.note(m) })
				c := w.start()
				w.after(time.Second)
				breakNode(w)
				began := time.Now()
				w.send("", "x")
				w.after(time.Second)
				require.Equal(t, 1, ran.count())
				assert.Less(t, ran.times[0].Sub(began), 5*time.Millisecond, "it costs no timeout")
				assert.Empty(t, w.left())
				assert.NoError(t, c.Healthy(t.Context()))
				w.nodes[1].Up()
			})
		})
	}
}

func TestAnOutageInTheMiddleOfALoadLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ran := map[string]int{}
		var all runs
		w.handle(func(m *sqs.Message) { all.note(m); time.Sleep(50 * time.Millisecond) })
		c := w.start(sqs.WithConcurrency(20))
		for i := range 300 {
			w.send("", fmt.Sprint(i))
			if i == 100 {
				w.nodes[0].Down()
				w.nodes[2].Down()
				w.after(3 * time.Second)
			}
		}
		w.after(2 * time.Minute)
		w.nodes[0].Up()
		w.nodes[2].Up()
		w.after(2 * time.Minute)
		for _, body := range all.list() {
			ran[body]++
		}
		assert.Len(t, ran, 300)
		assert.Empty(t, w.left())
		assert.Zero(t, c.Stats().InFlight)
	})
}
