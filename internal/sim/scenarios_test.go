package sim

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/seed08532102/iniesta/internal/locknode"
)

// scenario runs a plan of which it knows what has to come of it, and returns 1 where something else did.
type scenario func(t *testing.T, p *plan) (found int)

// TestScenarios has one thing go wrong, for long, and measures what that costs.
func TestScenarios(t *testing.T) {
	for name, run := range map[string]scenario{
		"an outage of the lock nodes burns no receives":                         burntBy((*locknode.Node).Down),
		"lock nodes that refuse writes burn no receives":                        burntBy(refuse),
		"a damaged message costs its neighbours nothing":                        damaging,
		"what is throttled is asked for again and not received again":           throttled,
		"a backlog is fetched by more pollers where receives are never full":    alone,
		"a consumer that cannot finish messages says so":                        silent,
		"a success in an outage of the lock nodes stays invisible until marked": forgetful,
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range setting("INIESTA_SIM_BROKEN_SEEDS", 20) {
				p := newPlan(uint64(seed + 1))
				p.pythons = 0
				if run(t, p) > 0 {
					t.Errorf("seed %d: it is not so", seed+1)
				}
			}
		})
	}
}

// undisturbed has nothing go wrong but what a scenario does.
func (p *plan) undisturbed() {
	p.without, p.trouble, p.pythons = slices.Clone(kinds), 10*time.Minute, 0
}

// measure runs a scenario. Its own trouble says whether something was found.
func measure(t *testing.T, p *plan, trouble func(w *world) bool) (found int) {
	l := simulateWith(t, p, func(w *world) {
		if trouble(w) {
			found = 1
		}
	})
	if len(l.wrong) > 0 && p.broken == nil {
		t.Error(l.wrong, l.trace())
	}
	return found
}

// burntBy finds messages that are received more often in an outage than each consumer may need to notice it.
func burntBy(breaks func(*locknode.Node)) scenario {
	return func(t *testing.T, p *plan) int {
		p.undisturbed()
		return measure(t, p, func(w *world) bool {
			w.withoutMajority(p.trouble, breaks)
			return slices.ContainsFunc(w.left(), func(m left) bool { return m.Receives > 2*p.consumers })
		})
	}
}

// refuse has a node refuse writes, with one code or another.
func refuse(n *locknode.Node) { n.RefuseWrites(locknode.Refusals[n.Commands()%len(locknode.Refusals)]) }

// damaging finds messages that are not handled at their first receive, while another one is always damaged.
func damaging(t *testing.T, p *plan) int {
	p.undisturbed()
	p.fifo, p.backlog, p.receives, p.visibility, p.damaged = false, true, 10, 20*time.Second, strconv.Itoa(p.messages/2)
	return measure(t, p, func(w *world) bool {
		time.Sleep(10 * time.Second)
		return slices.ContainsFunc(w.left(), func(m left) bool { return m.Body != p.damaged })
	})
}

// throttled finds messages that are received again because an entry of a batch was throttled, and not asked for again.
func throttled(t *testing.T, p *plan) int {
	p.undisturbed()
	p.without = slices.DeleteFunc(p.without, func(kind string) bool { return kind == "entries" })
	p.fifo, p.visibility, p.works, p.concurrency, p.maxExtension, p.window = false, 6*time.Second, 5*time.Second, 20, time.Minute, 5*time.Minute
	p.handlerTimeout, p.trouble, p.always = 0, 3*time.Minute, "entries"
	return measure(t, p, func(w *world) bool {
		time.Sleep(p.trouble)
		received := 0
		for _, c := range w.processes() {
			received += int(c.(*goConsumer).client.Stats().Received)
		}
		return received > p.messages
	})
}

// alone finds a backlog that is worked off as if by one poller, where a receive takes half a second and brings nine.
func alone(t *testing.T, p *plan) int {
	const takes = 500 * time.Millisecond
	p.undisturbed()
	p.without = slices.DeleteFunc(p.without, func(kind string) bool { return kind == "capped" })
	p.fifo, p.backlog, p.messages, p.consumers, p.concurrency, p.receives = false, true, 270, 1, 100, 10
	p.leastPollers, p.pollers, p.wait, p.latency, p.visibility = 1, 10, 5*time.Second, takes, 20*time.Second
	return measure(t, p, func(w *world) bool {
		time.Sleep(takes * time.Duration(p.messages/9) / 2)
		return len(w.left()) > 0
	})
}

// silent finds consumers that say they are well while SQS refuses what finishes their messages.
func silent(t *testing.T, p *plan) int {
	p.undisturbed()
	p.backlog, p.works, p.handlerTimeout = true, 0, 0
	denied := deletes
	if p.seed%2 == 0 {
		p.works, denied = 3*p.visibility, shows // which are extended meanwhile
		p.maxExtension, p.concurrency = max(p.maxExtension, 2*p.works), 20
	}
	return measure(t, p, func(w *world) bool {
		said := make(map[consumer]bool)
		w.denied.Store(&[]string{denied})
		for range 30 {
			time.Sleep(10 * time.Second)
			for _, c := range w.processes() {
				said[c] = said[c] || c.(*goConsumer).client.Healthy(context.Background()) != nil
			}
		}
		w.denied.Store(nil)
		return slices.ContainsFunc(w.processes(), func(c consumer) bool {
			return c.(*goConsumer).client.Stats().Handled > 0 && !said[c]
		})
	})
}

// forgetful finds successes that are run again because they could not be marked in time, and became visible.
func forgetful(t *testing.T, p *plan) int {
	p.undisturbed()
	p.without = slices.DeleteFunc(p.without, func(kind string) bool {
		return kind == "majority" || kind == "writes"
	})
	p.fifo, p.backlog, p.consumers, p.concurrency, p.messages, p.trouble = false, false, max(p.consumers, 2), 20, 200, 5*time.Minute
	p.works, p.visibility, p.lockTimeout, p.window, p.handlerTimeout = 2*time.Second, 3*time.Second, 6*time.Second, 5*time.Minute, 0
	l := simulate(t, p)
	if len(l.wrong) > 0 && p.broken == nil {
		t.Error(l.wrong, l.trace())
	}
	return min(len(l.wrong), 1)
}
