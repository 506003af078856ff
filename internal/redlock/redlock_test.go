package redlock_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
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

// simulated is a locker over three nodes in memory.
func simulated(t *testing.T, o redlock.Options) (*redlock.Locker, []*locknode.Node) {
	t.Helper()
	nodes := []*locknode.Node{{}, {}, {}}
	var named []redlock.Node
	for i, n := range nodes {
		named = append(named, redlock.Node{Name: "node" + strconv.Itoa(i), Pool: n})
	}
	l, err := redlock.New(named, o)
	require.NoError(t, err)
	return l, nodes
}

// realLocker is a locker over three redis-server processes.
func realLocker(t testing.TB, o redlock.Options) (*redlock.Locker, []*testserver.RedisNode) {
	t.Helper()
	servers := testserver.RedisNodes(t, 3)
	clients, nodes, err := redlock.Open(testserver.URLs(servers), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	l, err := redlock.New(nodes, o)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, l.Close())
		for _, c := range clients {
			c.Close()
		}
	})
	return l, servers
}

func values(nodes []*locknode.Node, key string) (values []string) {
	for _, n := range nodes {
		values = append(values, n.Value(key))
	}
	return values
}

func TestALeaseIsHeldUntilItIsReleased(t *testing.T) {
	l, _ := realLocker(t, redlock.Options{})
	lease, err := l.Acquire(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "k", lease.Name())
	assert.WithinDuration(t, time.Now().Add(10*time.Second), lease.Until(), 500*time.Millisecond)
	_, err = l.Acquire(t.Context(), "k")
	assert.ErrorIs(t, err, redlock.ErrHeld)
	require.NoError(t, lease.Extend(t.Context()))
	require.NoError(t, lease.Release(t.Context()))
	lease, err = l.Acquire(t.Context(), "k")
	require.NoError(t, err)
	require.NoError(t, lease.Release(t.Context()))
	assert.NoError(t, lease.Release(t.Context()), "again")
}

func TestADoneMarkStandsForItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
		synctest.Wait() // for the last node
		assert.Equal(t, []string{redlock.DoneMark, redlock.DoneMark, redlock.DoneMark}, values(nodes, "k"))
		_, err = l.Acquire(t.Context(), "k")
		assert.ErrorIs(t, err, redlock.ErrDone)
		time.Sleep(61 * time.Second)
		_, err = l.Acquire(t.Context(), "k")
		assert.NoError(t, err)
		l.Close()
	})
}

func TestTheMarkIsOneCommandForEachNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
		synctest.Wait() // for the last node
		for _, n := range nodes {
			assert.Equal(t, 2, n.Commands(), "one to lock and one to mark")
		}
	})
}

func TestTheMarkDoesNotTouchAnotherHoldersKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		l.Close()
		for _, n := range nodes {
			n.SetValue("k", "another", time.Minute)
		}
		assert.ErrorIs(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrLost)
		assert.NoError(t, lease.Release(t.Context()), "it is given up already")
		l.Close()
		assert.Equal(t, []string{"another", "another", "another"}, values(nodes, "k"))
	})
}

func TestOneNodesMarkIsEnoughToKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		nodes[0].SetValue("k", redlock.DoneMark, time.Minute)
		nodes[1].SetValue("k", "a token", time.Minute)
		_, err := l.Acquire(t.Context(), "k")
		assert.ErrorIs(t, err, redlock.ErrDone)
		l.Close()
	})
}

func TestALockOfAioredlockExcludesUs(t *testing.T) {
	l, servers := realLocker(t, redlock.Options{})
	for _, s := range servers {
		o, err := redis.ParseURL(s.URL())
		require.NoError(t, err)
		c := redis.NewClient(o)
		require.NoError(t, c.Do(t.Context(), "SET", "k", "0e3cf7ee-6fd6-4a6c-8eb5-b8c8ac53e2ef", "PX", 400).Err())
		c.Close()
	}
	_, err := l.Acquire(t.Context(), "k")
	assert.ErrorIs(t, err, redlock.ErrHeld)
	require.Eventually(t, func() bool { _, err := l.Acquire(t.Context(), "k"); return err == nil }, 5*time.Second, 20*time.Millisecond)
}

func TestContentionAndOutageAreToldApart(t *testing.T) {
	tests := []struct {
		name string
		set  func(n []*locknode.Node)
		want error
	}{
		{"two have another token", func(n []*locknode.Node) { n[0].SetValue("k", "x", time.Hour); n[1].SetValue("k", "x", time.Hour) }, redlock.ErrHeld},
		{"one down, one taken", func(n []*locknode.Node) { n[0].Down(); n[1].SetValue("k", "x", time.Hour) }, redlock.ErrHeld},
		{"two down", func(n []*locknode.Node) { n[0].Down(); n[1].Down() }, redlock.ErrOutage},
		{"two down, one taken", func(n []*locknode.Node) { n[0].Down(); n[1].Down(); n[2].SetValue("k", "x", time.Hour) }, redlock.ErrOutage},
		{"one down, one hung", func(n []*locknode.Node) { n[0].Down(); n[1].Hang() }, redlock.ErrOutage},
		{"one down", func(n []*locknode.Node) { n[0].Down() }, nil},
		{"one hung", func(n []*locknode.Node) { n[2].Hang() }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, nodes := simulated(t, redlock.Options{})
				tt.set(nodes)
				lease, err := l.Acquire(t.Context(), "k")
				assert.ErrorIs(t, err, tt.want)
				for _, other := range []error{redlock.ErrHeld, redlock.ErrOutage} {
					if other != tt.want {
						assert.NotErrorIs(t, err, other)
					}
				}
				if tt.want == nil {
					assert.NoError(t, lease.Extend(t.Context()))
					assert.NoError(t, lease.MarkDone(t.Context(), time.Minute))
				}
				if tt.want == redlock.ErrOutage {
					assert.ErrorContains(t, err, "node0: connection refused")
					assert.ErrorIs(t, l.Ping(t.Context()), redlock.ErrOutage)
				} else {
					assert.NoError(t, l.Ping(t.Context()))
				}
				l.Close()
			})
		})
	}
}

func TestTheEndOfTheContextIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		nodes[0].Hang()
		nodes[1].Hang()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := l.Acquire(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotErrorIs(t, err, redlock.ErrOutage)
		_, err = l.Acquire(ctx, "k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		nodes[0].Up()
		nodes[1].Up()
		l.Close()
	})
}

func TestTheLastNodeIsToldAlthoughAMajorityHasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		nodes[2].SetLatency(50 * time.Millisecond)
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		assert.Empty(t, nodes[2].Value("k"), "the answer of the others was enough")
		time.Sleep(60 * time.Millisecond)
		assert.Equal(t, lease.Token(), nodes[2].Value("k"), "and yet it was not cut off")
		l.Close()
	})
}

func TestALeaseIsLostByTheClockAndByAnotherToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{Expiry: 10 * time.Second})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		time.Sleep(9 * time.Second)
		require.NoError(t, lease.Extend(t.Context()))
		time.Sleep(11 * time.Second)
		err = lease.Extend(t.Context())
		assert.ErrorIs(t, err, redlock.ErrLost)
		assert.Equal(t, []string{"", "", ""}, values(nodes, "k"), "a lease that ended is not revived")

		lease, err = l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		l.Close()
		nodes[0].SetValue("k", "another", time.Hour)
		assert.NoError(t, lease.Extend(t.Context()), "a majority is still ours")
		nodes[1].SetValue("k", "another", time.Hour)
		assert.ErrorIs(t, lease.Extend(t.Context()), redlock.ErrLost)
		l.Close()
	})
}

func TestAnExtensionThatIsConfirmedTooLateIsALoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{Expiry: 10 * time.Second, NodeTimeout: 5 * time.Second})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		l.Close()
		time.Sleep(9 * time.Second)
		for _, n := range nodes {
			n.SetLatency(2 * time.Second)
		}
		assert.ErrorIs(t, lease.Extend(t.Context()), redlock.ErrLost, "somebody may have had it in between")
		l.Close()
	})
}

func TestAnExtensionDuringAnOutageMayBeTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		l.Close()
		nodes[0].Down()
		nodes[1].Down()
		assert.ErrorIs(t, lease.Extend(t.Context()), redlock.ErrOutage)
		nodes[0].Up()
		time.Sleep(time.Second)
		assert.NoError(t, lease.Extend(t.Context()))
		nodes[0].Down()
		assert.ErrorIs(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrOutage)
		assert.ErrorIs(t, lease.Release(t.Context()), redlock.ErrOutage)
		l.Close()
	})
}

func TestANodeThatFailsIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counting := &countingNode{Node: &locknode.Node{}}
		counting.Down()
		l, err := redlock.New([]redlock.Node{{Name: "a", Pool: counting}, {Name: "b", Pool: &locknode.Node{}}, {Name: "c", Pool: &locknode.Node{}}}, redlock.Options{})
		require.NoError(t, err)
		for i := range 1000 {
			lease, err := l.Acquire(t.Context(), strconv.Itoa(i))
			require.NoError(t, err)
			require.NoError(t, lease.Release(t.Context()))
			time.Sleep(10 * time.Millisecond)
		}
		l.Close()
		assert.LessOrEqual(t, counting.asked.Load(), int64(14), "three failures, then one a second for ten seconds")
		counting.Up()
		time.Sleep(time.Second)
		_, err = l.Acquire(t.Context(), "again")
		require.NoError(t, err)
		l.Close()
		assert.NotEmpty(t, counting.Value("again"), "it is back")
	})
}

// countingNode counts how often it is asked, also while it is down.
type countingNode struct {
	*locknode.Node
	asked atomic.Int64
}

func (n *countingNode) Get(ctx context.Context) (redsyncredis.Conn, error) {
	n.asked.Add(1)
	return n.Node.Get(ctx)
}

func TestNeverTwoHoldersOfOneName(t *testing.T) {
	l, _ := realLocker(t, redlock.Options{Tries: 3, RetryDelay: time.Millisecond})
	var holders, most, acquired atomic.Int64
	var contenders sync.WaitGroup
	for range 16 {
		contenders.Go(func() {
			for range 30 {
				lease, err := l.Acquire(context.Background(), "k")
				if errors.Is(err, redlock.ErrHeld) {
					continue
				}
				if !assert.NoError(t, err) {
					return
				}
				acquired.Add(1)
				if n := holders.Add(1); n > most.Load() {
					most.Store(n)
				}
				assert.NoError(t, lease.Extend(context.Background()))
				holders.Add(-1)
				assert.NoError(t, lease.Release(context.Background()))
			}
		})
	}
	contenders.Wait()
	assert.EqualValues(t, 1, most.Load())
	assert.Positive(t, acquired.Load())
}

// redsync: a node that hangs costs its whole timeout, for each message.
func TestOneNodeThatIsKilledOrHangsCostsNoTimeout(t *testing.T) {
	for name, breakNode := range map[string]func(*testserver.RedisNode){
		"killed": (*testserver.RedisNode).Kill, "hung": (*testserver.RedisNode).Pause,
	} {
		t.Run(name, func(t *testing.T) {
			const nodeTimeout = 2 * time.Second
			l, servers := realLocker(t, redlock.Options{NodeTimeout: nodeTimeout})
			lease, err := l.Acquire(t.Context(), "warm")
			require.NoError(t, err)
			require.NoError(t, lease.Release(t.Context()))
			breakNode(servers[1])
			began := time.Now()
			for i := range 5 {
				lease, err := l.Acquire(t.Context(), strconv.Itoa(i))
				require.NoError(t, err)
				require.NoError(t, lease.Extend(t.Context()))
				require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
			}
			assert.Less(t, time.Since(began), nodeTimeout/2)
			assert.NoError(t, l.Ping(t.Context()))
		})
	}
}

func TestANodeThatRestartedEmptyIsHealedByAnExtension(t *testing.T) {
	l, servers := realLocker(t, redlock.Options{})
	lease, err := l.Acquire(t.Context(), "k")
	require.NoError(t, err)
	servers[0].Restart()
	o, err := redis.ParseURL(servers[0].URL())
	require.NoError(t, err)
	c := redis.NewClient(o)
	defer c.Close()
	require.Eventually(t, func() bool {
		assert.NoError(t, lease.Extend(t.Context()))
		return c.Get(t.Context(), "k").Val() == lease.Token()
	}, 5*time.Second, 50*time.Millisecond)
}

func TestPasswordsAreNotInErrors(t *testing.T) {
	for _, url := range []string{"http://u:hunter2@h", "redis://u:hunter2@h:x", "redis://u:hunter2@h:1/db"} {
		_, _, err := redlock.Open([]string{url}, slog.New(slog.DiscardHandler))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "hunter2")
	}
	clients, nodes, err := redlock.Open([]string{"redis://u:hunter2@127.0.0.1:1/0"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer clients[0].Close()
	l, err := redlock.New(nodes, redlock.Options{})
	require.NoError(t, err)
	_, err = l.Acquire(t.Context(), "k")
	assert.ErrorIs(t, err, redlock.ErrOutage)
	assert.ErrorContains(t, err, "127.0.0.1:1/0: ")
	assert.NotContains(t, err.Error(), "hunter2")
	l.Close()
	ring := redis.NewRing(&redis.RingOptions{})
	defer ring.Close()
	assert.Equal(t, "lock node 1", redlock.NodesOf(ring)[0].Name)
}

func TestALockerNeedsNodes(t *testing.T) {
	_, err := redlock.New(nil, redlock.Options{})
	assert.EqualError(t, err, "opening the lock: there are no lock nodes: set INIESTA_CACHES")
}

func TestTokensAreRedsyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, nodes := simulated(t, redlock.Options{})
		lease, err := l.Acquire(t.Context(), "k")
		require.NoError(t, err)
		synctest.Wait() // for the last node
		assert.Equal(t, []string{lease.Token(), lease.Token(), lease.Token()}, values(nodes, "k"))
		assert.NotEqual(t, redlock.DoneMark, lease.Token())
	})
}

func BenchmarkAcquireAndMarkDone(b *testing.B) {
	l, _ := realLocker(b, redlock.Options{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		lease, err := l.Acquire(context.Background(), "k"+strconv.Itoa(i))
		if err != nil {
			b.Fatal(err)
		}
		if err := lease.MarkDone(context.Background(), time.Minute); err != nil {
			b.Fatal(err)
		}
	}
}

// Messages are locked side by side: what they share is measured here.
func BenchmarkAHundredAcquireAndMarkDone(b *testing.B) {
	l, _ := realLocker(b, redlock.Options{})
	b.ReportAllocs()
	b.SetParallelism(50)
	var n atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			lease, err := l.Acquire(context.Background(), "k"+strconv.FormatInt(n.Add(1), 10))
			if err != nil {
				b.Error(err)
				return
			}
			if err := lease.MarkDone(context.Background(), time.Minute); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// The alternatives: redsync's own lock and release over go-redis as it comes, and over its client that
// pipelines by itself.
func BenchmarkAHundredByRedsyncAlone(b *testing.B) {
	for name, wrap := range map[string]func(*redis.Client) (redis.UniversalClient, error){
		"as it comes":     func(c *redis.Client) (redis.UniversalClient, error) { return c, nil },
		"auto-pipelining": func(c *redis.Client) (redis.UniversalClient, error) { return c.AutoPipeline() },
	} {
		b.Run(name, func(b *testing.B) {
			var pools []redsyncredis.Pool
			for _, server := range testserver.RedisNodes(b, 3) {
				o, err := redis.ParseURL(server.URL())
				require.NoError(b, err)
				client := redis.NewClient(o)
				b.Cleanup(func() { _ = client.Close() })
				wrapped, err := wrap(client)
				require.NoError(b, err)
				pools = append(pools, goredis.NewPool(wrapped))
			}
			locks := redsync.New(pools...)
			b.ReportAllocs()
			b.SetParallelism(50)
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					mutex := locks.NewMutex("k"+strconv.FormatInt(n.Add(1), 10), redsync.WithTries(1), redsync.WithFailFast(true))
					if err := mutex.LockContext(context.Background()); err != nil {
						b.Error(err)
						return
					}
					if _, err := mutex.UnlockContext(context.Background()); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}
