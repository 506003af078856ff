package redlock_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

// clientTo is a client of a node as a user makes it.
func clientTo(t *testing.T, url string, tune ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	require.NoError(t, err)
	o.ContextTimeoutEnabled = true
	for _, f := range tune {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// over is a lock over clients, which ends with the test.
func over(t *testing.T, clients ...redis.UniversalClient) *redlock.Locker {
	t.Helper()
	l, err := redlock.New(redlock.NodesOf(clients...), redlock.Options{Expiry: expiry})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// clusterNode is a node of a Redis Cluster that has the slots from the first to the last.
func clusterNode(t *testing.T, first, last int) *testserver.RedisNode {
	t.Helper()
	n := testserver.Redis(t, "--cluster-enabled", "yes", "--cluster-require-full-coverage", "no",
		"--cluster-config-file", t.TempDir()+"/nodes.conf")
	c := clientTo(t, n.URL())
	require.NoError(t, c.Do(t.Context(), "cluster", "addslotsrange", first, last).Err())
	require.Eventually(t, func() bool {
		return strings.Contains(c.ClusterInfo(t.Context()).Val(), "cluster_state:ok")
	}, 10*time.Second, 20*time.Millisecond)
	return n
}

func TestCheckRefusesANodeOfAClusterBehindAClientForOneServer(t *testing.T) {
	t.Parallel()
	for name, tune := range map[string]func(*testing.T, *redis.Client){
		"that tells its mode": func(*testing.T, *redis.Client) {},
		"that may not tell its mode": func(t *testing.T, c *redis.Client) {
			require.NoError(t, c.Do(t.Context(), "acl", "setuser", "default", "-hello", "-info").Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			node := clusterNode(t, 0, 8191)
			tune(t, clientTo(t, node.URL()))
			l := over(t, clientTo(t, testserver.Redis(t).URL()), clientTo(t, testserver.Redis(t).URL()), clientTo(t, node.URL()))
			err := l.Check(t.Context())
			require.ErrorContains(t, err, "it is a node of a Redis Cluster")
			assert.ErrorContains(t, err, "redis.ClusterClient")
			assert.ErrorContains(t, err, strings.TrimPrefix(node.URL(), "redis://"))
		})
	}
}

func TestAClusterBehindAClusterClientIsALockNode(t *testing.T) {
	t.Parallel()
	node := clusterNode(t, 0, 16383)
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{strings.TrimSuffix(strings.TrimPrefix(node.URL(), "redis://"), "/0")}})
	t.Cleanup(func() { _ = cluster.Close() })
	l := over(t, cluster)
	require.NoError(t, l.Check(t.Context()))
	path(t, l, key)
	_, err := l.Acquire(t.Context(), key)
	assert.ErrorIs(t, err, redlock.ErrDone)
	assert.ErrorContains(t, over(t, clientTo(t, node.URL())).Check(t.Context()), "it is a node of a Redis Cluster", "with every slot too")
}

func TestARingIsALockNode(t *testing.T) {
	addr := func(n *testserver.RedisNode) string {
		return strings.TrimSuffix(strings.TrimPrefix(n.URL(), "redis://"), "/0")
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": addr(testserver.Redis(t)), "b": addr(testserver.Redis(t))}})
	t.Cleanup(func() { _ = ring.Close() })
	l := over(t, ring)
	require.NoError(t, l.Check(t.Context()))
	path(t, l, key)
}

func TestCheckRefusesOneDatabaseUnderSeveralNames(t *testing.T) {
	node := testserver.Redis(t)
	localhost := strings.Replace(node.URL(), "127.0.0.1", "localhost", 1)
	l := over(t, clientTo(t, node.URL()), clientTo(t, testserver.Redis(t).URL()), clientTo(t, localhost))
	err := l.Check(t.Context())
	require.ErrorContains(t, err, "under another name")
	assert.ErrorContains(t, err, strings.TrimPrefix(node.URL(), "redis://"))
	assert.ErrorContains(t, err, strings.TrimPrefix(localhost, "redis://"))

	three := over(t, clientTo(t, node.URL()), clientTo(t, node.URL()), clientTo(t, node.URL()))
	assert.ErrorContains(t, three.Check(t.Context()), "under another name")
	assert.Zero(t, clientTo(t, node.URL()).DBSize(t.Context()).Val(), "the keys of the check are removed")
}

func TestCheckTakesSeveralDatabasesOfOneServer(t *testing.T) {
	url := strings.TrimSuffix(testserver.Redis(t).URL(), "0")
	l := over(t, clientTo(t, url+"1"), clientTo(t, url+"2"), clientTo(t, url+"3"))
	require.NoError(t, l.Check(t.Context()))
	path(t, l, key)
}

func TestCheckTakesAMajority(t *testing.T) {
	t.Parallel()
	hung := testserver.Redis(t)
	l := over(t, clientTo(t, testserver.Redis(t).URL()), clientTo(t, testserver.Redis(t).URL()), clientTo(t, hung.URL()))
	hung.Pause()
	defer hung.Resume()
	var err error
	assert.Less(t, took(func() { err = l.Check(t.Context()) }), 3*time.Second)
	require.NoError(t, err)
}

// denial is what Redis says of a command, or a command within a script, that the user may not run.
const denial = "permission|can.t run this command"

// A user of the node may do everything but a command that the lock needs, some of them only later.
func TestCheckRefusesAUserThatMayNotDoWhatALockNeeds(t *testing.T) {
	for _, denied := range []string{"-set", "-get", "-pexpire", "-del", "-eval", "-evalsha", "resetkeys ~other:*", "%R~*"} {
		t.Run(denied, func(t *testing.T) {
			node := testserver.Redis(t)
			change := []any{"acl", "setuser", "default"}
			if denied == "%R~*" {
				change = append(change, "resetkeys")
			}
			for _, rule := range strings.Fields(denied) {
				change = append(change, rule)
			}
			admin := clientTo(t, node.URL())
			require.NoError(t, admin.ScriptFlush(t.Context()).Err())
			require.NoError(t, admin.Do(t.Context(), change...).Err())
			l := over(t, clientTo(t, node.URL()))
			err := l.Check(t.Context())
			assertOnly(t, err, redlock.ErrOutage)
			assert.Regexp(t, denial, err.Error())
			assert.ErrorContains(t, err, "let them accept writes")
			reports := redlock.Inspect(t.Context(), []redis.UniversalClient{clientTo(t, node.URL())})
			assert.Regexp(t, denial, reports[0].Refusal.Error())
		})
	}
}

func TestInspectSaysWhyANodeIsNoLockNode(t *testing.T) {
	t.Parallel()
	node := testserver.Redis(t)
	readOnly := testserver.Redis(t, "--replicaof", "127.0.0.1 1")
	full := testserver.Redis(t, "--maxmemory", "1")
	clients := []redis.UniversalClient{
		clientTo(t, node.URL()), clientTo(t, node.URL()), clientTo(t, readOnly.URL()), clientTo(t, full.URL()),
		clientTo(t, clusterNode(t, 0, 16383).URL()), clientTo(t, testserver.Redis(t).URL()),
	}
	reports := redlock.Inspect(t.Context(), clients)
	for _, r := range reports {
		assert.NoError(t, r.Err)
	}
	assert.True(t, reports[0].Unfit != nil || reports[1].Unfit != nil, "two names of one database")
	assert.ErrorContains(t, reports[2].Refusal, "READONLY")
	assert.ErrorContains(t, reports[3].Refusal, "OOM")
	assert.ErrorContains(t, reports[4].Unfit, "Redis Cluster")
	assert.NoError(t, reports[5].Refusal)
	assert.NoError(t, reports[5].Unfit)
}
