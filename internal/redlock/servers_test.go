package redlock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

// path is what the execution path asks of the lock for one message that succeeds.
func path(t testing.TB, l *redlock.Locker, name string) {
	t.Helper()
	lease, err := l.Acquire(t.Context(), name)
	require.NoError(t, err)
	require.NoError(t, lease.Extend(t.Context()))
	require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
}

func TestAMajorityOfBrokenServersIsAnOutageThatEndsByItself(t *testing.T) {
	for name, c := range map[string]struct{ breakServer, mend func(*testserver.RedisNode) }{
		"hung":   {(*testserver.RedisNode).Pause, (*testserver.RedisNode).Resume},
		"killed": {(*testserver.RedisNode).Kill, (*testserver.RedisNode).Restart},
	} {
		t.Run(name, func(t *testing.T) {
			s := onServers(t, redlock.Options{Expiry: expiry, NodeTimeout: 200 * time.Millisecond})
			path(t, s.Locker, "before")
			c.breakServer(s.nodes[0])
			c.breakServer(s.nodes[2])
			_, err := s.Acquire(t.Context(), key)
			assertOnly(t, err, redlock.ErrOutage)
			assert.ErrorContains(t, err, s.names[0]+": ")
			assert.ErrorContains(t, err, s.names[2]+": ")
			assert.NotContains(t, err.Error(), s.names[1])
			assertOnly(t, s.Ping(t.Context()), redlock.ErrOutage)
			c.mend(s.nodes[0])
			c.mend(s.nodes[2])
			require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
			path(t, s.Locker, "after")
		})
	}
}

func TestServersHaveATokenThenAMarkThenNothing(t *testing.T) {
	s := onServers(t, redlock.Options{Expiry: expiry})
	lease, err := s.Acquire(t.Context(), key)
	require.NoError(t, err)
	assert.Equal(t, three(lease.Token()), s.values(t), "also the node that was not waited for")
	assert.InDelta(t, expiry, s.clients[0].PTTL(t.Context(), key).Val(), float64(time.Second))
	require.NoError(t, lease.MarkDone(t.Context(), time.Hour))
	assert.Equal(t, three(done), s.values(t))
	assert.InDelta(t, time.Hour, s.clients[0].PTTL(t.Context(), key).Val(), float64(time.Second))

	other, err := s.Acquire(t.Context(), "other")
	require.NoError(t, err)
	require.NoError(t, other.Release(t.Context()))
	require.NoError(t, s.Close())
	assert.Zero(t, s.clients[2].Exists(t.Context(), "other").Val())
}

// Each command to a server is one round trip; the first use of a script costs one more.
func TestThePathIsOneRoundTripForEachStep(t *testing.T) {
	s := onServers(t, redlock.Options{Expiry: expiry})
	path(t, s.Locker, "first")
	require.NoError(t, s.Close())
	for _, c := range s.clients {
		require.NoError(t, c.ConfigResetStat(t.Context()).Err())
	}
	path(t, s.Locker, "second")
	require.NoError(t, s.Close())
	for _, c := range s.clients {
		stats := c.Info(t.Context(), "commandstats").Val()
		assert.Contains(t, stats, "cmdstat_evalsha:calls=2,", "an extension and a mark")
		assert.NotContains(t, stats, "cmdstat_eval:")
	}
}
