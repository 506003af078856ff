package redlock_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/redlock"
)

// contend has several processes do the work of names, again and again and each name at the same
// time, and returns how often each name was done.
func contend(t *testing.T, lockers []*redlock.Locker, names, rounds int, work func()) []int64 {
	holders, finished := make([]atomic.Int64, names), make([]atomic.Int64, names)
	var all sync.WaitGroup
	for _, l := range lockers {
		for range 4 {
			all.Go(func() {
				for i := range rounds {
					n := i % names
					lease, err := l.Acquire(t.Context(), fmt.Sprint(t.Name(), n))
					if err != nil {
						continue
					}
					assert.EqualValues(t, 1, holders[n].Add(1), "holders of one name")
					work()
					_ = lease.Extend(t.Context()) // a node may be down
					last := holders[n].Add(-1) == 0 && i >= rounds-names
					if last && lease.MarkDone(t.Context(), time.Hour) == nil {
						finished[n].Add(1)
						continue
					}
					_ = lease.Release(t.Context())
				}
			})
		}
	}
	all.Wait()
	counts := make([]int64, names)
	for i := range finished {
		counts[i] = finished[i].Load()
	}
	return counts
}

func TestOneHolderAtATimeWhileNodesComeAndGo(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		random := rand.New(rand.NewPCG(1, 2))
		lockers := []*redlock.Locker{b.Locker}
		for range 3 {
			lockers = append(lockers, b.another(t, redlock.Options{Expiry: expiry, Tries: 2}))
		}
		stop := make(chan struct{})
		var faults sync.WaitGroup
		faults.Go(func() { // one node at a time, which keeps its data
			for {
				n := b.nodes[random.IntN(len(b.nodes))]
				[]func(){n.Down, n.Hang, func() { n.SetLatency(limit / 3) }}[random.IntN(3)]()
				select {
				case <-time.After(time.Duration(random.IntN(3000)) * time.Millisecond):
				case <-stop:
					n.Up()
					return
				}
				n.Up()
				n.SetLatency(0)
			}
		})
		for _, done := range contend(t, lockers, 3, 300, func() { time.Sleep(20 * time.Millisecond) }) {
			assert.LessOrEqual(t, done, int64(1), "nothing is done twice")
		}
		close(stop)
		faults.Wait()
	})
}
