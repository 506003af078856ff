package consumer

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// A queue that is idle tells nothing of the lock nodes: they are asked before a message is received that could not be
// locked.
func TestAnIdleConsumerReceivesNothingOnOldEvidenceOfItsLockNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &supply{}
		var away atomic.Bool
		var pings atomic.Int32
		outage := errors.New("the nodes are away")
		answer := func() error {
			if away.Load() {
				return outage
			}
			return nil
		}
		r := begin(t, newConsumer(func(o *Options) {
			o.ReceiveWaitTime = time.Second
			o.Queue.API = &fakeQueue{receive: s.receive}
			o.Locker = fakeLocker{
				ping:    func(context.Context) error { pings.Add(1); return answer() },
				acquire: func(context.Context, string) (Lease, error) { return fakeLease{}, answer() },
			}
		}))
		time.Sleep(time.Minute)
		assert.InDelta(t, 11, pings.Load(), 2, "asked every six receives or so")
		assert.NoError(t, r.Healthy())
		away.Store(true)
		since := time.Now()
		time.Sleep(time.Minute)
		asked := s.asked()
		assert.LessOrEqual(t, asked[len(asked)-1].Sub(since), askAfter+time.Second)
		assert.ErrorIs(t, r.Healthy(), outage)
		assert.ErrorIs(t, r.Healthy(), ErrLockNotAcquired)
		away.Store(false)
		time.Sleep(5 * time.Second)
		assert.NoError(t, r.Healthy())
		assert.Greater(t, len(s.asked()), len(asked))
	})
}
