package redlock_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

func TestInspectTellsServersFromNamesOfOneServer(t *testing.T) {
	first, second := testserver.Redis(t), testserver.Redis(t)
	clients, _, err := redlock.Open([]string{first.URL(), second.URL(), first.URL()[:len(first.URL())-1] + "3", "redis://127.0.0.1:1/0"}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	for _, c := range clients {
		defer c.Close()
	}
	reports := redlock.Inspect(t.Context(), clients)
	require.Len(t, reports, 4)
	for _, r := range reports[:3] {
		require.NoError(t, r.Err)
		assert.Len(t, r.Server, 40)
		assert.Positive(t, r.Latency)
		assert.Less(t, r.Clock.Abs(), time.Second, "it is this machine's clock")
	}
	assert.Equal(t, []string{reports[0].Name, reports[2].Name}, redlock.OneServer(reports))
	assert.Empty(t, redlock.OneServer(reports[:2]))
	assert.ErrorContains(t, reports[3].Err, "connection refused")
}

func TestInspectDoesNotWaitForANodeThatHangs(t *testing.T) {
	node := testserver.Redis(t)
	node.Pause()
	defer node.Resume()
	clients, _, err := redlock.Open([]string{node.URL()}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer clients[0].Close()
	assert.Error(t, redlock.Inspect(t.Context(), clients)[0].Err)
}
