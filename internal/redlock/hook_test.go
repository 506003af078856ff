package redlock_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/internal/testserver"
)

// wrapping is a hook of a user that wraps every error.
type wrapping struct{}

func (wrapping) DialHook(next redis.DialHook) redis.DialHook { return next }

func (wrapping) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		wrapError(cmd)
		return wrapped(err)
	}
}

func (wrapping) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			wrapError(cmd)
		}
		return wrapped(err)
	}
}

func wrapError(cmd redis.Cmder) { cmd.SetErr(wrapped(cmd.Err())) }

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("traced: %w", err)
}

// hooked is a lock over clients with a hook.
func hooked(t *testing.T, hook redis.Hook, nodes ...*testserver.RedisNode) *redlock.Locker {
	t.Helper()
	var clients []redis.UniversalClient
	for _, n := range nodes {
		c := clientTo(t, n.URL())
		c.AddHook(hook)
		clients = append(clients, c)
	}
	return over(t, clients...)
}

func TestAHookMayWrapErrors(t *testing.T) {
	nodes := testserver.RedisNodes(t, 3)
	l, other := hooked(t, wrapping{}, nodes...), hooked(t, wrapping{}, nodes...)
	flush := func() { // the next use of each script gets NOSCRIPT
		require.NoError(t, l.Close())
		for _, n := range nodes {
			require.NoError(t, clientTo(t, n.URL()).ScriptFlush(t.Context()).Err())
		}
	}
	require.NoError(t, l.Check(t.Context()))
	flush()
	lease, err := l.Acquire(t.Context(), key)
	require.NoError(t, err)
	_, err = other.Acquire(t.Context(), key)
	assertOnly(t, err, redlock.ErrHeld)
	require.NoError(t, lease.Extend(t.Context()))
	require.NoError(t, lease.MarkDone(t.Context(), time.Minute), "the mark of a lease that was extended is a script")
	_, err = other.Acquire(t.Context(), key)
	assertOnly(t, err, redlock.ErrDone)
	flush()
	lease, err = l.Acquire(t.Context(), "another")
	require.NoError(t, err)
	require.NoError(t, lease.Release(t.Context()))
	lease, err = other.Acquire(t.Context(), "another")
	require.NoError(t, err, "it was released")
	require.NoError(t, lease.MarkDone(t.Context(), time.Minute))
	require.NoError(t, l.Ping(t.Context()))
	_, err = l.Acquire(t.Context(), "a third")
	require.NoError(t, err)
}

func TestAHookMayWrapTheRefusalsOfANode(t *testing.T) {
	nodes := []*testserver.RedisNode{testserver.Redis(t, "--maxmemory", "1"), testserver.Redis(t, "--maxmemory", "1"), testserver.Redis(t)}
	l := hooked(t, wrapping{}, nodes...)
	for range 5 { // a refusal is no reason to leave a node alone
		_, err := l.Acquire(t.Context(), key)
		assertOnly(t, err, redlock.ErrOutage)
		assert.NotContains(t, err.Error(), "failed lately")
		assertOnly(t, l.Ping(t.Context()), redlock.ErrOutage)
	}
	for _, n := range nodes[:2] {
		require.NoError(t, clientTo(t, n.URL()).ConfigSet(t.Context(), "maxmemory", "0").Err())
	}
	require.NoError(t, l.Ping(t.Context()))
}

func TestInspectWithAHookThatWrapsErrors(t *testing.T) {
	t.Parallel()
	var clients []redis.UniversalClient
	for _, n := range []*testserver.RedisNode{testserver.Redis(t), testserver.Redis(t, "--replicaof", "127.0.0.1 1"), clusterNode(t, 0, 8191)} {
		c := clientTo(t, n.URL())
		c.AddHook(wrapping{})
		clients = append(clients, struct{ redis.UniversalClient }{c}) // of a type that is not known
	}
	reports := redlock.Inspect(t.Context(), clients)
	assert.NoError(t, reports[0].Refusal)
	assert.ErrorContains(t, reports[1].Refusal, "READONLY")
	assert.ErrorContains(t, reports[2].Unfit, "Redis Cluster")
}

// A key of a message that is no string is somebody else's.
func TestAKeyOfAnotherTypeIsSomebodyElses(t *testing.T) {
	nodes := testserver.RedisNodes(t, 3)
	l := hooked(t, wrapping{}, nodes...)
	list := func(name string) {
		require.NoError(t, l.Close())
		for _, n := range nodes {
			c := clientTo(t, n.URL())
			require.NoError(t, c.Del(t.Context(), name).Err())
			require.NoError(t, c.RPush(t.Context(), name, "x").Err())
		}
	}
	list("list")
	_, err := l.Acquire(t.Context(), "list")
	assertOnly(t, err, redlock.ErrHeld)
	lease, err := l.Acquire(t.Context(), key)
	require.NoError(t, err)
	list(key)
	assertOnly(t, lease.Extend(t.Context()), redlock.ErrLost)
	assertOnly(t, lease.MarkDone(t.Context(), time.Minute), redlock.ErrLost)
	assert.NoError(t, lease.Release(t.Context()))
	assert.NoError(t, l.Ping(t.Context()))
}

func TestFailedDialsAreLoggedAtDebugAndNowhereElse(t *testing.T) {
	stderr := os.Stderr
	r, w, err := os.Pipe()
	require.NoError(t, err)
	os.Stderr = w
	defer func() { os.Stderr = stderr }()

	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	clients, nodes, err := redlock.Open([]string{"redis://user:hunter2@127.0.0.1:1/0"}, log)
	require.NoError(t, err)
	l, err := redlock.New(nodes, redlock.Options{})
	require.NoError(t, err)
	for range 20 { // more than a pool of connections has room for
		err = l.Ping(t.Context())
		assertOnly(t, err, redlock.ErrOutage)
	}
	assert.ErrorContains(t, err, "connection refused")
	var op *net.OpError
	assert.ErrorAs(t, err, &op)
	require.NoError(t, l.Close())
	require.NoError(t, clients[0].Close())
	require.NoError(t, w.Close())
	var printed bytes.Buffer
	_, err = printed.ReadFrom(r)
	require.NoError(t, err)
	assert.Empty(t, printed.String())
	assert.Contains(t, logged.String(), `level=DEBUG msg="[INIESTA] A lock node cannot be dialed" node=127.0.0.1:1`)
	assert.NotContains(t, logged.String(), "hunter2")
}

var _ redis.Error = locknode.Refusal("")

func TestAServerThatRefusesTheConnectionIsAnOutageThatSaysWhy(t *testing.T) {
	for name, refuse := range map[string]func(*testing.T, *redis.Client){
		"a password is needed": func(t *testing.T, c *redis.Client) {
			require.NoError(t, c.ConfigSet(t.Context(), "requirepass", "s3cret").Err())
		},
		"the user is off": func(t *testing.T, c *redis.Client) {
			require.NoError(t, c.Do(t.Context(), "acl", "setuser", "default", "off").Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			node := testserver.Redis(t)
			refuse(t, clientTo(t, node.URL()))
			l := hooked(t, wrapping{}, node)
			assert.Less(t, took(func() {
				_, err := l.Acquire(t.Context(), key)
				assertOnly(t, err, redlock.ErrOutage)
				assert.Regexp(t, "NOAUTH|WRONGPASS", err.Error())
				assertOnly(t, l.Check(t.Context()), redlock.ErrOutage)
			}), 4*time.Second)
		})
	}
}

func TestABusyScriptIsAnOutageThatEnds(t *testing.T) {
	nodes := testserver.RedisNodes(t, 3)
	l := hooked(t, wrapping{}, nodes...)
	require.NoError(t, l.Ping(t.Context()))
	for _, n := range nodes[:2] {
		c := clientTo(t, n.URL())
		require.NoError(t, c.ConfigSet(t.Context(), "lua-time-limit", "1").Err())
		hanging := clientTo(t, n.URL(), func(o *redis.Options) { o.ReadTimeout, o.MaxRetries = 100*time.Millisecond, -1 })
		_ = hanging.Eval(t.Context(), "while true do end", nil).Err() // goes on after its client has left
	}
	_, err := l.Acquire(t.Context(), key)
	assertOnly(t, err, redlock.ErrOutage)
	assert.ErrorContains(t, err, "BUSY")
	assertOnly(t, l.Ping(t.Context()), redlock.ErrOutage)
	for _, n := range nodes[:2] {
		require.NoError(t, clientTo(t, n.URL()).ScriptKill(t.Context()).Err())
	}
	require.Eventually(t, func() bool { return l.Ping(t.Context()) == nil }, 5*time.Second, 10*time.Millisecond)
	path(t, l, "after")
}

// breaking is a hook of a user that breaks, as long as it is told to.
type breaking struct {
	wrapping
	broken *atomic.Bool
	how    func()
}

func (h breaking) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if h.broken.Load() {
			h.how()
		}
		return next(ctx, cmds)
	}
}

func TestAHookThatPanicsOrEndsItsGoroutineIsAnOutage(t *testing.T) {
	for name, how := range map[string]func(){"panicked: help": func() { panic("help") }, "ended its goroutine": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			hook := breaking{broken: &atomic.Bool{}, how: how}
			l := hooked(t, hook, testserver.RedisNodes(t, 3)...)
			path(t, l, "before")
			hook.broken.Store(true)
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					_, err := l.Acquire(t.Context(), fmt.Sprint(i))
					assertOnly(t, err, redlock.ErrOutage)
					assert.ErrorContains(t, err, name)
				})
			}
			all.Wait()
			hook.broken.Store(false)
			require.Eventually(t, func() bool { return l.Ping(t.Context()) == nil }, 5*time.Second, 10*time.Millisecond)
			path(t, l, "after")
		})
	}
}
