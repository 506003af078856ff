package redlock_test

import (
	"crypto/tls"
	"log/slog"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
)

func TestOpenNamesNodesWithoutTheirPasswords(t *testing.T) {
	clients, nodes, err := redlock.Open([]string{
		"redis://localhost:6379/1", "redis://user:s3cret@redis.example:7000/2", "rediss://:s3cret@tls.example",
	}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() {
		for _, c := range clients {
			require.NoError(t, c.Close())
		}
	})
	var names []string
	for _, n := range nodes {
		names = append(names, n.Name)
		assert.NotNil(t, n.Pool)
	}
	assert.Equal(t, []string{"localhost:6379/1", "redis.example:7000/2", "tls.example:6379/0"}, names)
	options := clients[1].(*redis.Client).Options()
	assert.Equal(t, "s3cret", options.Password)
	assert.True(t, options.ContextTimeoutEnabled, "a command ends with its deadline")
	assert.IsType(t, &tls.Config{}, clients[2].(*redis.Client).Options().TLSConfig)
}

func TestOpenRefusesWhatIsNoURLAndNeverPrintsThePassword(t *testing.T) {
	for name, text := range map[string]string{
		"no scheme":                       "user:s3cret@localhost:6379",
		"another scheme":                  "https://user:s3cret@localhost",
		"a database that is no number":    "redis://user:s3cret@localhost/one",
		"an option that there is not":     "redis://user:s3cret@localhost/1?s3cret=1",
		"a control character":             "redis://user:s3cret\x00@localhost",
		"a bad escape":                    "redis://user:s3cret%zz@localhost",
		"a password with a bare slash":    "redis://user:1/s3cret@localhost/1",
		"a password with a bare hash":     "redis://user:1#s3cret@localhost/1",
		"a password with a bare question": "redis://user:1?s3cret@localhost/1",
		"a port that is no number":        "redis://:s3cret",
		"nothing":                         "",
	} {
		t.Run(name, func(t *testing.T) {
			clients, nodes, err := redlock.Open([]string{"redis://localhost", text}, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, "opening the lock nodes: lock node 2 of 2: not of the form redis://user:password@host:port/db")
			assert.NotContains(t, err.Error(), "s3cret")
			assert.Empty(t, clients)
			assert.Empty(t, nodes)
		})
	}
}

func TestOpenNamesEveryURLItRefuses(t *testing.T) {
	_, _, err := redlock.Open([]string{"one", "redis://localhost", "three"}, slog.New(slog.DiscardHandler))
	assert.ErrorContains(t, err, "lock node 1 of 3")
	assert.ErrorContains(t, err, "lock node 3 of 3")
}

func TestNodesOfClientsOfAnyKind(t *testing.T) {
	one := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Password: "s3cret", DB: 3})
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}, Password: "s3cret"})
	t.Cleanup(func() {
		require.NoError(t, one.Close())
		require.NoError(t, ring.Close())
	})
	nodes := redlock.NodesOf(one, ring)
	require.Len(t, nodes, 2)
	assert.Equal(t, "127.0.0.1:1/3", nodes[0].Name)
	assert.Equal(t, "lock node 2", nodes[1].Name)
}
