package redlock_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestExtendMovesTheEndOfTheLease(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		for range 10 {
			time.Sleep(expiry / 2)
			require.NoError(t, lease.Extend(t.Context()))
			assert.Equal(t, expiry*99/100, time.Until(lease.Until()))
		}
		synctest.Wait()
		assert.Equal(t, three(lease.Token()), b.values())
	})
}

func TestExtendHealsANodeThatRestartedEmpty(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[1].Wipe()
		require.NoError(t, lease.Extend(t.Context()))
		synctest.Wait()
		assert.Equal(t, three(lease.Token()), b.values())
	})
}

func TestALeaseIsLostWhenAMajorityHasAnotherValue(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[0].SetValue(key, foreign, expiry)
		b.nodes[2].SetValue(key, foreign, expiry)
		err := lease.Extend(t.Context())
		assertOnly(t, err, redlock.ErrLost)
		assert.ErrorContains(t, err, "extending "+key)
		assert.ErrorContains(t, err, "node0: it has another value")
		assertOnly(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrLost)
		assert.NoError(t, lease.Release(t.Context()), "there is nothing left to give up")
		synctest.Wait()
		assert.Equal(t, []string{foreign, "", foreign}, []string{b.nodes[0].Value(key), "", b.nodes[2].Value(key)})
	})
}

func TestALeaseThatEndedIsLostAlthoughItsKeysCouldBeSetAgain(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		time.Sleep(time.Until(lease.Until()))
		err := lease.Extend(t.Context())
		assertOnly(t, err, redlock.ErrLost)
		assert.ErrorContains(t, err, "it has ended")
		time.Sleep(expiry)
		assertOnly(t, lease.Extend(t.Context()), redlock.ErrLost)
		assert.Equal(t, three(""), b.values(), "the keys were not set again")
	})
}

func TestAnExtensionConfirmedAfterTheEndIsALoss(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		time.Sleep(time.Until(lease.Until()) - limit/5)
		for _, n := range b.nodes {
			n.SetLatency(limit / 2)
		}
		err := lease.Extend(t.Context())
		assertOnly(t, err, redlock.ErrLost)
		assert.ErrorContains(t, err, "before its extension was confirmed")
		require.NoError(t, lease.Release(t.Context()))
		require.NoError(t, b.Close())
		assert.Equal(t, three(""), b.values(), "what the late extension set is taken away")
	})
}

func TestAnOutageIsNoLossWhileTheLeaseLasts(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		end := lease.Until()
		b.nodes[0].Down()
		b.nodes[1].Hang()
		err := lease.Extend(t.Context())
		assertOnly(t, err, redlock.ErrOutage)
		assert.ErrorContains(t, err, "node0: connection refused")
		assert.ErrorContains(t, err, "node1: context deadline exceeded")
		assert.Equal(t, end, lease.Until())
		b.nodes[0].Up()
		require.NoError(t, lease.Extend(t.Context()))
		assert.True(t, lease.Until().After(end))
		b.nodes[1].Up()
	})
}

func TestOneOfTwoNodesDownIsAnOutageAndNoLoss(t *testing.T) {
	inBubble(t, 2, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[1].Down()
		assertOnly(t, lease.Extend(t.Context()), redlock.ErrOutage)
		assertOnly(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrOutage)
		assertOnly(t, lease.Release(t.Context()), redlock.ErrOutage)
		assertOnly(t, b.Ping(t.Context()), redlock.ErrOutage)
	})
}

// A node that restarted empty has for a moment the token of somebody who tries to acquire and cannot.
func TestOneNodeWithAnotherValueAndOneDownIsNoLossYet(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[0].SetValue(key, foreign, time.Second)
		b.nodes[1].Down()
		err := lease.Extend(t.Context())
		assertOnly(t, err, nil)
		assert.ErrorContains(t, err, "node0: it has another value")
		assert.ErrorContains(t, err, "node1: connection refused")
		assertOnly(t, lease.MarkDone(t.Context(), time.Minute), nil)
		time.Sleep(time.Second)
		b.nodes[1].Up()
		assert.NoError(t, lease.MarkDone(t.Context(), time.Minute))
	})
}

func TestTheEndOfTheContextIsNoLoss(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[0].Hang()
		b.nodes[1].Hang()
		ctx, cancel := context.WithTimeout(t.Context(), limit/2)
		defer cancel()
		for name, call := range map[string]func() error{
			"extend": func() error { return lease.Extend(ctx) },
			"mark":   func() error { return lease.MarkDone(ctx, time.Minute) },
		} {
			err := call()
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
			assertOnly(t, err, nil)
		}
	})
}

func TestMarkDoneKeepsTheHandlerFromRunningForTheWindow(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		require.NoError(t, lease.MarkDone(t.Context(), time.Hour))
		synctest.Wait()
		assert.Equal(t, three(done), b.values())
		for _, n := range b.nodes {
			assert.Equal(t, 2, n.Commands(), "SET NX and one round trip")
		}
		time.Sleep(time.Hour - time.Millisecond)
		_, err := b.Acquire(t.Context(), key)
		assertOnly(t, err, redlock.ErrDone)
		time.Sleep(time.Millisecond)
		b.acquire(t)
	})
}

func TestNothingUndoesADoneMark(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		require.NoError(t, lease.MarkDone(t.Context(), time.Hour))
		synctest.Wait()
		assertOnly(t, lease.Extend(t.Context()), redlock.ErrLost)
		assert.NoError(t, lease.Release(t.Context()))
		assert.NoError(t, lease.MarkDone(t.Context(), time.Hour), "again")
		require.NoError(t, b.Close())
		assert.Equal(t, three(done), b.values())
	})
}

func TestMarkDoneMarksALeaseThatEndedAndThatNobodyTook(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		time.Sleep(2 * expiry)
		require.NoError(t, lease.MarkDone(t.Context(), time.Hour))
		synctest.Wait()
		assert.Equal(t, three(done), b.values())
	})
}

func TestMarkDoneNeverOverwritesAnotherHolder(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		time.Sleep(expiry)
		other := b.acquire(t)
		b.nodes[2].Down()
		assertOnly(t, lease.MarkDone(t.Context(), time.Hour), redlock.ErrLost)
		synctest.Wait()
		assert.Equal(t, three(other.Token()), b.values())
	})
}

func TestMarkDoneDuringAnOutageSaysSoAndMayBeTriedAgain(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[0].Down()
		b.nodes[1].Down()
		err := lease.MarkDone(t.Context(), time.Hour)
		assertOnly(t, err, redlock.ErrOutage)
		assert.ErrorContains(t, err, "marking "+key+" done")
		assert.ErrorContains(t, err, "node0: connection refused")
		assert.ErrorContains(t, err, "; ", "on one line")
		b.nodes[0].Up()
		require.NoError(t, lease.MarkDone(t.Context(), time.Hour))
	})
}

func TestAWindowBelowAMillisecondIsAMillisecond(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		require.NoError(t, lease.MarkDone(t.Context(), time.Microsecond))
		synctest.Wait()
		assert.Equal(t, three(done), b.values())
		time.Sleep(time.Millisecond)
		assert.Equal(t, three(""), b.values())
	})
}

func TestReleaseFreesTheName(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		require.NoError(t, lease.Release(t.Context()))
		synctest.Wait()
		assert.Equal(t, three(""), b.values())
		assertOnly(t, lease.Extend(t.Context()), redlock.ErrLost)
		assert.Equal(t, three(""), b.values(), "a late extension sets no key")
		b.acquire(t)
	})
}

func TestReleaseFreesTheNameAlthoughTheContextHasEnded(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.NoError(t, lease.Release(ctx))
		synctest.Wait()
		assert.Equal(t, three(""), b.values())
	})
}

func TestReleaseOfALeaseThatEndedIsNoError(t *testing.T) {
	for name, breakNode := range map[string]nodeSetup{"all up": empty, "one down": down} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, b *bubble) {
				lease := b.acquire(t)
				time.Sleep(expiry)
				breakNode(b.nodes[0])
				assert.NoError(t, lease.Release(t.Context()))
			})
		})
	}
}

func TestReleaseLeavesAnotherHolderAlone(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		time.Sleep(expiry)
		other := b.acquire(t)
		assert.NoError(t, lease.Release(t.Context()))
		synctest.Wait()
		assert.Equal(t, three(other.Token()), b.values())
	})
}

func TestALeaseMayBeUsedByManyAtOnce(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				assert.NoError(t, lease.Extend(t.Context()))
				assert.True(t, time.Now().Before(lease.Until()))
			})
		}
		all.Wait()
		assert.NoError(t, lease.Release(t.Context()))
	})
}
