package locknode_test

import (
	"testing"
	"time"

	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
	"github.com/seed08532102/iniesta/internal/redlock"
)

// Each step of a lease is put to a key in each of its states; Redis and the node in memory have to
// leave the same behind.
func TestEveryStepOfALeaseLeavesWhatRedisLeaves(t *testing.T) {
	const foreign = "0d4bb5f2-25a9-4d4f-9c0b-5a4f8a6f5d0e"
	steps := map[string]func(*redlock.Lease) error{
		"extend":  func(l *redlock.Lease) error { return l.Extend(t.Context()) },
		"mark":    func(l *redlock.Lease) error { return l.MarkDone(t.Context(), time.Hour) },
		"release": func(l *redlock.Lease) error { return l.Release(t.Context()) },
	}
	for name, c := range map[string]struct {
		step, found, left string // "token" stands for the lease's own, "" for no key
		lost              bool
		life              time.Duration
	}{
		"extend ours":       {step: "extend", found: "token", left: "token", life: time.Minute},
		"extend absent":     {step: "extend", found: "", left: "token", life: time.Minute},
		"extend another's":  {step: "extend", found: foreign, left: foreign, lost: true, life: time.Second},
		"extend a mark":     {step: "extend", found: redlock.DoneMark, left: redlock.DoneMark, lost: true, life: time.Second},
		"mark ours":         {step: "mark", found: "token", left: redlock.DoneMark, life: time.Hour},
		"mark absent":       {step: "mark", found: "", left: redlock.DoneMark, life: time.Hour},
		"mark another's":    {step: "mark", found: foreign, left: foreign, lost: true, life: time.Second},
		"mark a mark":       {step: "mark", found: redlock.DoneMark, left: redlock.DoneMark, life: time.Hour},
		"release ours":      {step: "release", found: "token", left: ""},
		"release absent":    {step: "release", found: "", left: ""},
		"release another's": {step: "release", found: foreign, left: foreign, life: time.Second},
		"release a mark":    {step: "release", found: redlock.DoneMark, left: redlock.DoneMark, life: time.Second},
	} {
		for where, pool := range pools(t) {
			t.Run(name+" on "+where, func(t *testing.T) {
				l, err := redlock.New([]redlock.Node{{Name: "n", Pool: pool}}, redlock.Options{Expiry: time.Minute})
				require.NoError(t, err)
				lease, err := l.Acquire(t.Context(), "k")
				require.NoError(t, err)
				put(t, pool, "k", c.found, lease.Token())

				err = steps[c.step](lease)
				assert.Equal(t, c.lost, err != nil, "%v", err)
				require.NoError(t, l.Close())
				conn := must(pool.Get(t.Context()))
				left := must(conn.Get("k"))
				if left == lease.Token() {
					left = "token"
				}
				assert.Equal(t, c.left, left)
				if left != "" {
					assert.InDelta(t, c.life, must(conn.PTTL("k")), float64(time.Second)/2)
				}
			})
		}
	}
}

// put has the key carry value, or nothing, in place of the token it has.
func put(t *testing.T, pool redsyncredis.Pool, key, value, token string) {
	t.Helper()
	if value == "token" {
		return
	}
	conn := must(pool.Get(t.Context()))
	require.Equal(t, int64(1), must(conn.Eval(deleteScript, key, token)))
	if value != "" {
		require.True(t, must(conn.SetNX(key, value, time.Second)))
	}
}

var deleteScript = redsyncredis.NewScript(1, `return redis.call("DEL", KEYS[1])`, "")

var _ redsyncredis.Pool = (*locknode.Node)(nil)
