package testserver_test

import (
	"net"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clientOf gives up on a command after a fifth of a second.
func clientOf(t *testing.T, n *testserver.RedisNode) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(n.URL())
	require.NoError(t, err)
	o.ReadTimeout, o.MaxRetries = 200*time.Millisecond, -1
	c := redis.NewClient(o)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestARedisNodeHangsDiesAndComesBackEmpty(t *testing.T) {
	n := testserver.Redis(t)
	c := clientOf(t, n)
	require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
	n.Pause()
	assert.Error(t, c.Get(t.Context(), "k").Err(), "it hangs")
	n.Resume()
	assert.Equal(t, "v", c.Get(t.Context(), "k").Val(), "with its data")
	n.Kill()
	assert.Error(t, c.Get(t.Context(), "k").Err())
	n.Restart()
	assert.ErrorIs(t, c.Get(t.Context(), "k").Err(), redis.Nil, "on the same port, without its data")
}

func TestRedisNodesAreServersOfTheirOwnOnTheLoopback(t *testing.T) {
	urls := testserver.URLs(testserver.RedisNodes(t, 2))
	require.Len(t, urls, 2)
	assert.NotEqual(t, urls[0], urls[1])
	for _, text := range urls {
		u, err := url.Parse(text)
		require.NoError(t, err)
		assert.Equal(t, "127.0.0.1", u.Hostname())
	}
}

func TestARedisNodeEndsWithItsTestEvenWhenItHangs(t *testing.T) {
	var address string
	t.Run("test", func(t *testing.T) {
		n := testserver.Redis(t)
		address = clientOf(t, n).Options().Addr
		n.Pause()
	})
	_, err := net.DialTimeout("tcp", address, time.Second)
	assert.Error(t, err)
}

// recorder is a test that notes how it was ended.
type recorder struct {
	testing.TB
	outcome string
}

func (*recorder) Helper()                 {}
func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }

// end ends the goroutine, as a test does.
func (r *recorder) end(outcome string) {
	r.outcome = outcome
	runtime.Goexit()
}

func TestAMissingServerSkipsUnlessServersAreRequired(t *testing.T) {
	for value, want := range map[string]string{"": "skipped", "1": "failed"} {
		t.Run(want, func(t *testing.T) {
			t.Setenv(testserver.RequireVariable, value)
			r := &recorder{}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				testserver.Missing(r, "server", "install it")
			}()
			<-ended
			assert.Equal(t, want, r.outcome)
		})
	}
}
