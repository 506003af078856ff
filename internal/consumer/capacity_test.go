package consumer

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// fill has n messages in hand.
func (c *capacity) fill(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held += n
}

func TestAPollerWaitsAMomentForMoreThanAFewFreeSlots(t *testing.T) {
	for name, c := range map[string]struct {
		concurrency, inHand int
		freed               []time.Duration // when messages return
		takes               int
		after               time.Duration
	}{
		"all free":                       {100, 0, nil, 10, 0},
		"enough free":                    {100, 90, nil, 10, 0},
		"few free, and no more come":     {100, 97, nil, 3, partialWait},
		"few free, and more come":        {100, 97, []time.Duration{1, 2, 3, 4, 5, 6, 7}, 10, 7 * time.Millisecond},
		"none free, then one":            {100, 100, []time.Duration{20}, 1, 20*time.Millisecond + partialWait},
		"a tenth of a small concurrency": {10, 9, nil, 1, 0},
		"a concurrency of one":           {1, 1, []time.Duration{5}, 1, 5 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newCapacity(c.concurrency)
				s.fill(c.inHand)
				for _, at := range c.freed {
					time.AfterFunc(at*time.Millisecond, func() { s.freed(-1); s.settled() })
				}
				began := time.Now()
				assert.Equal(t, c.takes, s.take(t.Context(), 10))
				assert.Equal(t, c.after, time.Since(began))
			})
		})
	}
}

func TestAsManyAreAskedForAsWillHaveGoneThrough(t *testing.T) {
	for name, c := range map[string]struct {
		receive, through time.Duration
		room             int
	}{
		"nothing is known yet":                  {0, 0, 100},
		"handlers take long":                    {10 * time.Millisecond, 10 * time.Second, 100},
		"not enough for a call goes through":    {10 * time.Millisecond, 110 * time.Millisecond, 100},
		"handlers take twice a receive":         {10 * time.Millisecond, 20 * time.Millisecond, 150},
		"handlers take as long as a receive":    {10 * time.Millisecond, 10 * time.Millisecond, 200},
		"handlers are quicker than any receive": {10 * time.Millisecond, time.Microsecond, 300},
	} {
		t.Run(name, func(t *testing.T) {
			s := newCapacity(100)
			s.receive.add(c.receive)
			s.through.add(c.through)
			assert.Equal(t, c.room, s.room())
			s.fill(c.room)
			assert.Zero(t, s.room(), "what is in hand counts")
		})
	}
}

func TestALongPollIsNotTakenForASlowReceive(t *testing.T) {
	s := newCapacity(100)
	s.through.add(time.Second)
	s.expected = 20
	s.received(10, 10, 10*time.Millisecond)
	s.received(10, 3, 0)
	assert.InDelta(t, 0.010, float64(s.receive), 1e-9)
}

func TestTooMuchThatIsUnsettledStopsThePollers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newCapacity(1)
		for range s.maxUnsettled {
			s.fill(1)
			s.freed(-1)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		assert.Zero(t, s.take(ctx, 10))
		s.settled()
		assert.Equal(t, 1, s.take(t.Context(), 10))
	})
}

func TestAPollerThatStopsTakesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newCapacity(1)
	s.fill(1)
	cancel()
	assert.Zero(t, s.take(ctx, 10))
}

func TestWorkersRunWhatIsReadyInOrderAndOnlySoManyAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []time.Duration
		running, most := 0, 0
		w := &pool{most: 3}
		w.process = func(d *delivery) {
			mu.Lock()
			order = append(order, d.receivedAt.Sub(time.Time{}))
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
		}
		var want []time.Duration
		for i := range 12 {
			n := time.Duration(i)
			want = append(want, n)
			w.push(&delivery{receivedAt: time.Time{}.Add(n)})
			synctest.Wait()
		}
		w.wait()
		assert.Equal(t, want, order)
		assert.Equal(t, 3, most)
		assert.Zero(t, w.busy)
	})
}

func TestAWorkerWhoseHandlerEndsTheGoroutineIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &pool{most: 1}
		ran := 0
		w.process = func(*delivery) { ran++; runtime.Goexit() }
		w.push(&delivery{}, &delivery{}, &delivery{})
		synctest.Wait()
		w.wait()
		assert.Equal(t, 3, ran)
		assert.Zero(t, w.busy)
	})
}

func TestHelpersFetchABacklogAndLeaveAtItsEnd(t *testing.T) {
	assert.Zero(t, Helpers(1), "one poller means one receive at a time")
	assert.Equal(t, 18, Helpers(10))
	r := &receiver{helping: 1}
	assert.False(t, r.helperLeaves(9, evidence{atOnce: true, more: true}))
	assert.True(t, r.helperLeaves(9, evidence{atOnce: true}), "also after a failure")
	assert.Zero(t, r.helping)
}
