package consumer

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

// Two pollers may receive a message at once: SQS may give one out twice.
func TestAMessageReceivedTwiceAtOnceIsExtendedOnce(t *testing.T) {
	k := newExtender(newConsumer(func(o *Options) { o.MaxExtension = 2 * time.Hour }), time.Hour, nil)
	k.start()
	defer k.stop()
	for range 200 {
		d := newDelivery(k.Consumer, nil, Message{ID: "m"}, time.Now())
		var pollers sync.WaitGroup
		pollers.Go(func() { k.track(d) })
		pollers.Go(func() { k.handleRenewed(d) })
		pollers.Wait()
		k.mu.Lock()
		assert.Len(t, k.heap, 1)
		assert.WithinDuration(t, time.Now().Add(20*time.Minute), d.extension.due, time.Minute)
		k.mu.Unlock()
		k.stopAll(d)
		assert.Empty(t, k.heap, "nothing is left to extend")
	}
}

// The answer to an extension of the older handle says nothing of the newer one.
func TestAnOlderHandleThatIsRefusedDoesNotEndTheExtensionOfANewerOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var extended []string
		answer := make(chan error)
		k := newExtender(newConsumer(), 30*time.Second, func(handle string, _ time.Duration) error {
			if extended = append(extended, handle); len(extended) == 1 {
				return <-answer
			}
			return nil
		})
		k.start()
		defer k.stop()
		d := newDelivery(k.Consumer, nil, Message{ID: "m", Handle: "older"}, time.Now())
		k.track(d)
		time.Sleep(10 * time.Second)
		synctest.Wait() // an extension is under way
		d.takeOver(&delivery{handle: "newer", receivedAt: time.Now()})
		k.handleRenewed(d)
		answer <- awsclient.EntryError(aws.String("ReceiptHandleIsInvalid"), nil, true)
		time.Sleep(25 * time.Second)
		k.stopAll(d)
		assert.Equal(t, []string{"older", "newer", "newer"}, extended)
	})
}
