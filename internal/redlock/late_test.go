package redlock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestALockThatIsGrantedAfterItsEndIsAnOutageAndReleased(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		slow := b.another(t, redlock.Options{Expiry: expiry, NodeTimeout: 3 * expiry})
		for _, n := range b.nodes {
			n.SetLatency(expiry + 2*time.Second)
		}
		time.AfterFunc(expiry, func() { // for the release
			for _, n := range b.nodes {
				n.SetLatency(0)
			}
		})
		lease, err := slow.Acquire(t.Context(), key)
		assertOnly(t, err, redlock.ErrOutage)
		assert.Nil(t, lease)
		synctest.Wait()
		assert.Equal(t, three(""), b.values(), "the keys would have four seconds left")
		b.acquire(t)
	})
}

func TestTheMarkOfTheNodeThatAnswersFirstCounts(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[0].SetValue(key, done, expiry)
		for _, n := range b.nodes[1:] {
			n.SetValue(key, foreign, expiry)
			n.SetLatency(limit / 100)
		}
		_, err := b.Acquire(t.Context(), key)
		assertOnly(t, err, redlock.ErrDone)
	})
}
