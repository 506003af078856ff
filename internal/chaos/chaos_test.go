package chaos

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scenario is one thing that breaks while consumers work.
type scenario struct {
	name       string
	consumers  int
	visibility int             // of the queue, in seconds
	breaks     func(w *world)  // returns when everything works again
	mayRun     func(v verdict) // nil where no message may run twice, or two at a time
	also       func(w *world, v verdict)
}

func TestChaos(t *testing.T) {
	t.Logf("%-52s %s", "scenario", columns)
	for _, s := range scenarios(t) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(newWorld(t, settings{visibility: s.visibility, lock: 3, wait: 5}))
		})
	}
}

// run breaks a world, and judges what came of it.
func (s scenario) run(w *world) {
	for range s.consumers {
		w.consumer()
	}
	w.produce(w.scale.during)
	w.handled(w.scale.messages / 10)
	s.breaks(w)
	ended := time.Now()
	w.producing.Wait()
	w.handled(w.scale.messages)
	w.drained()
	v := w.ledger.judge(ended)
	w.t.Logf("%-52s %v", s.name, v)
	assert.Zero(w.t, v.lost)
	if s.mayRun != nil {
		s.mayRun(v)
	} else {
		assert.Zero(w.t, v.twice, "succeeded twice")
		assert.Zero(w.t, v.together, "ran while they did already")
	}
	if s.also != nil {
		s.also(w, v)
	}
}

func scenarios(t *testing.T) []scenario {
	outage, kills := theScale().outage, theScale().kills
	rest := func() { <-time.After(outage) } // real processes have only real time
	var again, forgotten int                // deliveries of what ran, by scenario
	return []scenario{
		{"nothing breaks", 2, 30, func(*world) {}, nil, nil},
		{"a consumer is killed (-9), again and again", 3, 5, killAgainAndAgain, func(v verdict) {
			assert.LessOrEqual(t, v.twice, kills*concurrency, "at most what was between return and mark")
			assert.Zero(t, v.alive, "only what a process did just before it was killed")
			assert.Zero(t, v.together)
		}, nil},
		{"a consumer stands still past its lease (STOP, CONT)", 2, 4, func(w *world) {
			w.consumers[0].signal(syscall.SIGSTOP)
			<-time.After(max(outage, 8*time.Second))
			w.consumers[0].signal(syscall.SIGCONT)
		}, func(v verdict) {
			assert.LessOrEqual(t, v.twice, concurrency, "at most what its handlers held when it stood still")
			assert.LessOrEqual(t, v.together, concurrency)
		}, nil},
		{"4 consumers are restarted one after the other (TERM)", 4, 60, rollingRestart, nil, func(w *world, v verdict) {
			assert.Less(w.t, v.wait, 60*time.Second, "no message waits for a visibility timeout")
		}},
		{"a Redis node is killed", 2, 30, func(w *world) { w.nodes[0].Kill(); rest(); w.nodes[0].Restart() }, nil, nil},
		{"a Redis node restarts empty", 2, 30, func(w *world) { w.nodes[0].Kill(); w.nodes[0].Restart() }, nil, nil},
		{"a Redis node stands still", 2, 30, func(w *world) { w.nodes[0].Pause(); rest(); w.nodes[0].Resume() }, nil, nil},
		{"a Redis node is cut off, its connections open", 2, 30, func(w *world) {
			cure := w.toxic(w.lines[0], "timeout", `{"timeout":0}`)
			rest()
			cure()
		}, nil, nil},
		{"a Redis node is slow by 200 ms", 2, 30, func(w *world) {
			cure := w.toxic(w.lines[0], "latency", `{"latency":100}`)
			rest()
			cure()
		}, nil, nil},
		{"a majority of Redis nodes is lost and comes back", 2, 30, func(w *world) {
			w.lines[0].Stop()
			w.lines[1].Stop()
			rest()
			require.NoError(t, w.lines[0].Start())
			require.NoError(t, w.lines[1].Start())
		}, nil, nil},
		{"a majority of Redis nodes restarts empty", 2, 30, func(w *world) {
			for _, node := range w.nodes[:2] {
				node.Kill()
				node.Restart()
			}
		}, func(v verdict) {
			assert.LessOrEqual(t, v.twice, 2*concurrency, "at most what ran in that moment")
			assert.LessOrEqual(t, v.together, 2*concurrency)
		}, nil},
		{"SQS delivers again what runs", 2, 30, func(w *world) {
			again = w.deliverAgainAndAgain(0)
		}, nil, func(_ *world, v verdict) {
			t.Logf("%d times SQS delivered again what ran, and it did not run twice", again)
			assert.Positive(t, again)
		}},
		{"SQS delivers again what a majority of Redis forgets", 2, 30, func(w *world) {
			forgotten = w.deliverAgainAndAgain(2)
		}, func(v verdict) {
			t.Logf("%d times SQS delivered again what ran, after which %d messages ran twice", forgotten, v.twice)
			assert.LessOrEqual(t, v.twice, forgotten, "no other than those")
			assert.LessOrEqual(t, v.together, forgotten)
			assert.Positive(t, v.twice, "the scenario does what it says")
		}, nil},
		{"SQS cannot be reached", 2, 10, func(w *world) {
			w.sqs.Stop()
			rest()
			require.NoError(t, w.sqs.Start())
		}, nil, nil},
		{"SQS answers 503", 2, 10, func(w *world) { w.gateway.unavailable.Store(true); rest(); w.gateway.unavailable.Store(false) }, nil, nil},
		{"SQS resets connections", 2, 10, func(w *world) {
			cure := w.toxic(w.sqs, "reset_peer", `{"timeout":0}`)
			rest()
			cure()
		}, nil, nil},
		{"SQS accepts and never answers", 2, 10, func(w *world) {
			cure := w.toxic(w.sqs, "timeout", `{"timeout":0}`)
			rest()
			cure()
		}, nil, nil},
	}
}

// killAgainAndAgain kills a consumer while several of its handlers run.
func killAgainAndAgain(w *world) {
	for range w.scale.kills {
		<-time.After(w.scale.outage / time.Duration(w.scale.kills))
		victim := w.busy()
		victim.kill()
		w.ledger.killed(victim.pid())
		w.consumers = slices.DeleteFunc(w.consumers, func(p *process) bool { return p == victim })
		w.consumer()
	}
}

// busy waits for a consumer that is in the middle of a batch.
func (w *world) busy() (p *process) {
	require.Eventually(w.t, func() bool {
		i := slices.IndexFunc(w.consumers, func(p *process) bool { return w.ledger.running(p.pid()) >= 3 })
		if i >= 0 {
			p = w.consumers[i]
		}
		return i >= 0
	}, time.Minute, time.Millisecond)
	return p
}

// deliverAgainAndAgain has SQS deliver what runs, for an outage, just after so many lock nodes lost their data.
// It returns how many messages that was.
func (w *world) deliverAgainAndAgain(forgetful int) (n int) {
	for end := time.After(w.scale.outage); ; {
		select {
		case <-end:
			return n
		case <-time.After(handlerTime / 5):
			w.forget(w.nodes[:forgetful])
			n += w.deliverAgain()
		}
	}
}

func rollingRestart(w *world) {
	for _, old := range w.consumers {
		<-time.After(w.scale.outage / 4)
		w.consumer()
		old.terminate()
	}
}
