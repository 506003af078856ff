package redlock_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
)

const (
	foreign = "0d4bb5f2-25a9-4d4f-9c0b-5a4f8a6f5d0e" // a token as aioredlock makes them
	done    = redlock.DoneMark
)

// nodeSetup is what one node has or suffers when the lease is asked for.
type nodeSetup func(*locknode.Node)

func has(value string) nodeSetup {
	return func(n *locknode.Node) { n.SetValue(key, value, expiry) }
}

func empty(*locknode.Node)  {}
func down(n *locknode.Node) { n.Down() }
func hung(n *locknode.Node) { n.Hang() }

func TestAcquireTellsHeldDoneAndOutageApart(t *testing.T) {
	for name, c := range map[string]struct {
		nodes []nodeSetup
		want  error
		says  []string
	}{
		"free":                                  {[]nodeSetup{empty, empty, empty}, nil, nil},
		"free on a majority, the rest down":     {[]nodeSetup{empty, down, empty}, nil, nil},
		"free on a majority, the rest hung":     {[]nodeSetup{empty, empty, hung}, nil, nil},
		"free on a majority, the rest taken":    {[]nodeSetup{has(foreign), empty, empty}, nil, nil},
		"taken everywhere":                      {[]nodeSetup{has(foreign), has(foreign), has(foreign)}, redlock.ErrHeld, nil},
		"taken on a majority":                   {[]nodeSetup{has(foreign), has(foreign), empty}, redlock.ErrHeld, nil},
		"taken on a majority, the rest hung":    {[]nodeSetup{has(foreign), has(foreign), hung}, redlock.ErrHeld, nil},
		"no majority to be had":                 {[]nodeSetup{has(foreign), empty, down}, redlock.ErrHeld, nil},
		"two different holders":                 {[]nodeSetup{has(foreign), has("other"), empty}, redlock.ErrHeld, nil},
		"done everywhere":                       {[]nodeSetup{has(done), has(done), has(done)}, redlock.ErrDone, nil},
		"done on a majority":                    {[]nodeSetup{empty, has(done), has(done)}, redlock.ErrDone, nil},
		"done on a majority, the rest down":     {[]nodeSetup{down, has(done), has(done)}, redlock.ErrDone, nil},
		"done on one node, taken on the others": {[]nodeSetup{has(foreign), has(done), has(foreign)}, redlock.ErrDone, nil},
		"a majority down":                       {[]nodeSetup{down, empty, down}, redlock.ErrOutage, []string{"node0: connection refused", "node2: connection refused"}},
		"a majority hung":                       {[]nodeSetup{hung, hung, empty}, redlock.ErrOutage, []string{"node0: context deadline exceeded", "node1: context deadline exceeded"}},
		"down, hung and taken":                  {[]nodeSetup{down, hung, has(foreign)}, redlock.ErrOutage, []string{"node0: connection refused", "node1: context deadline exceeded"}},
		"one of two down":                       {[]nodeSetup{empty, down}, redlock.ErrOutage, []string{"node1: connection refused"}},
		"two of four down":                      {[]nodeSetup{empty, down, empty, down}, redlock.ErrOutage, []string{"node1: ", "node3: "}},
		"one of four down":                      {[]nodeSetup{empty, down, empty, empty}, nil, nil},
		"the only node down":                    {[]nodeSetup{down}, redlock.ErrOutage, []string{"node0: connection refused"}},
		"the only node taken":                   {[]nodeSetup{has(foreign)}, redlock.ErrHeld, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, len(c.nodes), func(t *testing.T, b *bubble) {
				for i, setUp := range c.nodes {
					setUp(b.nodes[i])
				}
				lease, err := b.Acquire(t.Context(), key)
				if c.want == nil {
					require.NoError(t, err)
					assert.Equal(t, key, lease.Name())
					return
				}
				assert.Nil(t, lease)
				assertOnly(t, err, c.want)
				assert.ErrorContains(t, err, "acquiring "+key)
				for _, text := range c.says {
					assert.ErrorContains(t, err, text)
				}
			})
		})
	}
}

// assertOnly asserts that err matches want and no other error of the package.
func assertOnly(t *testing.T, err, want error) {
	t.Helper()
	for _, other := range []error{redlock.ErrHeld, redlock.ErrDone, redlock.ErrOutage, redlock.ErrLost} {
		assert.Equal(t, other == want, errors.Is(err, other), "%v matches %v", err, other)
	}
}

func TestAFailedAcquireLeavesNothingBehind(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[0].SetValue(key, foreign, expiry)
		b.nodes[1].SetValue(key, foreign, expiry)
		_, err := b.Acquire(t.Context(), key)
		require.ErrorIs(t, err, redlock.ErrHeld)
		require.NoError(t, b.Close())
		assert.Equal(t, []string{foreign, foreign, ""}, b.values())
	})
}

func TestTheKeysAreReadOnlyWhenSomebodyHasThem(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.acquire(t)
		for _, n := range b.nodes {
			assert.Equal(t, 1, n.Commands(), "SET NX and no GET")
		}
	})
}

func TestAHolderInTheMannerOfAioredlockExcludesUntilItsKeyExpires(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		for _, n := range b.nodes {
			n.SetValue(key, foreign, 10*time.Second)
		}
		time.Sleep(10*time.Second - time.Millisecond)
		_, err := b.Acquire(t.Context(), key)
		require.ErrorIs(t, err, redlock.ErrHeld)
		time.Sleep(time.Millisecond)
		b.acquire(t)
	})
}

func TestAcquireTriesAsOftenAsItIsToldTo(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		patient := b.another(t, redlock.Options{Expiry: expiry, Tries: 3, RetryDelay: time.Second})
		lease := b.acquire(t)
		var err error
		assert.Equal(t, 2*time.Second, took(func() { _, err = patient.Acquire(t.Context(), key) }))
		require.ErrorIs(t, err, redlock.ErrHeld)
		go func() {
			time.Sleep(1500 * time.Millisecond)
			assert.NoError(t, lease.Release(t.Context()))
		}()
		_, err = patient.Acquire(t.Context(), key)
		require.NoError(t, err)
	})
}

func TestAContextThatEndsAtAnyPointIsNeitherHeldNorAnOutage(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		inBubble(t, 3, func(t *testing.T, b *bubble) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := b.Acquire(ctx, key)
			require.ErrorIs(t, err, context.Canceled)
			assertOnly(t, err, nil)
			assert.Zero(t, b.nodes[0].Commands())
		})
	})
	t.Run("while nodes hang", func(t *testing.T) {
		inBubble(t, 3, func(t *testing.T, b *bubble) {
			b.nodes[0].Hang()
			b.nodes[1].Hang()
			ctx, cancel := context.WithTimeout(t.Context(), limit/2)
			defer cancel()
			_, err := b.Acquire(ctx, key)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assertOnly(t, err, nil)
		})
	})
	t.Run("between attempts", func(t *testing.T) {
		inBubble(t, 3, func(t *testing.T, b *bubble) {
			b.acquire(t)
			patient := b.another(t, redlock.Options{Expiry: expiry, Tries: 100, RetryDelay: time.Second})
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(1500*time.Millisecond, cancel)
			_, err := patient.Acquire(ctx, key)
			require.ErrorIs(t, err, context.Canceled)
			assertOnly(t, err, nil)
		})
	})
}

func TestANodeThatHangsDoesNotDelayTheAnswerThatAMajorityGave(t *testing.T) {
	for name, value := range map[string]string{"held": foreign, "done": done} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, b *bubble) {
				b.nodes[0].SetValue(key, value, expiry)
				b.nodes[1].SetValue(key, value, expiry)
				b.nodes[2].Hang()
				var err error
				assert.Less(t, took(func() { _, err = b.Acquire(t.Context(), key) }), limit/10)
				require.Error(t, err)
			})
		})
	}
}

func TestTheLastNodeIsToldAlthoughAMajorityAnsweredAlready(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[2].SetLatency(100 * time.Millisecond)
		var lease *redlock.Lease
		assert.Zero(t, took(func() { lease = b.acquire(t) }), "it is not waited for")
		assert.Empty(t, b.nodes[2].Value(key))
		require.NoError(t, b.Close())
		assert.Equal(t, three(lease.Token()), b.values())

		b.nodes[0].Wipe() // restarts empty, a majority keeps its data
		_, err := b.another(t, redlock.Options{Expiry: expiry}).Acquire(t.Context(), key)
		assert.ErrorIs(t, err, redlock.ErrHeld)
	})
}

func TestAReleaseDoesNotOvertakeTheLock(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[2].SetLatency(100 * time.Millisecond)
		lease := b.acquire(t)
		b.nodes[2].SetLatency(0)
		assert.Zero(t, took(func() { require.NoError(t, lease.Release(t.Context())) }))
		require.NoError(t, b.Close())
		assert.Equal(t, three(""), b.values(), "no key stays that nobody owns")
	})
}

func TestCloseWaitsForTheCommandsThatNobodyWaitsFor(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[1].Hang()
		b.acquire(t)
		assert.Equal(t, limit, took(func() { require.NoError(t, b.Close()) }), "the node timeout")
		assert.Zero(t, took(func() { require.NoError(t, b.Close()) }), "a second time")
	})
}

// Whether a goroutine of redsync has begun when a majority has answered is up to the scheduler: it
// takes many attempts to see one that has not.
func TestCloseKnowsOfCommandsThatHaveNotBegun(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		for i := range 2000 {
			name := strconv.Itoa(i)
			lease, err := b.Acquire(t.Context(), name)
			require.NoError(t, err)
			require.NoError(t, b.Close())
			for _, n := range b.nodes {
				require.Equal(t, lease.Token(), n.Value(name))
			}
		}
	})
}

func TestTwoWhoWaitForTheLastCommandsBothReturn(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[1].Hang()
		b.acquire(t)
		go func() { assert.NoError(t, b.Close()) }()
		synctest.Wait()
		require.NoError(t, b.Close())
	})
}

func TestTheDefaultsAreThoseOfPython(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		l := b.another(t, redlock.Options{})
		lease, err := l.Acquire(t.Context(), key)
		require.NoError(t, err)
		assert.Equal(t, 9900*time.Millisecond, time.Until(lease.Until()), "10 s less redsync's allowance for clock drift")
		assert.Zero(t, took(func() { _, err = l.Acquire(t.Context(), key) }), "one attempt")
		assert.ErrorIs(t, err, redlock.ErrHeld)
	})
}
