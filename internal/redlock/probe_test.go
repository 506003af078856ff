package redlock_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestPingRefusesNodesThatRefuseWrites(t *testing.T) {
	for _, refusal := range locknode.Refusals {
		t.Run(string(refusal), func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, b *bubble) {
				b.nodes[0].RefuseWrites(refusal)
				require.NoError(t, b.Ping(t.Context()), "a majority accepts them")
				b.nodes[1].RefuseWrites(refusal)
				time.Sleep(3 * time.Second)
				err := b.Ping(t.Context())
				assertOnly(t, err, redlock.ErrOutage)
				assert.ErrorContains(t, err, "node0: "+string(refusal))
				assert.ErrorContains(t, err, "node1: "+string(refusal))
				b.nodes[1].RefuseWrites(nil)
				assert.NoError(t, b.Ping(t.Context()), "at once: a node that answers is not left alone")
			})
		})
	}
}

func TestAcquireOnNodesThatRefuseWritesIsAnOutage(t *testing.T) {
	refuses := func(n *locknode.Node) { n.RefuseWrites(locknode.Refusals[0]) }
	for name, c := range map[string]struct {
		nodes []nodeSetup
		want  error
	}{
		"all refuse":                    {[]nodeSetup{refuses, refuses, refuses}, redlock.ErrOutage},
		"two refuse, one grants":        {[]nodeSetup{refuses, refuses, empty}, redlock.ErrOutage},
		"two refuse, one is held":       {[]nodeSetup{refuses, has(foreign), refuses}, redlock.ErrOutage},
		"two refuse, one is done":       {[]nodeSetup{refuses, has(done), refuses}, redlock.ErrOutage},
		"one refuses, one is down":      {[]nodeSetup{refuses, empty, down}, redlock.ErrOutage},
		"one refuses, one hangs":        {[]nodeSetup{refuses, empty, hung}, redlock.ErrOutage},
		"one refuses, two grant":        {[]nodeSetup{refuses, empty, empty}, nil},
		"one refuses, two are held":     {[]nodeSetup{has(foreign), refuses, has(foreign)}, redlock.ErrHeld},
		"one refuses, one of each kind": {[]nodeSetup{refuses, has(foreign), empty}, redlock.ErrHeld},
		"one refuses, two are done":     {[]nodeSetup{refuses, has(done), has(done)}, redlock.ErrDone},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, len(c.nodes), func(t *testing.T, b *bubble) {
				for i, setUp := range c.nodes {
					setUp(b.nodes[i])
				}
				_, err := b.Acquire(t.Context(), key)
				assertOnly(t, err, c.want)
				if c.want == nil {
					return
				}
				require.NoError(t, b.Close())
				for _, value := range b.values() {
					assert.Contains(t, []string{"", foreign, done}, value, "what was granted is released")
				}
			})
		})
	}
}

func TestAWriteOfALockAnswersPingForThreeSeconds(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		asked := func() int {
			synctest.Wait()
			return b.nodes[0].Commands()
		}
		require.NoError(t, b.Ping(t.Context()))
		before := asked()
		assert.Equal(t, 4, before, "it is locked, read, extended and released")
		time.Sleep(2900 * time.Millisecond)
		require.NoError(t, b.Ping(t.Context()))
		assert.Equal(t, before, asked(), "the probe stands for it")

		lease := b.acquire(t)
		for range 5 {
			time.Sleep(2 * time.Second)
			require.NoError(t, lease.Extend(t.Context()))
			before = asked()
			require.NoError(t, b.Ping(t.Context()))
			assert.Equal(t, before, asked(), "the extension stands for it")
		}
		require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
		before = asked()
		time.Sleep(2900 * time.Millisecond)
		require.NoError(t, b.Ping(t.Context()))
		assert.Equal(t, before, asked(), "the mark stands for it")
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, b.Ping(t.Context()))
		assert.Equal(t, before+4, asked())
	})
}

func TestAFailedWriteIsOutweighedByALaterOneOfItsKindAlone(t *testing.T) {
	refusal := locknode.Refusals[0]
	for name, c := range map[string]struct {
		fail func(t *testing.T, b *bubble, held *redlock.Lease)
		mend func(t *testing.T, b *bubble, held *redlock.Lease) // what does not answer Ping
	}{
		"a lock": {
			func(t *testing.T, b *bubble, _ *redlock.Lease) {
				_, err := b.Acquire(t.Context(), "other")
				assertOnly(t, err, redlock.ErrOutage)
			},
			func(t *testing.T, _ *bubble, held *redlock.Lease) { require.NoError(t, held.Extend(t.Context())) },
		},
		"an extension": {
			func(t *testing.T, _ *bubble, held *redlock.Lease) {
				assertOnly(t, held.Extend(t.Context()), redlock.ErrOutage)
			},
			func(t *testing.T, b *bubble, _ *redlock.Lease) {
				_, err := b.Acquire(t.Context(), "other")
				require.NoError(t, err)
			},
		},
		"a mark": {
			func(t *testing.T, _ *bubble, held *redlock.Lease) {
				assertOnly(t, held.MarkDone(t.Context(), time.Minute), redlock.ErrOutage)
			},
			func(t *testing.T, _ *bubble, held *redlock.Lease) { require.NoError(t, held.Extend(t.Context())) },
		},
		"a release": {
			func(t *testing.T, _ *bubble, held *redlock.Lease) {
				assertOnly(t, held.Release(t.Context()), redlock.ErrOutage)
			},
			func(t *testing.T, b *bubble, _ *redlock.Lease) {
				_, err := b.Acquire(t.Context(), "other")
				require.NoError(t, err)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, b *bubble) {
				held := b.acquire(t)
				require.NoError(t, b.Ping(t.Context()))
				refuse := func(err error) {
					b.nodes[0].RefuseWrites(err)
					b.nodes[1].RefuseWrites(err)
				}
				refuse(refusal)
				c.fail(t, b, held)
				assertOnly(t, b.Ping(t.Context()), redlock.ErrOutage)
				refuse(nil)
				c.mend(t, b, held)
				synctest.Wait()
				before := b.nodes[2].Commands()
				assert.NoError(t, b.Ping(t.Context()))
				synctest.Wait()
				assert.Equal(t, before+4, b.nodes[2].Commands(), "it is asked for")
			})
		})
	}
}

func TestPingsAtTheSameTimeShareAProbe(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		for _, n := range b.nodes {
			n.SetLatency(limit / 5)
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { assert.NoError(t, b.Ping(t.Context())) })
		}
		all.Wait()
		require.NoError(t, b.Close())
		assert.Equal(t, 4, b.nodes[0].Commands())
	})
}

// A failure that came while a probe was under way is not outweighed by it: the probe may be older.
func TestAProbeThatIsOlderThanAFailureDoesNotAnswerPing(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		for _, n := range b.nodes {
			n.SetLatency(limit / 2)
		}
		outcome := make(chan error)
		go func() { outcome <- b.Ping(t.Context()) }()
		time.Sleep(15 * limit / 8) // the answer to its release is on its way back
		for _, n := range b.nodes {
			n.SetLatency(0)
		}
		b.nodes[0].Down()
		b.nodes[1].Down()
		_, err := b.Acquire(t.Context(), key)
		assertOnly(t, err, redlock.ErrOutage)
		assertOnly(t, <-outcome, redlock.ErrOutage)
	})
}

func TestAProbeLeavesNoKeyAndTakesNoKeyOfAMessage(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[2].SetLatency(limit / 2)
		keys := make(map[string]bool)
		for range 3 {
			b.nodes[0].Hang()
			ctx, cancel := context.WithTimeout(t.Context(), limit/4)
			_ = b.Ping(ctx)
			cancel()
			for key, value := range b.nodes[1].Keys() {
				assert.True(t, strings.HasPrefix(key, "sqs:event:iniesta:probe:"), key)
				assert.NotEqual(t, done, value)
				assert.False(t, keys[key], "each probe has a key of its own")
				keys[key] = true
			}
			b.nodes[0].Up()
			require.NoError(t, b.Close())
			time.Sleep(4 * time.Second)
		}
		assert.NotEmpty(t, keys)
		for _, n := range b.nodes {
			assert.Empty(t, n.Keys())
		}
	})
}

func TestPingRefusesSeveralNamesOfOneNode(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, b *bubble) {
		one := b.nodes[0]
		b.nodes = append(b.nodes, one, one)
		l := b.another(t, redlock.Options{Expiry: expiry})
		err := l.Ping(t.Context())
		assertOnly(t, err, redlock.ErrOutage)
		assert.ErrorContains(t, err, "one database")
	})
}
