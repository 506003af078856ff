package redlock_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestPingWantsAMajority(t *testing.T) {
	for name, c := range map[string]struct {
		nodes []nodeSetup
		says  []string // of those that do not answer; none where a majority does
	}{
		"all up":         {[]nodeSetup{empty, empty, empty}, nil},
		"one down":       {[]nodeSetup{down, empty, empty}, nil},
		"one hung":       {[]nodeSetup{empty, hung, empty}, nil},
		"two down":       {[]nodeSetup{down, empty, down}, []string{"node0: connection refused", "node2: connection refused"}},
		"down and hung":  {[]nodeSetup{down, empty, hung}, []string{"node0: connection refused", "node2: context deadline exceeded"}},
		"one of two":     {[]nodeSetup{empty, down}, []string{"node1: connection refused"}},
		"the only one":   {[]nodeSetup{down}, []string{"node0: connection refused"}},
		"the only is up": {[]nodeSetup{empty}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, len(c.nodes), func(t *testing.T, b *bubble) {
				for i, setUp := range c.nodes {
					setUp(b.nodes[i])
				}
				var err error
				assert.LessOrEqual(t, took(func() { err = b.Ping(t.Context()) }), 2*limit, "the lock, and its release")
				if c.says == nil {
					require.NoError(t, err)
					return
				}
				assertOnly(t, err, redlock.ErrOutage)
				for _, text := range c.says {
					assert.ErrorContains(t, err, text)
				}
			})
		})
	}
}

func TestPingEndsWithItsContext(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, b *bubble) {
		b.nodes[0].Hang()
		b.nodes[1].Hang()
		ctx, cancel := context.WithTimeout(t.Context(), limit/5)
		defer cancel()
		var err error
		assert.Equal(t, limit/5, took(func() { err = b.Ping(ctx) }))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
