package redlock_test

import (
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
		before := b.nodes[0].Commands()
		err := b.Ping(t.Context())
		assertOnly(t, err, redlock.ErrOutage)
		assert.ErrorContains(t, err, "node0: connection refused (it failed lately", "what it failed with is still told")
		assert.Equal(t, before, b.nodes[0].Commands(), "it rests")
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
		require.NoError(t, b.Ping(t.Context()))
		synctest.Wait()
		b.nodes[0].Up()
		lease := b.acquire(t)
		assert.Equal(t, three(lease.Token()), b.values())
	})
}
