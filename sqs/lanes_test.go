package sqs

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
)

// onRecord calls do when a message is logged, which is in the middle of its being entered.
type onRecord struct {
	slog.Handler
	do func()
}

func (h onRecord) Enabled(context.Context, slog.Level) bool { return true }
func (h onRecord) Handle(context.Context, slog.Record) error {
	h.do()
	return nil
}

func TestTheLaneOfAMessageThatIsHeldBackDoesNotEndWhileThoseBehindItAreTakenIn(t *testing.T) {
	resumed := make(chan []*delivery, 1)
	var r *run
	c := &consumer{queue: &queue{fifo: true}, visibility: time.Hour, stats: &counters{}, config: config.Default()}
	c.log = slog.New(onRecord{slog.DiscardHandler, func() {
		go func() { // what holdBack does once the message it is about was settled
			_, early, _ := r.lanes.resume("group", "first")
			resumed <- early
		}()
		for range 1000 { // it has every chance to come in between
			runtime.Gosched()
		}
	}})
	r = newRun(t.Context(), c)
	r.keeper.start()
	defer r.keeper.stop()
	r.lanes.waiting["group"] = nil // the first message failed, and is about to be settled
	second := newDelivery(&Message{MessageID: "second", Attributes: map[string]string{
		string(types.MessageSystemAttributeNameMessageGroupId): "group"}}, time.Now())
	assert.Empty(t, r.lanes.admit([]*delivery{second}), "it is not ready")
	assert.Equal(t, []*delivery{second}, <-resumed, "it is given back")
	r.keeper.release(second)
}

// A wall clock that jumps, backwards too, moves no time that has a monotonic reading.
func TestNoTimeThatDecidesIsOfTheWallClock(t *testing.T) {
	monotonic := func(what string, at time.Time) { assert.Contains(t, at.String(), " m=", what) }
	locker, _ := LockerOver([]redlock.Node{{Name: "node", Pool: &locknode.Node{}}}, time.Minute)
	lease, err := locker.Acquire(t.Context(), "id")
	require.NoError(t, err)
	monotonic("the end of a lock", lease.Until())
	require.NoError(t, lease.Extend(t.Context()))
	monotonic("the end of an extended lock", lease.Until())

	r := newRun(t.Context(), &consumer{queue: &queue{fifo: true}, visibility: time.Hour, stats: &counters{}, config: config.Default(), log: slog.New(slog.DiscardHandler)})
	r.keeper.start()
	defer r.keeper.stop()
	r.lanes.waiting[""] = nil // so that it waits
	r.admit([]types.Message{{MessageId: aws.String("id"), ReceiptHandle: aws.String("handle"), Body: aws.String("x")}})
	d := r.inflight.byID["id"]
	monotonic("the receipt of a message", d.receivedAt)
	monotonic("its next extension", d.extension.show.at)
	d.locked(lease)
	r.keeper.reschedule(d)
	monotonic("the next extension of its lock", d.extension.lock.at)
	r.keeper.release(d)
}
