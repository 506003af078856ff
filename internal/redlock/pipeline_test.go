package redlock_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
)

// counter reads one number of a server's statistics.
func counter(t *testing.T, c redis.UniversalClient, name string) (n int) {
	t.Helper()
	for line := range strings.Lines(c.Info(t.Context(), "stats").Val()) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			_, err := fmt.Sscan(value, &n)
			require.NoError(t, err)
		}
	}
	return n
}

func TestLeasesAskedForTogetherShareRoundTrips(t *testing.T) {
	s := onServers(t, redlock.Options{Expiry: expiry})
	const leases = 500
	before := counter(t, s.clients[0], "total_reads_processed")
	var all sync.WaitGroup
	for i := range leases {
		all.Go(func() {
			lease, err := s.Acquire(t.Context(), fmt.Sprint(i))
			assert.NoError(t, err)
			assert.NoError(t, lease.MarkDone(t.Context(), time.Minute))
		})
	}
	all.Wait()
	require.NoError(t, s.Close())
	trips := counter(t, s.clients[0], "total_reads_processed") - before
	assert.Less(t, trips, 2*leases/3, "of %d commands", 2*leases)
	for i := range leases {
		for _, c := range s.clients {
			require.Equal(t, done, c.Get(t.Context(), fmt.Sprint(i)).Val())
		}
	}
}

func TestTheMarkOfAFreshLeaseIsAPlainSet(t *testing.T) {
	s := onServers(t, redlock.Options{Expiry: expiry})
	for _, c := range s.clients {
		require.NoError(t, c.ConfigResetStat(t.Context()).Err())
	}
	lease, err := s.Acquire(t.Context(), key)
	require.NoError(t, err)
	require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
	assert.Equal(t, three(done), s.values(t))
	for _, c := range s.clients {
		stats := c.Info(t.Context(), "commandstats").Val()
		assert.Contains(t, stats, "cmdstat_set:calls=2,", "the lock and the mark")
		assert.NotContains(t, stats, "cmdstat_eval", "which takes several commands")
	}
}

// A lease that was extended, or may have ended, may have lost a key to somebody else.
func TestTheMarkOfADoubtfulLeaseSparesAnotherHolder(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration // of a command
		doubt   func(*redlock.Lease)
	}{
		"extended":                               {time.Second, func(l *redlock.Lease) { _ = l.Extend(context.Background()) }},
		"it ends before a command's time is out": {time.Minute, func(*redlock.Lease) {}},
	} {
		t.Run(name, func(t *testing.T) {
			s := onServers(t, redlock.Options{Expiry: 30 * time.Second, NodeTimeout: c.timeout})
			lease, err := s.Acquire(t.Context(), key)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			c.doubt(lease)
			for _, c := range s.clients {
				require.NoError(t, c.Set(t.Context(), key, foreign, time.Minute).Err())
			}
			assertOnly(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrLost)
			assert.Equal(t, three(foreign), s.values(t))
		})
	}
}

// The mark of a fresh lease is a plain SET, the second attempt must not be: a node may have another holder since.
func TestASecondAttemptAtAMarkSparesAnotherHolder(t *testing.T) {
	s := onServers(t, redlock.Options{Expiry: time.Minute})
	lease, err := s.Acquire(t.Context(), key)
	require.NoError(t, err)
	limit := func(memory string) {
		for _, c := range s.clients[:2] {
			require.NoError(t, c.ConfigSet(t.Context(), "maxmemory", memory).Err())
		}
	}
	limit("1")
	assertOnly(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrOutage)
	require.NoError(t, s.Close())
	limit("0")
	for _, c := range s.clients[:2] {
		require.NoError(t, c.Set(t.Context(), key, foreign, time.Minute).Err())
	}
	assertOnly(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrLost)
	assert.Equal(t, []string{foreign, foreign, done}, s.values(t))
}

// What waits behind a round trip to a server that hangs does not wait for another one.
func TestAServerThatHangsCostsOneTimeoutHoweverManyWait(t *testing.T) {
	const timeout = 300 * time.Millisecond
	s := onServers(t, redlock.Options{Expiry: expiry, NodeTimeout: timeout})
	path(t, s.Locker, "warm")
	s.nodes[0].Pause()
	s.nodes[1].Pause()
	defer s.nodes[0].Resume()
	defer s.nodes[1].Resume()
	began := time.Now()
	var all sync.WaitGroup
	for i := range 50 {
		time.Sleep(timeout / 100) // most come while the first round trip is under way
		all.Go(func() {
			_, err := s.Acquire(t.Context(), fmt.Sprint("k", i))
			assertOnly(t, err, redlock.ErrOutage)
		})
	}
	all.Wait()
	assert.Less(t, time.Since(began), 10*timeout, "one for the locks and one for taking them back, not one for each")
}

func TestAMarkThatNobodyWaitsForTellsHowItWent(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(b *bubble)
		want error
	}{
		"all up":   {func(*bubble) {}, nil},
		"one down": {func(b *bubble) { b.nodes[1].Down() }, nil},
		"one hung": {func(b *bubble) { b.nodes[2].Hang() }, nil},
		"two down": {func(b *bubble) { b.nodes[0].Down(); b.nodes[1].Down() }, redlock.ErrOutage},
		"two have another holder's": {func(b *bubble) {
			b.nodes[0].SetValue(key, foreign, time.Hour)
			b.nodes[1].SetValue(key, foreign, time.Hour)
		}, redlock.ErrLost},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, b *bubble) {
				lease := b.acquire(t)
				c.set(b)
				outcome := make(chan error, 2) // it is called once
				lease.MarkDoneThen(time.Hour, func(err error) { outcome <- err })
				assertOnly(t, <-outcome, c.want)
				if c.want != nil {
					assert.Error(t, lease.Extend(t.Context()))
				}
				require.NoError(t, b.Close())
				assert.Empty(t, outcome)
			})
		})
	}
}

// The answers to a first attempt that hung may come while the second is under way.
func TestASecondMarkDoesNotTakeTheAnswersOfTheFirst(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[0].Down()
		b.nodes[1].Down()
		b.nodes[2].SetLatency(limit / 2)
		assertOnly(t, lease.MarkDone(t.Context(), time.Hour), redlock.ErrOutage)
		b.nodes[2].Hang()
		assertOnly(t, lease.MarkDone(t.Context(), time.Hour), redlock.ErrOutage)
		b.nodes[0].Up()
		b.nodes[1].Up()
		time.Sleep(2 * time.Second) // they are asked again
		require.NoError(t, lease.MarkDone(t.Context(), time.Hour))
		b.nodes[2].Up()
		synctest.Wait()
		assert.Equal(t, []string{done, done}, b.values()[:2])
	})
}
