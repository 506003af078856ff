package sqs

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Two pollers may receive a message at once: SQS may give one out twice.
func TestAMessageReceivedTwiceAtOnceIsExtendedOnce(t *testing.T) {
	k := &keeper{visibility: time.Hour, maxExtension: 2 * time.Hour, stats: &counters{}}
	k.start()
	defer k.stop()
	for range 200 {
		d := newDelivery(&Message{MessageID: "m"}, time.Now())
		var pollers sync.WaitGroup
		pollers.Go(func() { k.track(d) })
		pollers.Go(func() { k.handleRenewed(d) })
		pollers.Wait()
		k.mu.Lock()
		assert.Len(t, k.heap, 1)
		assert.WithinDuration(t, time.Now().Add(20*time.Minute), d.extension.due, time.Minute)
		k.mu.Unlock()
		k.release(d)
		assert.Empty(t, k.heap, "nothing is left to extend")
	}
}

// The answer to an extension of the older handle says nothing of the newer one.
func TestAnOlderHandleThatIsRefusedDoesNotEndTheExtensionOfANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var extended []string
		answer := make(chan error)
		k := &keeper{
			visibility: 30 * time.Second, maxExtension: time.Hour, stats: &counters{}, log: func(*delivery, string, error) {},
			extend: func(d *delivery) error {
				if extended = append(extended, d.receiptHandle()); len(extended) == 1 {
					return <-answer
				}
				return nil
			},
		}
		k.start()
		defer k.stop()
		d := newDelivery(&Message{MessageID: "m", ReceiptHandle: "older"}, time.Now())
		k.track(d)
		time.Sleep(10 * time.Second)
		synctest.Wait() // an extension is under way
		d.takeOver("newer")
		k.handleRenewed(d)
		answer <- &entryError{code: "ReceiptHandleIsInvalid", senderFault: true}
		time.Sleep(25 * time.Second)
		k.release(d)
		assert.Equal(t, []string{"older", "newer", "newer"}, extended)
	})
}
