package sim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// plan is a simulation before it runs: everything that its seed draws at once. What happens on the way is
// drawn from the seed and what it happens to, not from the order of events, so that a seed can be replayed.
type plan struct {
	seed      uint64
	fifo      bool
	consumers int // that speak as this library does
	pythons   int // that speak as Python's does
	producers int
	messages  int
	backlog   bool // the messages are there from the start
	nodes     int
	trouble   time.Duration // before the calm
	calm      time.Duration // at most, after it

	visibility, lockTimeout, shutdown, handlerTimeout, maxExtension time.Duration
	window, wait                                                    time.Duration // of idempotency, of a long poll
	concurrency, pollers, leastPollers, receives, tries             int           // receives is how many messages one brings at most
	olderDelete, olderChangeNothing                                 bool          // what SQS does with older receipt handles
	asksVisibility, backsOff                                        bool          // the visibility timeout is not the queue's; failures are retried by their number

	works, latency time.Duration // of every handler, of every receive; 0 where they are drawn, or take no time
	damaged        string        // a body that always arrives damaged
	always         string        // a kind of fault that every call has; empty where it is drawn
	does           string        // what code of the user's does where it misbehaves; empty for one thing or another

	without []string // kinds of faults that do not happen
	broken  breakage // nil but for variants that are to be caught
}

// The kinds of faults: of SQS, of the lock nodes, of handlers, of other code that the user gives, of processes.
var kinds = slices.Concat([]string{"api", "lost", "slow-api", "batch", "duplicate", "node", "wipe", "clock", "majority", "handler", "kill", "pause", "stop"}, rareKinds)

// Of these a seed has a few: one hides another, and the rest has to stay what it is without.
var rareKinds = []string{"entries", "spoiled", "empty", "capped", "denied", "writes", "errors", "message", "logger", "locker", "spans", "hook", "backoff", "sdk"}

// outages are those beside which no node may lose its data.
var outages = []string{"node", "majority", "writes"}

func newPlan(seed uint64) *plan {
	p := &plan{seed: seed}
	r := rand.New(rand.NewPCG(seed, 1))
	p.fifo = r.IntN(3) == 0
	p.consumers = 1 + r.IntN(4)
	if r.IntN(10) == 0 {
		p.consumers += r.IntN(5) // up to eight
	}
	if !p.fifo && r.IntN(3) == 0 { // Python keeps no order
		p.pythons = 1 + r.IntN(2)
	}
	p.producers = 1 + r.IntN(2)
	p.messages = 10 + r.IntN(40)
	p.nodes = 3 + 2*r.IntN(2)
	p.trouble = time.Duration(60+r.IntN(240)) * time.Second
	p.calm = time.Hour
	p.visibility = time.Duration(2+r.IntN(20)) * time.Second
	p.lockTimeout = time.Duration(2+r.IntN(9)) * time.Second
	p.shutdown = time.Duration(1+r.IntN(15)) * time.Second
	p.maxExtension = time.Duration(40+r.IntN(100)) * time.Second
	if r.IntN(2) == 0 {
		p.handlerTimeout = time.Duration(5+r.IntN(20)) * time.Second
	}
	p.concurrency = 1 + r.IntN(20)
	// A node that loses its data beside others that were down when a mark was written is more than the
	// promise bears, so a seed has the one or the other.
	if r.IntN(2) == 0 {
		p.without = append(p.without, "wipe")
	} else {
		p.without = append(p.without, outages...)
	}
	for _, k := range kinds { // not every kind each time: some faults hide others
		often := 3
		if slices.Contains(rareKinds, k) {
			often = 1
		}
		if r.IntN(4) >= often && !slices.Contains(p.without, k) {
			p.without = append(p.without, k)
		}
	}
	p.backlog = r.IntN(3) == 0
	p.window = []time.Duration{0, 30 * time.Second, 300 * time.Second, 300 * time.Second}[r.IntN(4)]
	p.wait = time.Duration(1+r.IntN(20)) * time.Second
	p.pollers, p.receives, p.tries = 1+r.IntN(10), 1+r.IntN(10), 1+r.IntN(3)
	p.leastPollers = 1 + r.IntN(p.pollers)
	p.olderDelete, p.olderChangeNothing = r.IntN(2) == 0, r.IntN(2) == 0
	p.asksVisibility, p.backsOff = r.IntN(3) == 0, r.IntN(3) == 0 || p.has("backoff")
	return p
}

// ask has the plan do with kinds of faults, and without others.
func (p *plan) ask(with, without []string) {
	if slices.ContainsFunc(with, func(kind string) bool { return slices.Contains(outages, kind) }) {
		without = append(without, "wipe")
	}
	p.without = slices.DeleteFunc(p.without, func(kind string) bool { return slices.Contains(with, kind) })
	p.without = append(p.without, without...)
}

func (p *plan) has(kind string) bool { return !slices.Contains(p.without, kind) }

// draw is a source of chance for one thing that happens.
func (p *plan) draw(what ...any) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, what...)
	return rand.New(rand.NewPCG(p.seed, h.Sum64()))
}

// String says how to run it again.
func (p *plan) String() string {
	without := slices.Compact(slices.Sorted(slices.Values(p.without)))
	does := ""
	if p.does != "" {
		does = fmt.Sprintf("INIESTA_SIM_DOES=%q ", p.does)
	}
	return fmt.Sprintf("%sINIESTA_SIM_SEED=%d INIESTA_SIM_WITHOUT=%s INIESTA_SIM_MESSAGES=%d go test ./internal/sim -run Promises -v",
		does, p.seed, strings.Join(without, ","), p.messages)
}

// between draws a time.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}
