package embedded

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestKeysOfTheRedisNodesExpire(t *testing.T) {
	s, err := Start(Options{})
	require.NoError(t, err)
	defer s.Close()
	require.Len(t, s.Redis, Nodes)
	for _, url := range s.Redis {
		o, err := redis.ParseURL(url)
		require.NoError(t, err)
		client := redis.NewClient(o)
		defer client.Close()
		require.NoError(t, client.Set(t.Context(), "k", "v", 200*time.Millisecond).Err())
		assert.Eventually(t, func() bool { return client.Exists(t.Context(), "k").Val() == 0 }, 5*time.Second, 20*time.Millisecond)
	}
}

func TestAPortThatIsTakenIsSaid(t *testing.T) {
	first, err := Start(Options{})
	require.NoError(t, err)
	defer first.Close()
	port := first.nodes[0].Server().Addr().Port
	_, err = Start(Options{RedisPort: port})
	assert.ErrorContains(t, err, "starting a Redis node")
	_, err = Start(Options{Port: port})
	assert.ErrorContains(t, err, "localaws: listening")
}
