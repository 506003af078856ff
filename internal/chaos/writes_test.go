package chaos

import (
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/testserver"
)

// refusal is how a Redis comes to answer reads and to refuse writes.
type refusal struct{ begin, end []any }

var refusals = []refusal{
	{[]any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"}},              // READONLY, as after a failover
	{[]any{"config", "set", "maxmemory", "1"}, []any{"config", "set", "maxmemory", "0"}}, // OOM: nothing is evicted
}

// TestChaosOfWrites has a majority of the Redis nodes refuse writes, again and again, for longer than a lock or a
// message stays without being extended. What is received in vain meanwhile would become a dead letter.
func TestChaosOfWrites(t *testing.T) {
	t.Parallel()
	rounds := 2
	w := newWorld(t, settings{visibility: 5, lock: 5, wait: 1, maxReceives: 12})
	w.scale.outage = 7 * time.Second
	if os.Getenv("INIESTA_CHAOS_LONG") != "" {
		rounds, w.scale.messages, w.scale.outage = 3, 2500, 10*time.Second
	}
	pause := w.scale.outage / 3
	w.scale.during = time.Duration(rounds) * (w.scale.outage + pause)
	s := scenario{
		name: "a majority of Redis nodes reads and refuses writes", consumers: 3,
		breaks: func(w *world) {
			for round := range rounds {
				w.refuseWrites(refusals[round%len(refusals)], w.nodes[round%3], w.nodes[(round+1)%3])
				<-time.After(pause)
			}
		},
		also: func(w *world, _ verdict) { assert.Zero(w.t, w.dead(), "dead letters") },
	}
	s.run(w)
}

// refuseWrites has nodes do so for an outage.
func (w *world) refuseWrites(how refusal, nodes ...*testserver.RedisNode) {
	for _, n := range nodes {
		w.command(n, how.begin...)
	}
	<-time.After(w.scale.outage)
	for _, n := range nodes {
		w.command(n, how.end...)
	}
}

func (w *world) command(n *testserver.RedisNode, args ...any) {
	options, err := redis.ParseURL(n.URL())
	require.NoError(w.t, err)
	client := redis.NewClient(options)
	defer client.Close()
	require.NoError(w.t, client.Do(w.t.Context(), args...).Err())
}
