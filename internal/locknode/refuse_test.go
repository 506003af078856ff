package locknode_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestANodeThatRefusesWritesAnswersReadsAndKeepsItsData(t *testing.T) {
	for _, refusal := range locknode.Refusals {
		t.Run(string(refusal), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &locknode.Node{}
				l, err := redlock.New([]redlock.Node{{Name: "n", Pool: n}}, redlock.Options{Expiry: time.Hour})
				require.NoError(t, err)
				lease, err := l.Acquire(t.Context(), "k")
				require.NoError(t, err)

				n.RefuseWrites(refusal)
				assert.Equal(t, lease.Token(), must(connTo(t, n).Get("k")))
				_, err = connTo(t, n).SetNX("k", "v", time.Minute)
				assert.ErrorIs(t, err, refusal)
				_, err = connTo(t, n).Set("other", "v")
				assert.ErrorIs(t, err, refusal)
				_, err = n.Hold(t.Context(), "other", "v", time.Minute)
				assert.ErrorIs(t, err, refusal)
				held, err := n.Hold(t.Context(), "k", "v", time.Minute)
				assert.NoError(t, err, "a script that writes nothing is answered")
				assert.False(t, held)
				assert.Equal(t, map[string]string{"k": lease.Token()}, n.Keys())

				n.RefuseWrites(nil)
				assert.True(t, must(connTo(t, n).SetNX("other", "v", time.Minute)))
				require.NoError(t, l.Close())
			})
		})
	}
}
