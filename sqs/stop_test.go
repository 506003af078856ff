package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// stop stops a client and returns how long that took.
func stop(t *testing.T, c *sqs.Client) time.Duration {
	t.Helper()
	began := time.Now()
	require.NoError(t, c.StopReceivingMessages(t.Context()))
	return time.Since(began)
}

// spring-cloud-aws#925, spring-cloud-aws#1661: deletes were lost at a stop.
func TestAStopLetsHandlersFinishAndDeletesTheirMessages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { time.Sleep(10 * time.Second); ran.note(m) })
		for i := range 30 {
			w.send("", fmt.Sprint(i))
		}
		c := w.start()
		w.after(time.Second)
		stop(t, c)
		assert.Equal(t, 30, ran.count())
		assert.Empty(t, w.left(), "every delete is flushed")
	})
}

// aws-sdk-go-v2#2068, celery#8875, shoryuken#539: the answer of a poll that is thrown away stays invisible.
func TestAStopLeavesTheLongPollThatIsOutToReturn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		c := w.start()
		w.after(5 * time.Second)
		sent := make(chan struct{})
		time.AfterFunc(5*time.Second, func() { w.send("", "late"); close(sent) })
		took := stop(t, c)
		<-sent // its answer may come after the message
		assert.InDelta(t, 5, took.Seconds(), 0.1, "the poll returned with the message")
		assert.Zero(t, ran.count(), "nothing is started any more")
		require.Len(t, w.left(), 1)
		assert.False(t, w.left()[0].InFlight, "it is visible at once")
	})
}

func TestAPollerThatWaitsForRoomReceivesNothingAfterAStop(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(5 * time.Second) })
		w.send("", "x")
		c := w.start(sqs.WithConcurrency(1))
		w.after(time.Second)
		calls := w.server.Calls()["ReceiveMessage"]
		stop(t, c)
		assert.Equal(t, calls, w.server.Calls()["ReceiveMessage"])
		assert.Empty(t, w.left())
	})
}

// aws-sdk-js#367: a poll that is never answered must not hold up a stop.
func TestAStopCutsOffAPollThatDoesNotReturnInTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) {})
		c := w.start(sqs.WithShutdownTimeout(10 * time.Second))
		w.after(time.Second)
		assert.LessOrEqual(t, stop(t, c), 13*time.Second)
	})
}

// misk#3892, dramatiq: what was received and not started was kept for the visibility timeout.
func TestMessagesThatWereReceivedAndNotStartedAreVisibleAtOnceAfterAStop(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var g perGroup
		w.handle(func(m *sqs.Message) { g.run(m, 3*time.Second) })
		for i := range 10 {
			w.send("", fmt.Sprint(i), "a")
		}
		c := w.start()
		w.after(time.Second)
		stop(t, c)
		assert.Equal(t, []string{"0"}, g.ran("a"))
		require.Len(t, w.left(), 9)
		for _, m := range w.left() {
			assert.False(t, m.InFlight)
			assert.Equal(t, 1, m.Receives, "not taken again by a poll of our own")
		}
		w.start()
		w.after(time.Minute)
		assert.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, g.ran("a"))
	})
}

// shoryuken 7.0.3: a second stop waited for the first for ever.
func TestAStopMayBeCalledAtAnyTimeAndFromSeveralPlaces(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(2 * time.Second) })
		fresh := sqs.New()
		assert.NoError(t, fresh.StopReceivingMessages(t.Context()), "before Initialize")
		c := w.client()
		assert.NoError(t, c.StopReceivingMessages(t.Context()), "before the start")
		w.send("", "x")
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		w.after(time.Second)
		var stops sync.WaitGroup
		for range 5 {
			stops.Go(func() { assert.NoError(t, c.StopReceivingMessages(t.Context())) })
		}
		stops.Wait()
		assert.NoError(t, c.StopReceivingMessages(t.Context()), "again")
		assert.Empty(t, w.left())
		require.NoError(t, c.StartReceivingMessages(t.Context()), "and started again")
		w.send("", "y")
		w.after(3 * time.Second)
		assert.Empty(t, w.left())
	})
}

// shoryuken 7.0.3: a stop had no bound.
func TestAStopEndsTheContextOfAHandlerThatTakesTooLong(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var cause error
		w.handle(func(ctx context.Context, _ *sqs.Message) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return ctx.Err()
		})
		w.send("", "x")
		c := w.start()
		w.after(time.Second)
		took := stop(t, c)
		assert.InDelta(t, 25, took.Seconds(), 1)
		assert.ErrorIs(t, cause, sqs.ErrShutdown)
		require.Len(t, w.left(), 1)
		assert.False(t, w.left()[0].InFlight, "visible at once for another consumer")
	})
}

// sqs-consumer#247, shoryuken 7.0.3: a stop waited for ever for a handler that hangs.
func TestAStopGivesUpOnAHandlerThatNeverReturnsAndItsLockIsKept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.handle(func(*sqs.Message) { <-release })
		id := w.send("", "x")
		c := w.start()
		w.after(time.Second)
		began := time.Now()
		err := c.StopReceivingMessages(t.Context())
		assert.InDelta(t, 28, time.Since(began).Seconds(), 0.1)
		require.ErrorIs(t, err, sqs.ErrShutdown)
		assert.ErrorContains(t, err, "1 messages of orders are still in flight (1 handlers run)")
		assert.ErrorIs(t, c.StartReceivingMessages(t.Context()), sqs.ErrReceiving)
		assert.ErrorIs(t, c.Initialize(t.Context()), sqs.ErrReceiving)
		w.after(5 * time.Minute)
		assert.NotEmpty(t, w.nodes[0].Value("sqs:event:"+id), "at most one handler runs, whatever happens")
		assert.Equal(t, 1, w.left()[0].Receives)
		close(release)
		w.after(time.Second)
		assert.Equal(t, 1, w.deletes(id))
		assert.NoError(t, c.StopReceivingMessages(t.Context()))
	})
}

func TestTheContextOfAStopBoundsIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var cause error
		w.handle(func(ctx context.Context, _ *sqs.Message) error {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return ctx.Err()
		})
		w.send("", "x")
		c := w.start()
		w.after(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		assert.NoError(t, c.StopReceivingMessages(ctx), "the handler is told in time to be settled")
		assert.LessOrEqual(t, time.Since(began), 5*time.Second)
		assert.ErrorIs(t, cause, sqs.ErrShutdown)
	})
}

func TestAStopWhoseContextEndsSaysSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.handle(func(*sqs.Message) { <-release })
		w.send("", "x")
		c := w.start()
		w.after(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		err := c.StopReceivingMessages(ctx)
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorIs(t, err, sqs.ErrShutdown)
		close(release)
	})
}

func TestAHandlerMayStopItsOwnClient(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var c *sqs.Client
		w.handle(func(ctx context.Context, _ *sqs.Message) error { return c.StopReceivingMessages(ctx) })
		id := w.send("", "x")
		c = w.client()
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		w.after(25 * time.Second)
		assert.Equal(t, 1, w.deletes(id))
		assert.ErrorIs(t, c.Healthy(t.Context()), sqs.ErrNotReceiving)
	})
}

func TestAHookMayStopItsOwnClient(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var c *sqs.Client
		w.handle(func(*sqs.Message) {})
		w.send("", "x")
		c = w.client(sqs.WithPostReceiveHook(func(ctx context.Context, _ int) { assert.NoError(t, c.StopReceivingMessages(ctx)) }))
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		w.after(time.Second)
		assert.ErrorIs(t, c.Healthy(t.Context()), sqs.ErrNotReceiving)
		assert.EqualValues(t, 1, c.Stats().Deleted+c.Stats().Released, "it was handled if its handler began before the hook")
	})
}

func TestAHandlerMayStopAnotherClientAndWaitForIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		other := w.start(sqs.WithRegistry(sqs.NewRegistry()))
		w.after(time.Second) // it polls
		stopped := make(chan error, 1)
		w.handle(func(ctx context.Context, _ *sqs.Message) {
			err := other.StopReceivingMessages(ctx)
			stopped <- errors.Join(err, other.Initialize(ctx)) // which is refused while it receives
		})
		c := w.client()
		_, err := c.HandleMessage(t.Context(), &sqs.Message{MessageID: "1"})
		require.NoError(t, err)
		assert.NoError(t, <-stopped)
	})
}

func TestTheEndOfTheStartsContextIsAStop(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		type key struct{}
		var value any
		w.handle(func(ctx context.Context, _ *sqs.Message) { value = ctx.Value(key{}); time.Sleep(3 * time.Second) })
		c := w.client()
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
		require.NoError(t, c.StartReceivingMessages(ctx))
		w.send("", "x")
		w.after(time.Second)
		cancel()
		w.after(25 * time.Second)
		assert.Equal(t, "kept", value)
		assert.Empty(t, w.left())
		assert.ErrorIs(t, c.Healthy(t.Context()), sqs.ErrNotReceiving)
		assert.ErrorIs(t, c.StartReceivingMessages(ctx), context.Canceled)
	})
}

func TestRunIsTheWholeLifeOfAConsumer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.send("", "x")
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		c := sqs.New(sqs.WithConfig(w.config), sqs.WithAPI(w.api), sqs.WithLocker(w.locker()))
		require.NoError(t, c.Run(ctx, sqs.WithRegistry(w.registry)))
		assert.Equal(t, 1, ran.count())
		_, err := c.CreateMessage("x")
		assert.ErrorIs(t, err, sqs.ErrNotInitialized, "the client is closed")
	})
}

func TestUseInTheWrongStateIsAnError(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := sqs.New(sqs.WithRegistry(w.registry))
		_, handleErr := c.HandleMessage(t.Context(), message("", ""))
		_, createErr := c.CreateMessage("")
		for name, err := range map[string]error{
			"sqs: starting to receive: sqs: client is not initialized: call Initialize first": c.StartReceivingMessages(t.Context()),
			"sqs: checking health: sqs: client is not initialized: call Initialize first":     c.Healthy(t.Context()),
			"sqs: handling a message: sqs: client is not initialized: call Initialize first":  handleErr,
			"sqs: creating a message: sqs: client is not initialized: call Initialize first":  createErr,
		} {
			assert.ErrorIs(t, err, sqs.ErrNotInitialized)
			assert.EqualError(t, err, name)
		}
		assert.Empty(t, c.QueueName()+c.QueueURL())

		c = w.client()
		assert.Equal(t, "orders", c.QueueName())
		assert.Contains(t, c.QueueURL(), "/orders")
		assert.ErrorIs(t, c.Healthy(t.Context()), sqs.ErrNotReceiving)
		require.NoError(t, c.Initialize(t.Context()), "again")
		require.NoError(t, c.StartReceivingMessages(t.Context()))
		assert.ErrorIs(t, c.StartReceivingMessages(t.Context()), sqs.ErrReceiving)
		assert.ErrorIs(t, c.Initialize(t.Context()), sqs.ErrReceiving)
	})
}

func TestAFailedRegistrationKeepsTheClientFromStarting(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_ = w.registry.AddHandler(func() {}, "Order.shop") // the error is ignored
		c := w.client()
		err := c.StartReceivingMessages(t.Context())
		assert.ErrorIs(t, err, sqs.ErrInvalidHandler)
		assert.ErrorContains(t, err, "sqs: starting to receive: a handler could not be registered: ")
	})
}

func TestAQueueThatDoesNotExistIsNamedWithItsRegionAndEndpoint(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.config.SQSEndpointURL = "http://localhost:4566"
		c := sqs.New(sqs.WithConfig(w.config), sqs.WithAPI(w.api), sqs.WithLocker(w.locker()),
			sqs.WithQueueName("missing"), sqs.WithRegion("eu-west-1"))
		err := c.Initialize(t.Context())
		require.ErrorIs(t, err, sqs.ErrQueueNotFound)
		assert.ErrorContains(t, err, `sqs: initializing: sqs: queue not found: queue "missing", region "eu-west-1", endpoint http://localhost:4566: `+
			`create it, or set INIESTA_SQS_QUEUE_NAME, the region or INIESTA_SQS_ENDPOINT_URL to where it is`)
	})
}

func TestInitializeRefusesWhatCannotWork(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		base := []sqs.Option{sqs.WithConfig(w.config), sqs.WithAPI(w.api), sqs.WithLocker(w.locker())}
		assert.ErrorContains(t, sqs.New(base...).Initialize(t.Context(), sqs.WithPollers(5, 2)), "the least is more than the most")
		assert.ErrorContains(t, sqs.New(base...).Initialize(t.Context(), sqs.WithConcurrency(0)), "INIESTA_SQS_CONCURRENCY")
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			return localaws.Fault{Code: "AccessDeniedException", Status: 400}
		})
		assert.ErrorContains(t, sqs.New(base...).Initialize(t.Context()), "AccessDeniedException")
	})
}

func TestAVisibilityTimeoutThatCannotBeReadIsAskedForWithEachReceive(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.setVisibility(5)
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "GetQueueAttributes" {
				return localaws.Fault{Code: "AccessDeniedException", Status: 400}
			}
			return localaws.Fault{}
		})
		var ran runs
		w.handle(func(m *sqs.Message) error { ran.note(m); return errors.New("x") })
		w.send("", "x")
		w.start()
		assert.Len(t, w.logs.records("WARN"), 1)
		w.after(29 * time.Second)
		assert.Equal(t, 1, ran.count(), "30 s, and not the queue's 5")
		w.after(2 * time.Second)
		assert.Equal(t, 2, ran.count())
	})
}
