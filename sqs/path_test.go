package sqs_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/sqs"
)

func TestTenMessagesAreHandledOnceAndDeleted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(_ context.Context, m *sqs.Message) error { ran.note(m); return nil }, "Order.shop")
		var ids []string
		for i := range 10 {
			ids = append(ids, w.send("Order.shop", strconv.Itoa(i)))
		}
		c := w.start()
		w.after(time.Second)
		assert.Len(t, ran.list(), 10)
		for _, id := range ids {
			assert.Equal(t, 1, w.deletes(id))
		}
		assert.Empty(t, w.left())
		s := c.Stats()
		assert.EqualValues(t, 10, s.Handled)
		assert.EqualValues(t, 10, s.Deleted)
		assert.Zero(t, s.InFlight)
		assert.EqualValues(t, 1, s.DeleteCalls, "ten deletes go in one call")
	})
}

func TestAFailedMessageIsLoggedLeftAndRunAgainAfterItsVisibilityTimeout(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(_ context.Context, m *sqs.Message) error {
			if ran.note(m) < 3 {
				return errors.New("no luck")
			}
			return nil
		}, "Order.shop")
		id := w.send("Order.shop", "secret body")
		w.start()
		w.after(29 * time.Second)
		assert.Equal(t, 1, ran.count())
		for _, n := range w.nodes {
			assert.Empty(t, n.Value("sqs:event:"+id), "the lock is released")
		}
		w.after(2 * time.Second)
		assert.Equal(t, 2, ran.count())
		w.after(30 * time.Second)
		assert.Equal(t, 3, ran.count())
		assert.Equal(t, 1, w.deletes(id))

		failures := w.logs.records("ERROR")
		require.Len(t, failures, 2)
		f := failures[0]
		assert.Equal(t, "[INIESTA] Error while handling message: no luck", f["msg"])
		assert.Equal(t, "Order.shop", f["iniesta_pass"])
		assert.Equal(t, id, f["sqs_message_id"])
		assert.Equal(t, id+"#1", f["sqs_receipt_handle"])
		assert.Len(t, f["sqs_md5_of_body"], 32)
		assert.Contains(t, f["sqs_attributes"], `"ApproximateReceiveCount":"1"`)
		assert.Contains(t, f["handler_name"], "sqs_test.TestAFailedMessage")
		assert.NotContains(t, w.logs.String(), "secret body")
	})
}

func TestTheBodyIsLoggedOnlyWhereItIsAskedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.config.LogMessageBody = true
		w.handle(func(*sqs.Message) error { return errors.New("x") })
		w.send("", "the body")
		w.start()
		w.after(time.Second)
		require.Len(t, w.logs.records("ERROR"), 1)
		assert.Equal(t, "the body", w.logs.records("ERROR")[0]["sqs_message_body"])
	})
}

// sqs-consumer#189, powertools-java#119: one failure rejected the whole batch.
func TestEveryKindOfFailureLeavesTheMessage(t *testing.T) {
	cause := errors.New("cause")
	tests := []struct {
		name string
		fn   any
		want string
		is   error
	}{
		{"error", func(*sqs.Message) error { return cause }, "cause", cause},
		{"panic", func(*sqs.Message) { panic("help") }, "handler panicked: help", nil},
		{"panic with an error", func(*sqs.Message) { panic(cause) }, "handler panicked: cause", cause},
		{"Goexit", func(*sqs.Message) { runtime.Goexit() }, "handler ended its goroutine (runtime.Goexit)", nil},
		{"undecodable payload", func(map[string]int) {}, "decoding message", nil},
		{"no handler", nil, `handler not found for event "Order.shop"`, sqs.ErrHandlerNotFound},
		{"timeout", func(ctx context.Context, _ *sqs.Message) error { <-ctx.Done(); return ctx.Err() }, "context deadline exceeded (sqs: handler ran out of time: 5s passed (INIESTA_HANDLER_TIMEOUT))", sqs.ErrHandlerTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				if tt.fn != nil {
					w.handle(tt.fn, "Order.shop")
				}
				id := w.send("Order.shop", "not json")
				c := w.start(sqs.WithHandlerTimeout(5 * time.Second))
				w.after(10 * time.Second)
				require.Len(t, w.left(), 1)
				assert.True(t, w.left()[0].InFlight, "until its visibility timeout ends")
				failures := w.logs.records("ERROR")
				require.Len(t, failures, 1)
				assert.Contains(t, failures[0]["msg"], tt.want)
				assert.EqualValues(t, 1, c.Stats().Failed)
				assert.Zero(t, c.Stats().Running)
				assert.Zero(t, c.Stats().InFlight)
				for _, n := range w.nodes {
					assert.Empty(t, n.Value("sqs:event:"+id), "the lock is released")
				}
			})
		})
	}
}

func TestAHandlerSaysWhenToRetry(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(_ context.Context, m *sqs.Message) error {
			if ran.note(m) == 1 {
				return sqs.RetryAfter(90*time.Second, errors.New("busy"))
			}
			return nil
		})
		w.send("", "x")
		w.start()
		w.after(89 * time.Second)
		assert.Equal(t, 1, ran.count())
		w.after(2 * time.Second)
		assert.Equal(t, 2, ran.count())
		assert.Empty(t, w.logs.records("WARN"))
	})
}

// shoryuken#591: a visibility that the handler changed and the extension got into each other's way.
func TestAMessageThatIsRetriedAtOnceIsNotTakenForASecondDelivery(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(_ context.Context, m *sqs.Message) error {
			if ran.note(m) < 50 {
				return sqs.RetryAfter(0, errors.New("again"))
			}
			return nil
		})
		w.server.SetFault(func(c localaws.Call) localaws.Fault { // the new delivery comes before the answer
			return localaws.Fault{DelayAfter: 50 * time.Millisecond}
		})
		w.send("", "x")
		c := w.start()
		w.after(25 * time.Second)
		assert.Equal(t, 50, ran.count())
		assert.Zero(t, c.Stats().TakenOver)
		assert.Empty(t, w.left())
	})
}

func TestTheRetryBackoffSaysWhenToRetry(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) error { ran.note(m); return errors.New("x") })
		w.send("", "x")
		w.start(sqs.WithRetryBackoff(func(n int) time.Duration { return time.Duration(n*n) * time.Second }))
		w.after(20 * time.Second)
		assert.Equal(t, 4, ran.count(), "at 0, 1, 5 and 14 s")
	})
}

func TestADiscardedMessageIsLoggedAndDeleted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) error { ran.note(m); return sqs.Discard(errors.New("nonsense")) })
		id := w.send("", "x")
		c := w.start()
		w.after(time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Equal(t, 1, w.deletes(id))
		assert.EqualValues(t, 1, c.Stats().Discarded)
		assert.Equal(t, "[INIESTA] Error while handling message: discarded: nonsense", w.logs.records("ERROR")[0]["msg"])
	})
}

func TestAMessageLockedByAPythonConsumerIsLeftUntilTheLockEnds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		id := w.send("", "x")
		for _, n := range w.nodes {
			n.SetValue("sqs:event:"+id, "5c9a5b7e-7a5f-4c4f-9a68-4be4e33b8e0d", 40*time.Second)
		}
		c := w.start()
		w.after(39 * time.Second)
		assert.Zero(t, ran.count())
		assert.EqualValues(t, 2, c.Stats().Skipped, "received at 0 and 30 s, and left alone")
		assert.Empty(t, w.logs.records("ERROR"), "contention is no error")
		w.after(25 * time.Second)
		assert.Equal(t, 1, ran.count())
		assert.Equal(t, 1, w.deletes(id))
	})
}

// JustSaying#1584: what such a delete left behind runs again.
func TestAHandledMessageThatComesBackIsDeletedAndNotRun(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		var broken atomic.Bool
		broken.Store(true)
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" && broken.Load() {
				return localaws.Fault{Code: "InternalError", Status: 500}
			}
			return localaws.Fault{}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(25 * time.Second)
		assert.Equal(t, 1, ran.count())
		assert.EqualValues(t, 1, c.Stats().DeleteFailures)
		for _, n := range w.nodes {
			assert.Equal(t, redlock.DoneMark, n.Value("sqs:event:"+id))
		}
		require.NoError(t, c.Close(t.Context()), "a stop gives the delete up")
		broken.Store(false)
		next := w.start()
		w.after(time.Minute)
		assert.Equal(t, 1, ran.count(), "the mark stops a second execution")
		assert.Equal(t, 1, w.deletes(id))
		assert.EqualValues(t, 1, next.Stats().Duplicates)
	})
}

// tomodachi#2074: a duplicate that is only ignored comes back until it is a dead letter.
func TestADuplicateIsDeletedByAnotherProcessToo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		began := time.Now()
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			return localaws.Fault{Again: c.Operation == "ReceiveMessage" && time.Since(began) < 50*time.Millisecond, Delay: 10 * time.Millisecond}
		})
		id := w.send("", "x")
		first, second := w.start(), w.start()
		w.after(time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Positive(t, w.deletes(id))
		s1, s2 := first.Stats(), second.Stats()
		assert.Positive(t, s1.Duplicates+s1.Skipped+s1.TakenOver+s2.Duplicates+s2.Skipped+s2.TakenOver)
	})
}

func TestWithoutAWindowTheLockIsHeldUntilTheDeleteIsConfirmed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) {})
		id := w.send("", "x")
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" {
				return localaws.Fault{Delay: 4 * time.Second}
			}
			return localaws.Fault{}
		})
		w.start(sqs.WithIdempotencyWindow(0))
		w.after(3 * time.Second)
		for _, n := range w.nodes {
			assert.NotEmpty(t, n.Value("sqs:event:"+id))
			assert.NotEqual(t, redlock.DoneMark, n.Value("sqs:event:"+id))
		}
		w.after(3 * time.Second)
		assert.Equal(t, 1, w.deletes(id))
		for _, n := range w.nodes {
			assert.Empty(t, n.Value("sqs:event:"+id))
		}
	})
}

func TestMiddlewareWrapsInTheOrderGiven(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var order []string
		layer := func(name string) sqs.Middleware {
			return func(next sqs.HandlerFunc) sqs.HandlerFunc {
				return func(ctx context.Context, m *sqs.Message) (any, error) {
					order = append(order, name+" in")
					defer func() { order = append(order, name+" out") }()
					return next(ctx, m)
				}
			}
		}
		w.handle(func(*sqs.Message) { order = append(order, "handler") })
		w.send("", "x")
		w.start(sqs.WithMiddleware(layer("a"), layer("b")), sqs.WithMiddleware(layer("c")))
		w.after(time.Second)
		assert.Equal(t, []string{"a in", "b in", "c in", "handler", "c out", "b out", "a out"}, order)
	})
}

func TestMiddlewareThatPanicsIsAFailure(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) {})
		w.send("", "x")
		c := w.start(sqs.WithMiddleware(func(sqs.HandlerFunc) sqs.HandlerFunc {
			return func(context.Context, *sqs.Message) (any, error) { panic("broken") }
		}))
		w.after(time.Second)
		assert.EqualValues(t, 1, c.Stats().Failed)
		assert.Contains(t, w.logs.records("ERROR")[0]["stack"], "path_test.go")
	})
}

// localstack#137: without raw delivery the attributes are in the body.
func TestAnEnvelopeOfSNSIsTakenOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var got *sqs.Message
		w.handle(func(m *sqs.Message) { got = m }, "Order.shop")
		w.send("", `{"Type":"Notification","MessageId":"n","TopicArn":"arn:aws:sns:us-east-1:1:t","Message":"{\"id\":1}",
			"MessageAttributes":{"iniesta_pass":{"Type":"String","Value":"Order.shop"}}}`)
		w.start()
		w.after(time.Second)
		require.NotNil(t, got)
		assert.Equal(t, `{"id":1}`, got.RawBody)
		assert.True(t, got.ChecksumBody())
	})
}

func TestHandleMessageIsThePathWithoutTheDelete(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		boom := errors.New("boom")
		w.handle(func(*sqs.Message) (string, error) { return "fine", nil }, "Good.shop")
		w.handle(func(*sqs.Message) error { return boom }, "Bad.shop")
		c := w.client()

		result, err := c.HandleMessage(t.Context(), message("Good.shop", ""))
		require.NoError(t, err)
		assert.Equal(t, "fine", result)
		_, err = c.HandleMessage(t.Context(), message("Good.shop", ""))
		assert.ErrorIs(t, err, sqs.ErrAlreadyHandled)

		bad := message("Bad.shop", "")
		bad.MessageID = "m-2"
		var failure *sqs.HandlerError
		_, err = c.HandleMessage(t.Context(), bad)
		require.ErrorAs(t, err, &failure)
		assert.ErrorIs(t, err, boom)
		assert.Same(t, bad, failure.Message)
		assert.Contains(t, failure.Handler, "sqs_test.TestHandleMessage")
		synctest.Wait() // for the node that was not waited for
		assert.Empty(t, w.nodes[0].Value("sqs:event:m-2"), "released after a failure")

		unknown := message("Unknown.event", "")
		unknown.MessageID = "m-3"
		_, err = c.HandleMessage(t.Context(), unknown)
		assert.ErrorIs(t, err, sqs.ErrHandlerNotFound)

		for _, n := range w.nodes {
			n.SetValue("sqs:event:m-4", "somebody", time.Minute)
		}
		held := message("Good.shop", "")
		held.MessageID = "m-4"
		_, err = c.HandleMessage(t.Context(), held)
		assert.ErrorIs(t, err, sqs.ErrLockNotAcquired)
		assert.ErrorIs(t, err, sqs.ErrLockHeld)

		w.nodes[0].Down()
		w.nodes[1].Down()
		_, err = c.HandleMessage(t.Context(), held)
		assert.ErrorIs(t, err, sqs.ErrLockNotAcquired)
		assert.NotErrorIs(t, err, sqs.ErrLockHeld)
		assert.ErrorContains(t, err, "node0: connection refused")
	})
}
