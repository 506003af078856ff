package sqs_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// shoryuken#586: receives that find nothing cost money.
func TestAnIdleQueueIsWatchedByOneLongPoll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) {})
		c := w.start()
		w.after(time.Hour)
		assert.EqualValues(t, 181, c.Stats().ReceiveCalls, "three a minute, and the one under way")
		assert.EqualValues(t, 1, c.Stats().Pollers)
		assert.NoError(t, c.Healthy(t.Context()))
	})
}

// MassTransit#4176: one poll alone bounds a FIFO queue to ten messages at a time.
func TestPollersGrowUnderLoadAndLeaveWhenTheQueueIsIdle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(200 * time.Millisecond) })
		for i := range 2000 {
			w.send("", fmt.Sprint(i))
		}
		w.server.SetFault(func(c localaws.Call) localaws.Fault { return localaws.Fault{Delay: 10 * time.Millisecond} })
		c := w.start(sqs.WithPollers(1, 6))
		w.after(time.Second)
		assert.EqualValues(t, 6, c.Stats().Pollers)
		w.after(time.Minute)
		assert.EqualValues(t, 1, c.Stats().Pollers)
		assert.EqualValues(t, 2000, c.Stats().Deleted)
	})
}

// sqs-consumer#247, alpakka#1588: messages were taken without a bound, and their memory with them.
func TestConcurrencyBoundsTheHandlersAndWhatIsHeld(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var mu sync.Mutex
		running, most := 0, 0
		w.handle(func(*sqs.Message) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
		})
		for i := range 100 {
			w.send("", fmt.Sprint(i))
		}
		c := w.start(sqs.WithConcurrency(7))
		for range 20 {
			w.after(700 * time.Millisecond)
			inFlight := 0
			for _, m := range w.left() {
				if m.InFlight {
					inFlight++
				}
			}
			assert.LessOrEqual(t, inFlight, 14, "no more is received than there is room for")
		}
		w.after(10 * time.Second)
		assert.Equal(t, 7, most)
		assert.EqualValues(t, 100, c.Stats().Deleted)
		for _, m := range w.left() {
			t.Error("left", m)
		}
	})
}

// spring-cloud-aws#1187, MassTransit#1411: the next receive waited for the slowest message of the last.
func TestASlowMessageHoldsUpNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) {
			if m.RawBody == "slow" {
				time.Sleep(10 * time.Minute)
			}
			ran.note(m)
		})
		w.send("", "slow")
		for i := range 500 {
			w.send("", fmt.Sprint(i))
		}
		w.start()
		w.after(time.Second)
		assert.Equal(t, 500, ran.count())
		w.after(11 * time.Minute)
		assert.Equal(t, 501, ran.count())
	})
}

// sqs-consumer#130, sqs-consumer#23, Python: an error ended receiving for ever, or made it spin.
func TestReceiveErrorsAreRetriedWithBackoffForEver(t *testing.T) {
	faults := map[string]localaws.Fault{
		"access denied":    {Code: "AccessDeniedException", Status: 400},
		"throttled":        localaws.Throttle,
		"expired token":    {Code: "ExpiredTokenException", Status: 403},
		"queue is gone":    {Code: "QueueDoesNotExist", Status: 400},
		"server error":     {Code: "InternalFailure", Status: 500},
		"connection cut":   {Cut: true},
		"answer is lost":   {Lose: true},
		"too many at once": {Code: "OverLimit", Status: 403},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var ran runs
				w.handle(func(m *sqs.Message) { ran.note(m) })
				w.server.SetFault(func(c localaws.Call) localaws.Fault {
					if c.Operation == "ReceiveMessage" {
						return fault
					}
					return localaws.Fault{}
				})
				c := w.start()
				w.after(time.Hour)
				calls := c.Stats().ReceiveCalls
				assert.Greater(t, calls, int64(60), "it never stops trying")
				assert.Less(t, calls, int64(3600/10), "and does not spin")
				assert.Error(t, c.Healthy(t.Context()))
				assert.LessOrEqual(t, len(w.logs.records("ERROR")), 10, "logged at each doubling")
				w.server.SetFault(nil)
				w.send("", "x")
				w.after(time.Minute)
				assert.Equal(t, 1, ran.count())
				assert.NoError(t, c.Healthy(t.Context()))
			})
		})
	}
}

// aws-sdk-js#367: a connection that died was waited for without end.
func TestAReceiveThatIsNeverAnsweredCostsOnePoll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			return localaws.Fault{Hang: c.Operation == "ReceiveMessage" && c.N == 1}
		})
		w.send("", "x")
		w.start()
		w.after(29 * time.Second)
		assert.Zero(t, ran.count())
		w.after(5 * time.Second)
		assert.Equal(t, 1, ran.count(), "its deadline is its wait and ten seconds")
	})
}

func TestADeletedQueueThatIsMadeAgainIsReceivedFrom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		c := w.start()
		w.after(time.Second)
		w.deleteQueue()
		w.after(time.Minute)
		assert.ErrorContains(t, c.Healthy(t.Context()), "NonExistentQueue")
		w.createQueue()
		w.send("", "x")
		w.after(time.Minute)
		assert.Equal(t, 1, ran.count())
		require.NoError(t, c.Healthy(t.Context()))
	})
}

func TestThePostReceiveHookRunsAfterEachReceive(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var got []int
		w.handle(func(*sqs.Message) {})
		for i := range 3 {
			w.send("", fmt.Sprint(i))
		}
		w.start(sqs.WithPostReceiveHook(func(_ context.Context, n int) { got = append(got, n) }))
		w.after(41 * time.Second)
		assert.Equal(t, []int{3, 0, 0}, got)
	})
}

func TestHandlersMayBeAddedWhileReceiving(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		c := w.start()
		w.send("Late.shop", "x")
		w.after(time.Second)
		assert.EqualValues(t, 1, c.Stats().Failed)
		require.NoError(t, c.AddHandler(func(m *sqs.Message) { ran.note(m) }, "Late.*"))
		w.after(40 * time.Second)
		assert.Equal(t, 1, ran.count())
	})
}

func TestABacklogTakesOneReceiveAndOneDeleteForTenMessages(t *testing.T) {
	for name, handler := range map[string]time.Duration{"quick": 0, "as slow as a receive": 10 * time.Millisecond, "slow": time.Second} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				const messages = 5000
				w.handle(func(*sqs.Message) { time.Sleep(handler) })
				for i := range messages {
					w.send("", fmt.Sprint(i))
				}
				w.server.SetFault(func(localaws.Call) localaws.Fault { return localaws.Fault{Delay: 10 * time.Millisecond} })
				c := w.start()
				w.after(2 * time.Minute)
				s := c.Stats()
				assert.EqualValues(t, messages, s.Deleted)
				assert.Less(t, s.DeleteCalls, int64(messages/10*105/100))
				idle := int64(40) // long polls once it is drained
				assert.Less(t, s.ReceiveCalls, int64(messages/10*105/100)+idle)
			})
		})
	}
}

func TestHelpersDrainWhatPollersAloneCannot(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		const messages = 5000
		w.handle(func(*sqs.Message) {})
		for i := range messages {
			w.send("", fmt.Sprint(i))
		}
		w.server.SetFault(func(localaws.Call) localaws.Fault { return localaws.Fault{Delay: 10 * time.Millisecond} })
		c := w.start(sqs.WithPollers(1, 10))
		w.after(350 * time.Millisecond) // ten pollers would take 500 ms for 50 receives each
		drained := c.Stats().Received
		assert.EqualValues(t, messages, drained)
		assert.LessOrEqual(t, c.Stats().Pollers, int64(10))
	})
}
