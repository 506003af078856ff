package locknode_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/locknode"
)

// connTo opens a connection whose commands have a second.
func connTo(t *testing.T, n *locknode.Node) redsyncredis.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	t.Cleanup(cancel)
	conn, err := n.Get(ctx)
	require.NoError(t, err)
	return conn
}

func TestANodeThatIsDownRefusesAtOnceAndKeepsItsData(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &locknode.Node{}
		n.SetValue("k", "v", time.Minute)
		n.Down()
		began := time.Now()
		_, err := connTo(t, n).Get("k")
		assert.ErrorIs(t, err, locknode.ErrDown)
		assert.Zero(t, time.Since(began))
		assert.Zero(t, n.Commands())
		n.Up()
		assert.Equal(t, "v", must(connTo(t, n).Get("k")))
		assert.Equal(t, 1, n.Commands())
	})
}

func TestANodeThatHangsAnswersWhenItIsUpOrNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &locknode.Node{}
		n.Hang()
		n.Hang() // twice is once
		began := time.Now()
		_, err := connTo(t, n).SetNX("k", "v", time.Minute)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		assert.Empty(t, n.Value("k"), "it was not carried out")
		time.AfterFunc(time.Second/2, n.Up)
		assert.True(t, must(connTo(t, n).SetNX("k", "v", time.Minute)))
		assert.Equal(t, 3*time.Second/2, time.Since(began))
	})
}

func TestANodeThatIsMuteCarriesOutAndSaysNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &locknode.Node{}
		n.Mute()
		set, err := connTo(t, n).SetNX("k", "v", time.Minute)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, set, "nobody is told")
		assert.Equal(t, "v", n.Value("k"))
		time.AfterFunc(time.Second/2, n.Up)
		assert.False(t, must(connTo(t, n).SetNX("k", "w", time.Minute)), "it was carried out once, and told late")
		assert.Equal(t, map[string]string{"k": "v"}, n.Keys())
		assert.Equal(t, 2, n.Commands())
	})
}

func TestANodeThatStandsStillCarriesOutLaterWhatNobodyWaitsForAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &locknode.Node{}
		n.Stall()
		_, err := connTo(t, n).SetNX("k", "v", time.Minute)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, n.Keys())
		time.AfterFunc(time.Second/2, n.Up)
		assert.False(t, must(connTo(t, n).SetNX("k", "w", time.Minute)), "the one before it was first")
		assert.Equal(t, "v", n.Value("k"))
	})
}

func TestLatencyDelaysACommandAndCutsItOffAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &locknode.Node{}
		n.SetLatency(time.Second / 4)
		began := time.Now()
		must(connTo(t, n).Get("k"))
		assert.Equal(t, time.Second/4, time.Since(began))
		n.SetLatency(time.Hour)
		_, err := connTo(t, n).Get("k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 1, n.Commands(), "it did not get there")
		n.SetLatency(3 * time.Second / 2)
		_, err = connTo(t, n).Get("k")
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2, n.Commands(), "its answer did not get back")
	})
}

func TestWipeForgetsAndTimeToLiveEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := &locknode.Node{}
		n.SetValue("k", "v", time.Minute)
		n.SetValue("stays", "v", 0)
		time.Sleep(time.Minute)
		assert.Empty(t, n.Value("k"))
		assert.Equal(t, "v", n.Value("stays"))
		n.Wipe()
		assert.Empty(t, n.Value("stays"))
	})
}

func TestAScriptThatTheNodeDoesNotKnowIsRefused(t *testing.T) {
	_, err := connTo(t, &locknode.Node{}).Eval(redsyncredis.NewScript(1, `return 1`, "abc"), "k", "v")
	assert.ErrorContains(t, err, "unknown script abc")
}
