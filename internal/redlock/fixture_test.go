package redlock_test

import (
	"context"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

const (
	key    = "sqs:event:5fea7756-0ea4-451a-a703-a558b933e274"
	expiry = 10 * time.Second
	limit  = 500 * time.Millisecond // the node timeout that goes with expiry
)

// bubble is a lock over simulated nodes in virtual time.
type bubble struct {
	*redlock.Locker
	nodes []*locknode.Node
}

// inBubble runs test with a lock over n simulated nodes.
func inBubble(t *testing.T, n int, test func(t *testing.T, b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bubble{}
		for range n {
			b.nodes = append(b.nodes, &locknode.Node{})
		}
		b.Locker = b.another(t, redlock.Options{Expiry: expiry})
		test(t, b)
	})
}

// another is a second process on the same nodes.
func (b *bubble) another(t *testing.T, o redlock.Options) *redlock.Locker {
	t.Helper()
	var nodes []redlock.Node
	for i, n := range b.nodes {
		nodes = append(nodes, redlock.Node{Name: "node" + strconv.Itoa(i), Pool: n})
	}
	l, err := redlock.New(nodes, o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// acquire takes the lease on key, which has to be free.
func (b *bubble) acquire(t *testing.T) *redlock.Lease {
	t.Helper()
	lease, err := b.Acquire(t.Context(), key)
	require.NoError(t, err)
	synctest.Wait() // the last node was told too
	return lease
}

// values is what each node has under key.
func (b *bubble) values() []string {
	values := make([]string, len(b.nodes))
	for i, n := range b.nodes {
		values[i] = n.Value(key)
	}
	return values
}

// took is how long f takes.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// servers is a lock over three real servers.
type servers struct {
	*redlock.Locker
	nodes   []*testserver.RedisNode
	names   []string
	clients []redis.UniversalClient
}

func onServers(t testing.TB, o redlock.Options) *servers {
	t.Helper()
	s := &servers{nodes: testserver.RedisNodes(t, 3)}
	clients, nodes, err := redlock.Open(testserver.URLs(s.nodes), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	s.Locker, err = redlock.New(nodes, o)
	require.NoError(t, err)
	s.clients = clients
	for _, n := range nodes {
		s.names = append(s.names, n.Name)
	}
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		for _, c := range clients {
			require.NoError(t, c.Close())
		}
	})
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close(), "every node has answered")
	return s
}

// values is what each server has under key.
func (s *servers) values(t testing.TB) []string {
	t.Helper()
	require.NoError(t, s.Close(), "the last command has ended")
	values := make([]string, len(s.clients))
	for i, c := range s.clients {
		values[i] = c.Get(context.Background(), key).Val()
	}
	return values
}

// three is one value on each of three nodes.
func three(value string) []string { return []string{value, value, value} }
