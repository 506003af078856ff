package locknode_test

import (
	"context"
	"testing"
	"time"

	"github.com/go-redsync/redsync/v4"
	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pools are a real Redis and the one in memory; each step of the scenario has to come out the same.
func pools(t *testing.T) map[string]redsyncredis.Pool {
	client := redis.NewClient(must(redis.ParseURL(testserver.Redis(t).URL())))
	t.Cleanup(func() { client.Close() })
	return map[string]redsyncredis.Pool{"redis": goredis.NewPool(client), "locknode": &locknode.Node{}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestANodeDoesWhatRedisDoes(t *testing.T) {
	for name, pool := range pools(t) {
		t.Run(name, func(t *testing.T) {
			conn, err := pool.Get(t.Context())
			require.NoError(t, err)
			defer conn.Close()
			ok := func(set bool, err error) bool { require.NoError(t, err); return set }
			value := func() string { return must(conn.Get("k")) }

			assert.Empty(t, value(), "an absent key is empty")
			assert.True(t, ok(conn.SetNX("k", "a", time.Minute)))
			assert.False(t, ok(conn.SetNX("k", "b", time.Minute)), "a key that is there is not set")
			assert.Equal(t, "a", value())
			assert.InDelta(t, time.Minute, must(conn.PTTL("k")), float64(time.Second))
			assert.Equal(t, time.Duration(-2), must(conn.PTTL("other")))
			assert.True(t, ok(conn.Set("k", "plain")))
			assert.Equal(t, time.Duration(-1), must(conn.PTTL("k")))
		})
		t.Run(name+" scripts", func(t *testing.T) {
			mutex := func(name, token string) *redsync.Mutex {
				return redsync.New(pool).NewMutex(name, redsync.WithTries(1), redsync.WithExpiry(time.Minute),
					redsync.WithSetNXOnExtend(), redsync.WithGenValueFunc(func() (string, error) { return token, nil }))
			}
			m, other := mutex("s", "mine"), mutex("s", "other")
			require.NoError(t, m.Lock())
			assert.Error(t, other.Lock())
			assert.True(t, must(m.Extend()))
			assert.True(t, must(m.Unlock()))
			_, err := m.Unlock()
			assert.ErrorIs(t, err, redsync.ErrLockAlreadyExpired)
			assert.True(t, must(m.Extend()), "a key that is gone is set again")
			assert.Error(t, other.Lock())

			l, err := redlock.New([]redlock.Node{{Name: "n", Pool: pool}}, redlock.Options{Expiry: time.Minute})
			require.NoError(t, err)
			lease, err := l.Acquire(context.Background(), "d")
			require.NoError(t, err)
			require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
			_, err = l.Acquire(t.Context(), "d")
			assert.ErrorIs(t, err, redlock.ErrDone)
			require.NoError(t, lease.MarkDone(t.Context(), time.Minute), "marking again is fine")
			require.NoError(t, l.Close())
		})
	}
}
