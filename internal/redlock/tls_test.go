package redlock_test

import (
	"errors"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

func secureURL(node *testserver.SecureRedis, password, ca string) string {
	u := url.URL{Scheme: "rediss", User: url.UserPassword(testserver.SecureUser, password), Host: node.Address, Path: "/0"}
	if ca != "" {
		u.RawQuery = url.Values{"ca": {ca}}.Encode()
	}
	return u.String()
}

// openAll opens a locker over the URLs, which ends with the test.
func openAll(t *testing.T, urls ...string) *redlock.Locker {
	clients, nodes, err := redlock.Open(urls, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	locker, err := redlock.New(nodes, redlock.Options{Expiry: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, locker.Close())
		for _, c := range clients {
			require.NoError(t, c.Close())
		}
	})
	return locker
}

func TestALockLivesOnNodesWithTLSAndAUserThatMayDoNothingElse(t *testing.T) {
	var urls []string
	for range 3 {
		node := testserver.RedisTLS(t)
		urls = append(urls, secureURL(node, testserver.SecurePassword, node.CA))
	}
	locker := openAll(t, urls...)
	require.NoError(t, locker.Ping(t.Context()))
	lease, err := locker.Acquire(t.Context(), "sqs:event:1")
	require.NoError(t, err)
	_, err = locker.Acquire(t.Context(), "sqs:event:1")
	assert.ErrorIs(t, err, redlock.ErrHeld)
	require.NoError(t, lease.Extend(t.Context()))
	require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
	_, err = locker.Acquire(t.Context(), "sqs:event:1")
	assert.ErrorIs(t, err, redlock.ErrDone)
	other, err := locker.Acquire(t.Context(), "sqs:event:2")
	require.NoError(t, err)
	require.NoError(t, other.Release(t.Context()))
	again, err := locker.Acquire(t.Context(), "sqs:event:2")
	require.NoError(t, err)
	require.NoError(t, again.Release(t.Context()))
	_, err = locker.Acquire(t.Context(), "elsewhere")
	assert.ErrorContains(t, err, "NOPERM", "the user has no other keys")
}

func TestWhatIsWrongWithTLSIsSaidWithoutThePassword(t *testing.T) {
	node := testserver.RedisTLS(t)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for name, tt := range map[string]struct{ url, says string }{
		"an authority that is not known": {secureURL(node, testserver.SecurePassword, ""), "certificate"},
		"another password":               {secureURL(node, "hunter2-wrong", node.CA), "WRONGPASS"},
		"no TLS":                         {"redis://" + testserver.SecureUser + ":" + testserver.SecurePassword + "@" + node.Address + "/0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := openAll(t, tt.url).Ping(t.Context())
			require.ErrorContains(t, err, tt.says)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
	for name, ca := range map[string]string{"no such file": empty + "x", "no certificate": empty} {
		t.Run(name, func(t *testing.T) {
			_, _, err := redlock.Open([]string{secureURL(node, testserver.SecurePassword, ca)}, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, "reading the CA of a lock node")
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
	_, _, err := redlock.Open([]string{secureURL(node, testserver.SecurePassword, empty+"x")}, slog.New(slog.DiscardHandler))
	assert.True(t, errors.Is(err, os.ErrNotExist))
}
