package sqs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

// between is a Locker with something that happens the first time a message was locked and before its handler begins.
type between struct {
	sqs.Locker
	happens chan func()
}

func (b between) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	lease, err := b.Locker.Acquire(ctx, id)
	select {
	case happen := <-b.happens:
		happen()
	default:
	}
	return lease, err
}

func (w *world) between(happen func()) sqs.Option {
	b := between{w.locker(), make(chan func(), 1)}
	b.happens <- happen
	return sqs.WithLocker(b)
}

func TestAHandlerDoesNotBeginOnceItsLockHasEnded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.send("", "x")
		began := time.Now()
		c := w.start(w.between(func() { time.Sleep(w.config.LockTimeout + time.Second) })) // as a process that stands still
		w.after(20 * time.Second)
		assert.Zero(t, ran.count())
		assert.EqualValues(t, 1, c.Stats().Skipped, "another consumer may have it")
		assert.Zero(t, c.Stats().Failed)
		w.after(30 * time.Second)
		require.Equal(t, 1, ran.count(), "it came back")
		assert.GreaterOrEqual(t, ran.times[0].Sub(began), 30*time.Second, "when its visibility timeout had ended")
		assert.Empty(t, w.left())
	})
}

func TestAHandlerDoesNotBeginAfterAStopThatCameWhileItsMessageWasLocked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { t.Error("it began") })
		id := w.send("", "x")
		c := w.client(w.between(func() { time.Sleep(3 * time.Second) }))
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		w.after(time.Second)
		stop(t, c)
		require.Len(t, w.left(), 1)
		assert.False(t, w.left()[0].InFlight, "it is visible at once")
		for _, n := range w.nodes {
			assert.Empty(t, n.Value("sqs:event:"+id), "and not locked")
		}
		assert.EqualValues(t, 1, c.Stats().Released)
		assert.Empty(t, w.logs.records("ERROR"))
	})
}
