package sim

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func setting(name string, normal int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return normal
}

func list(name string) []string {
	return strings.FieldsFunc(os.Getenv(name), func(r rune) bool { return r == ',' })
}

// TestPromises runs many seeds. INIESTA_SIM_SEEDS says how many, INIESTA_SIM_SEED runs one. Of many, INIESTA_SIM_WITH
// and INIESTA_SIM_WITHOUT name kinds of faults that each has, or none. INIESTA_SIM_DOES, one of misdeeds, is the only
// thing that code of the user's does where it misbehaves.
func TestPromises(t *testing.T) {
	if one := setting("INIESTA_SIM_SEED", 0); one != 0 {
		p := newPlan(uint64(one))
		if without, given := os.LookupEnv("INIESTA_SIM_WITHOUT"); given {
			p.without = strings.Split(without, ",")
		}
		p.messages, p.does = setting("INIESTA_SIM_MESSAGES", p.messages), os.Getenv("INIESTA_SIM_DOES")
		t.Logf("%+v", *p)
		report(t, p, simulate(t, p))
		return
	}
	first, seeds := setting("INIESTA_SIM_FIRST", 1), setting("INIESTA_SIM_SEEDS", 60)
	shards := runtime.GOMAXPROCS(0)
	for shard := range shards {
		t.Run("shard "+strconv.Itoa(shard), func(t *testing.T) {
			t.Parallel()
			var done tally
			for seed := first + shard; seed < first+seeds; seed += shards {
				p := newPlan(uint64(seed))
				p.does = os.Getenv("INIESTA_SIM_DOES")
				p.ask(list("INIESTA_SIM_WITH"), list("INIESTA_SIM_WITHOUT"))
				l := simulate(t, p)
				report(t, p, l)
				if done.add(l); done.seeds%10_000 == 0 {
					t.Log(done)
				}
			}
			t.Log(done)
		})
	}
}

// tally is what simulations came to.
type tally struct{ seeds, messages, runs, successes int }

func (d *tally) add(l *ledger) {
	d.seeds++
	d.messages += len(l.lives)
	for _, m := range l.lives {
		d.runs += len(m.runs)
		if m.succeeded != nil {
			d.successes++
		}
	}
}

func (d tally) String() string {
	return fmt.Sprintf("%d simulations: %d messages, %d of them handled, by %d handlers that ran", d.seeds, d.messages, d.successes, d.runs)
}

// report fails the test where the ledger does, with the line that runs it again, made as small as is cheap.
func report(t *testing.T, p *plan, l *ledger) {
	t.Helper()
	if len(l.wrong) == 0 {
		return
	}
	small, l := shrink(t, p, l)
	t.Errorf("%s\n%s\nreplay: %s\n(what happens in one instant is in the order of Go's scheduler: where it passes, add -count=500)", strings.Join(l.wrong[:min(len(l.wrong), 5)], "\n"), l.trace(), small)
}

// shrink leaves out kinds of faults and messages that the failure does not need.
func shrink(t *testing.T, p *plan, l *ledger) (*plan, *ledger) {
	try := func(change func(*plan)) {
		smaller := *p
		smaller.without = append([]string(nil), p.without...)
		change(&smaller)
		if found := simulate(t, &smaller); len(found.wrong) > 0 {
			p, l = &smaller, found
		}
	}
	for _, kind := range kinds {
		if p.has(kind) {
			try(func(smaller *plan) { smaller.without = append(smaller.without, kind) })
		}
	}
	for range 3 {
		if p.messages > 2 {
			try(func(smaller *plan) { smaller.messages /= 2 })
		}
	}
	return p, l
}
