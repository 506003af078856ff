package sqs

import (
	"context"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/iniesta/config"
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
		string(types.MessageSystemAttributeNameMessageGroupId): "group"}}, time.Now(), time.Hour)
	assert.Empty(t, r.lanes.admit([]*delivery{second}), "it is not ready")
	assert.Equal(t, []*delivery{second}, <-resumed, "it is given back")
	r.keeper.release(second)
}
