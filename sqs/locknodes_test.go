package sqs_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/testserver"
	"github.com/seed08532102/iniesta/sqs"
)

func TestLocksMayBeOnClientsOfTheCallers(t *testing.T) {
	var clients []redis.UniversalClient
	for i, n := range testserver.RedisNodes(t, 3) {
		o, err := redis.ParseURL(n.URL())
		require.NoError(t, err)
		o.ContextTimeoutEnabled = i > 0
		client := redis.NewClient(o)
		defer client.Close()
		clients = append(clients, client)
	}
	logged := &logs{}
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(func(*sqs.Message) {}))
	c := sqs.New(sqs.WithConfig(testConfig()), sqs.WithAPI(stubAPI{}), sqs.WithRegistry(r), sqs.WithLockNodes(clients...),
		sqs.WithLogger(slog.New(slog.NewJSONHandler(logged, nil))))
	require.NoError(t, c.Initialize(t.Context()))
	_, err := c.HandleMessage(t.Context(), message("", ""))
	require.NoError(t, err)
	_, err = c.HandleMessage(t.Context(), message("", ""))
	assert.ErrorIs(t, err, sqs.ErrAlreadyHandled)
	require.NoError(t, c.Close(t.Context()))
	assert.NoError(t, clients[0].Ping(t.Context()).Err(), "they stay the caller's to close")
	assert.Equal(t, 1, strings.Count(logged.String(), "set ContextTimeoutEnabled"), "for the one that lacks it")
}

func TestInitializeNeedsAMajorityOfTheLockNodes(t *testing.T) {
	settings := testConfig()
	settings.LockNodes = []config.RedisURL{
		config.NewRedisURL(testserver.Redis(t).URL()),
		config.NewRedisURL("redis://user:hunter2@127.0.0.1:1/0"), config.NewRedisURL("redis://user:hunter2@127.0.0.1:2/0"),
	}
	err := sqs.New(sqs.WithConfig(settings), sqs.WithAPI(stubAPI{})).Initialize(t.Context())
	require.ErrorIs(t, err, sqs.ErrLockNotAcquired)
	assert.ErrorContains(t, err, "127.0.0.1:1/0: dial tcp 127.0.0.1:1: connect: connection refused")
	assert.ErrorContains(t, err, "start them, or set INIESTA_CACHES to where they are")
	assert.NotContains(t, err.Error(), "hunter2")
}
