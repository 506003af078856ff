package sqs_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// shoryuken#187, shoryuken#1021, dotnet#54, sqs-consumer#218: a handler outlasts the visibility timeout, however short.
func TestALongHandlerKeepsItsMessageAndItsLock(t *testing.T) {
	for _, visibility := range []int{1, 2, 5, 30} {
		t.Run(fmt.Sprintf("visibility timeout of %d s", visibility), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var ran runs
				w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(5 * time.Minute) })
				w.setVisibility(visibility)
				id := w.send("", "x")
				c, other := w.start(), w.start()
				w.after(4 * time.Minute)
				require.Len(t, w.left(), 1)
				assert.Equal(t, 1, w.left()[0].Receives, "never visible")
				assert.NotEmpty(t, w.nodes[0].Value("sqs:event:"+id))
				w.after(2 * time.Minute)
				assert.Equal(t, 1, ran.count())
				assert.Equal(t, 1, w.deletes(id))
				s, o := c.Stats(), other.Stats()
				extensions := s.VisibilityExtensions + o.VisibilityExtensions
				assert.InDelta(t, 300*3/visibility, extensions, float64(300*3/visibility)/8+2, "one at each third of the time")
				assert.InDelta(t, 300*3/10, s.LockExtensions+o.LockExtensions, 10)
				assert.Empty(t, w.logs.records("WARN"))
			})
		})
	}
}

// setVisibility changes the queue's visibility timeout.
func (w *world) setVisibility(seconds int) {
	w.t.Helper()
	_, err := w.api.SetQueueAttributes(w.t.Context(), &awssqs.SetQueueAttributesInput{
		QueueUrl: &w.url, Attributes: map[string]string{"VisibilityTimeout": fmt.Sprint(seconds)}})
	require.NoError(w.t, err)
}

// MassTransit#6173: extensions cost more calls than the messages.
func TestAQuickHandlerCausesNoExtension(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(time.Millisecond) })
		for i := range 100 {
			w.send("", fmt.Sprint(i))
		}
		c := w.start()
		w.after(time.Minute)
		s := c.Stats()
		assert.EqualValues(t, 100, s.Handled)
		assert.Zero(t, s.VisibilityCalls+s.LockExtensions)
	})
}

// MassTransit#6173, for many at a time.
func TestExtensionsGoTenToACall(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(15 * time.Second) })
		for i := range 30 {
			w.send("", fmt.Sprint(i))
		}
		c := w.start()
		w.after(25 * time.Second)
		s := c.Stats()
		assert.EqualValues(t, 30, s.Handled)
		assert.EqualValues(t, 30, s.VisibilityExtensions, "each once, at 10 s")
		assert.LessOrEqual(t, s.VisibilityCalls, int64(4))
	})
}

// DotNetWorkQueue#294: one extension that failed was not tried again.
func TestAFailedExtensionIsTriedAgainInTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(time.Minute) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "ChangeMessageVisibilityBatch" && c.N <= 3 {
				return localaws.Fault{Code: "InternalError", Status: 500}
			}
			return localaws.Fault{}
		})
		id := w.send("", "x")
		w.start()
		w.after(2 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Equal(t, 1, w.deletes(id))
	})
}

// node-redlock#283, redlock-rb#36: a lock ends while its handler runs, and nobody is told.
func TestALockThatIsLostEndsTheHandlersContext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var cause error
		w.handle(func(ctx context.Context, m *sqs.Message) error {
			for _, n := range w.nodes {
				n.SetValue("sqs:event:"+m.MessageID, "somebody else", time.Hour)
			}
			<-ctx.Done()
			cause = context.Cause(ctx)
			return ctx.Err()
		})
		id := w.send("", "x")
		c := w.start()
		w.after(10 * time.Second)
		assert.ErrorIs(t, cause, sqs.ErrLockLost)
		assert.EqualValues(t, 1, c.Stats().LocksLost)
		assert.Equal(t, "somebody else", w.nodes[0].Value("sqs:event:"+id), "the new holder keeps its lock")
		assert.Len(t, w.left(), 1)
	})
}

// DotNetWorkQueue#294: extensions that do not happen are noticed by the clock, not only by an error.
func TestALockThatCannotBeExtendedInTimeIsLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var began, ended time.Time
		w.handle(func(ctx context.Context, m *sqs.Message) error {
			began = time.Now()
			for _, n := range w.nodes {
				n.Down()
			}
			<-ctx.Done()
			ended = time.Now()
			assert.ErrorIs(t, context.Cause(ctx), sqs.ErrLockLost)
			return ctx.Err()
		})
		w.send("", "x")
		w.start()
		w.after(20 * time.Second)
		assert.InDelta(t, 10, ended.Sub(began).Seconds(), 0.3, "the lock's life, less its margin for drifting clocks")
		for _, n := range w.nodes {
			n.Up()
		}
	})
}

// hanging is a lease whose extensions are never answered.
type hanging struct{ sqs.Lease }

func (hanging) Extend(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

type hangingLocker struct{ sqs.Locker }

func (l hangingLocker) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	lease, err := l.Locker.Acquire(ctx, id)
	return hanging{lease}, err
}

func TestALockThatEndsWhileItsExtensionHangsIsLostAtItsEnd(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var told time.Duration
		w.handle(func(ctx context.Context, _ *sqs.Message) error {
			began := time.Now()
			<-ctx.Done()
			told = time.Since(began)
			return context.Cause(ctx)
		})
		w.setVisibility(60) // which has nothing to do then
		w.send("", "x")
		w.start(sqs.WithLocker(hangingLocker{w.locker()}))
		w.after(20 * time.Second)
		assert.InDelta(t, w.config.LockTimeout.Seconds(), told.Seconds(), 0.2)
	})
}

func TestASlowQueueCostsNoLock(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(2 * time.Minute) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "ChangeMessageVisibilityBatch" {
				return localaws.Fault{DelayAfter: 9 * time.Second}
			}
			return localaws.Fault{}
		})
		w.setVisibility(5)
		id := w.send("", "x")
		c, other := w.start(), w.start()
		w.after(3 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Zero(t, c.Stats().LocksLost+other.Stats().LocksLost, "the two clocks run by themselves")
		assert.Equal(t, 1, w.deletes(id))
	})
}

// The mark must not wait for SQS: nothing extends the lock of a message that is about to be settled.
func TestASuccessIsMarkedDoneWhileTheQueueStillOwesAnAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(2 * time.Second) })
		w.config.LockTimeout = time.Second
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "ChangeMessageVisibilityBatch" {
				return localaws.Fault{Code: "InternalFailure", Status: 500, DelayAfter: 9 * time.Second}
			}
			return localaws.Fault{}
		})
		w.setVisibility(3)
		id := w.send("", "x")
		for range 8 { // one of the others gets it back first
			w.start()
		}
		w.after(3 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Positive(t, w.deletes(id))
	})
}

func TestALockNodeThatRestartedEmptyIsHealedByTheNextExtension(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(30 * time.Second) })
		id := w.send("", "x")
		w.start()
		w.after(time.Second)
		require.NotEmpty(t, w.nodes[2].Value("sqs:event:"+id))
		w.nodes[2].Wipe()
		w.after(5 * time.Second)
		assert.Equal(t, w.nodes[0].Value("sqs:event:"+id), w.nodes[2].Value("sqs:event:"+id))
	})
}

// MassTransit#5159: an extension without a maximum hides a message for 12 hours.
func TestExtensionEndsAtItsMaximumAndTheHandlerIsToldFirst(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.config.MaxExtension = time.Minute
		var told time.Duration
		var receives int
		release := make(chan struct{})
		w.handle(func(ctx context.Context, m *sqs.Message) error {
			began := time.Now()
			<-ctx.Done()
			told = time.Since(began)
			assert.ErrorIs(t, context.Cause(ctx), sqs.ErrHandlerTimeout)
			receives = w.left()[0].Receives
			assert.True(t, w.left()[0].InFlight, "told while the message is still ours")
			<-release // and goes on all the same
			return nil
		})
		id := w.send("", "x")
		c := w.start()
		w.after(2 * time.Minute)
		assert.Equal(t, time.Minute, told)
		assert.Equal(t, 1, receives)
		assert.EqualValues(t, 1, c.Stats().Running, "its slot is counted until it returns")
		assert.Greater(t, w.left()[0].Receives, 1, "visible again once nothing extends it")
		close(release)
		w.after(time.Minute)
		assert.Equal(t, 1, w.deletes(id), "with the newest receipt handle")
	})
}

// JustSaying#1584, sqs-consumer#102: a delete with an older receipt handle succeeds and deletes nothing.
func TestAMessageReceivedAgainWhileItRunsIsDeletedWithTheNewerHandle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(45 * time.Second) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault { // nothing can be extended: it reappears at 30 s
			return localaws.Fault{Cut: c.Operation == "ChangeMessageVisibilityBatch"}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(2 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.EqualValues(t, 1, c.Stats().TakenOver)
		assert.Zero(t, c.Stats().Duplicates, "it did not have to come back")
		assert.Equal(t, 1, w.deletes(id))
		assert.Empty(t, w.left())
	})
}

// spring-cloud-aws#1634, redpanda#182: one message twice in a batch makes SQS refuse the whole batch.
// SQS answers a delete with the older handle as done, and has deleted nothing.
func TestAMessageReceivedAgainWhileItIsDeletedIsDeletedWithTheNewerHandle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var handle string
		w.handle(func(m *sqs.Message) { handle = m.ReceiptHandle })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" && c.N == 1 {
				return localaws.Fault{Delay: 5 * time.Second}
			}
			return localaws.Fault{}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(2 * time.Second) // it was handled
		_, err := w.api.ChangeMessageVisibility(t.Context(), &awssqs.ChangeMessageVisibilityInput{QueueUrl: &w.url, ReceiptHandle: &handle})
		require.NoError(t, err)
		w.after(8 * time.Second)
		assert.EqualValues(t, 1, c.Stats().TakenOver)
		assert.Equal(t, 1, w.deletes(id), "at once, and not when it comes back")
		assert.Equal(t, 2, w.server.Calls()["DeleteMessageBatch"])
		assert.Zero(t, c.Stats().InFlight)
	})
}

func TestTwoDeliveriesInOneReceiveRunOnceAndAreDeletedWithTheNewerHandle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			return localaws.Fault{Twice: c.N == 1 && c.Operation == "ReceiveMessage"}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(2 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.EqualValues(t, 1, c.Stats().TakenOver)
		assert.Zero(t, c.Stats().Duplicates, "it did not have to come back")
		assert.Equal(t, 1, w.deletes(id))
	})
}

// sqs-consumer#247: a timeout does not stop a handler, and its lock ended anyway.
func TestAMessageReceivedAgainIsExtendedWithItsNewerHandle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(5 * time.Minute) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation != "ChangeMessageVisibilityBatch" || c.N > 1 {
				return localaws.Fault{}
			}
			return localaws.Fault{Entries: func(int) *localaws.EntryFault {
				return &localaws.EntryFault{Code: "ReceiptHandleIsInvalid", SenderFault: true}
			}}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(4 * time.Minute)
		require.Len(t, w.left(), 1)
		assert.Equal(t, 2, w.left()[0].Receives, "once more, when the handle was refused, and never again")
		w.after(2 * time.Minute)
		assert.Equal(t, 1, w.deletes(id))
		assert.EqualValues(t, 1, c.Stats().Handled)
	})
}

func TestAHandlerThatReturnsNilAfterItsTimeHasHandledItsMessage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(time.Minute) })
		id := w.send("", "x")
		w.start(sqs.WithHandlerTimeout(time.Second))
		w.after(90 * time.Second)
		assert.Equal(t, 1, ran.count())
		assert.Equal(t, 1, w.deletes(id))
	})
}

// sqs-consumer#193, SlimMessageBus#473: the entries of a batch that failed were not looked at.
func TestADeleteThatFailsInPartIsRetriedForThatPart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) {})
		var entries atomic.Int64
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation != "DeleteMessageBatch" {
				return localaws.Fault{}
			}
			return localaws.Fault{Entries: func(i int) *localaws.EntryFault {
				entries.Add(1)
				if c.N == 1 && i%2 == 0 {
					return &localaws.EntryFault{Code: "InternalError"}
				}
				return nil
			}}
		})
		for i := range 10 {
			w.send("", fmt.Sprint(i))
		}
		c := w.start()
		w.after(5 * time.Second)
		assert.Empty(t, w.left())
		assert.EqualValues(t, 15, entries.Load())
		assert.EqualValues(t, 2, c.Stats().DeleteCalls)
		assert.Zero(t, c.Stats().DeleteFailures)
	})
}

// sqs-consumer#193: what is the sender's fault fails however often it is tried.
func TestAnEntryThatIsTheSendersFaultIsNotRetried(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation != "DeleteMessageBatch" || c.N > 1 {
				return localaws.Fault{}
			}
			return localaws.Fault{Entries: func(int) *localaws.EntryFault {
				return &localaws.EntryFault{Code: "ReceiptHandleIsInvalid", SenderFault: true}
			}}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(20 * time.Second)
		assert.EqualValues(t, 1, c.Stats().DeleteCalls)
		assert.EqualValues(t, 1, c.Stats().DeleteFailures)
		w.after(20 * time.Second)
		assert.Equal(t, 1, ran.count(), "a failed delete is no failed handler")
		assert.Equal(t, 1, w.deletes(id))
	})
}
