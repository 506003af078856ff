package redlock_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestANodeThatFailsAgainAndAgainIsAskedOnceASecond(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[0].Down()
		b.nodes[1].Down()
		for range 3 {
			assertOnly(t, b.Ping(t.Context()), redlock.ErrOutage)
		}
		b.nodes[0].Up()
		err := b.Ping(t.Context())
		assertOnly(t, err, redlock.ErrOutage)
		assert.ErrorContains(t, err, "node0: connection refused (it failed lately", "what it failed with is still told")
		time.Sleep(time.Second)
		require.NoError(t, b.Ping(t.Context()), "it is tried again, and answers")
		synctest.Wait()
		b.acquire(t)
		assert.NotEmpty(t, b.nodes[0].Value(key), "it takes part again")
	})
}

func TestANodeThatFailsOnceIsNotLeftAlone(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[0].Down()
		_, err := b.Acquire(t.Context(), "another")
		require.NoError(t, err)
		synctest.Wait()
		b.nodes[0].Up()
		lease := b.acquire(t)
		assert.Equal(t, three(lease.Token()), b.values())
	})
}

func TestALeaseDoesNotWaitForNodesThatAreLeftAlone(t *testing.T) {
	for name, use := range map[string]func(context.Context, *redlock.Lease) error{
		"extended": func(ctx context.Context, l *redlock.Lease) error { return l.Extend(ctx) },
		"marked":   func(ctx context.Context, l *redlock.Lease) error { return l.MarkDone(ctx, time.Minute) },
		"released": func(ctx context.Context, l *redlock.Lease) error { return l.Release(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, b *bubble) {
				lease := b.acquire(t)
				b.nodes[0].Down()
				b.nodes[1].Down()
				for range 3 {
					assertOnly(t, b.Ping(t.Context()), redlock.ErrOutage)
				}
				b.nodes[0].Up()
				b.nodes[1].Up()
				assertOnly(t, b.Ping(t.Context()), redlock.ErrOutage) // they are not asked
				require.NoError(t, use(t.Context(), lease))
				assert.NoError(t, b.Ping(t.Context()), "they were heard of")
			})
		})
	}
}

func TestALeaseLeavesOneNodeAloneThatIsNotNeeded(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		lease := b.acquire(t)
		b.nodes[0].Down()
		for range 3 {
			require.NoError(t, b.Ping(t.Context()))
			synctest.Wait()
		}
		before := b.nodes[0].Commands()
		require.NoError(t, lease.Extend(t.Context()))
		synctest.Wait()
		assert.Equal(t, before, b.nodes[0].Commands())
	})
}
