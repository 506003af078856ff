package sqs

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Two pollers may receive a message at once: SQS may give one out twice.
func TestAMessageReceivedTwiceAtOnceIsExtendedOnce(t *testing.T) {
	k := &keeper{visibility: time.Hour, maxExtension: 2 * time.Hour, stats: &counters{}}
	k.start()
	defer k.stop()
	for range 200 {
		d := newDelivery(&Message{MessageID: "m"}, time.Now(), time.Hour)
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
