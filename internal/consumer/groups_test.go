package consumer

import (
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
)

func TestTheGroupOfAMessageThatIsHeldBackDoesNotEndWhileThoseBehindItAreTakenIn(t *testing.T) {
	g := newGroups()
	g.waiting["group"] = nil // the first message failed, and is about to be settled
	second := newDelivery(nil, nil, Message{ID: "second", Group: "group"}, time.Now())
	resumed := make(chan []*delivery, 1)
	ready := g.admit([]*delivery{second}, func(*delivery) bool {
		go func() { // what holdBack does once the first message is settled
			_, early, _ := g.resume("group", "first")
			resumed <- early
		}()
		for range 1000 { // it has every chance to come in between
			runtime.Gosched()
		}
		return true
	})
	assert.Empty(t, ready, "it is not ready")
	assert.Equal(t, []*delivery{second}, <-resumed, "it is released")
}

func TestGroupsReturnMessagesInOrderAndOneAtATime(t *testing.T) {
	g := newGroups()
	message := func(id, group string) *delivery {
		return newDelivery(nil, nil, Message{ID: id, Group: group}, time.Now())
	}
	a1, a2, a3, b1 := message("a1", "a"), message("a2", "a"), message("a3", "a"), message("b1", "b")
	enter := func(*delivery) bool { return true }
	assert.Equal(t, []*delivery{a1, b1}, g.admit([]*delivery{a1, a2, b1}, enter))
	assert.Empty(t, g.admit([]*delivery{a3}, enter))
	assert.Equal(t, a2, g.next("a"))
	assert.Nil(t, g.next("b"))
	assert.Equal(t, []*delivery{a3}, g.stop(), "a stop takes those that wait")
	a4 := message("a4", "a")
	assert.Equal(t, []*delivery{a4}, g.admit([]*delivery{a4}, enter), "after it none waits")
	assert.Nil(t, g.next("a"))
	assert.Empty(t, g.waiting)
}

// A wall clock that jumps, backwards too, moves no time that has a monotonic reading.
func TestNoTimeThatDecidesIsOfTheWallClock(t *testing.T) {
	monotonic := func(what string, at time.Time) { assert.Contains(t, at.String(), " m=", what) }
	r := newConsumer(func(o *Options) { o.Queue.FIFO = true }).NewRun(t.Context())
	r.extender.start()
	defer r.extender.stop()
	r.groups.waiting[""] = nil // so that it waits
	r.admit([]types.Message{{MessageId: aws.String("id"), ReceiptHandle: aws.String("handle"), Body: aws.String("x")}})
	d := r.inflight.byID["id"]
	monotonic("the receipt of a message", d.receivedAt)
	monotonic("its next extension", d.extension.visible.at)
	r.extender.stopAll(d)
}
