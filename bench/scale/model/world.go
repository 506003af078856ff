package model

import (
	"math/rand/v2"
	"slices"
)

// Plan is what to simulate.
type Plan struct {
	Seed       uint64
	Consumers  int
	Rate       float64 // messages a second, at random times
	Regular    bool    // at even times instead
	Backlog    int     // messages that are there at the start
	Seconds    float64 // of simulated time; 0 until the backlog is gone
	Warmup     float64 // seconds that are not counted
	Duplicates float64 // share of messages that SQS delivers twice
	Rolling    float64 // seconds between restarts, one consumer after the other; 0 for none
	Settings
}

// Counts is what happened after the warmup.
type Counts struct {
	Handled, Contended        int
	Receives, Deletes         int // calls; visibility changes are with the deletes
	Redis                     int // commands on each node
	Seconds                   float64
	Wait50, Wait99, WaitWorst float64 // seconds from sending to the handler's start
}

// Calls are all calls of SQS.
func (c Counts) Calls() int { return c.Receives + c.Deletes }

// PerMillion makes a count one for a million messages.
func (c Counts) PerMillion(n int) float64 { return float64(n) * 1e6 / float64(max(c.Handled, 1)) }

// World runs a plan.
type World struct {
	plan    Plan
	clock   *clock
	random  *rand.Rand
	queue   *queue
	counts  Counts
	waits   []float64
	deleted int
	idle    float64 // when the lock nodes have nothing to do any more
}

// redis has the lock nodes do commands, and returns how long those wait for the ones before them.
func (w *World) redis(commands int) float64 {
	w.counts.Redis += commands
	if w.plan.RedisRate == 0 {
		return 0
	}
	wait := max(w.idle-w.clock.now, 0)
	w.idle = w.clock.now + wait + float64(commands)/w.plan.RedisRate
	return wait
}

// Run simulates a plan.
func Run(p Plan) Counts {
	c := &clock{}
	w := &World{plan: p, clock: c, random: rand.New(rand.NewPCG(p.Seed, 1)), queue: &queue{clock: c, backlog: p.Backlog}}
	fleet := make([]*consumer, p.Consumers)
	for i := range fleet {
		fleet[i] = &consumer{world: w, Settings: p.Settings}
		c.after(w.random.Float64(), fleet[i].start) // they do not start at one moment
	}
	if p.Rate > 0 {
		c.after(1, w.produce) // to a fleet that is there
	}
	if p.Rolling > 0 {
		w.roll(fleet, 0)
	}
	if p.Seconds == 0 {
		for w.deleted < p.Backlog {
			c.run(c.now + 1)
		}
	} else {
		c.run(p.Warmup)
		w.counts, w.waits = Counts{}, nil
		c.run(p.Warmup + p.Seconds)
	}
	w.counts.Seconds = c.now - p.Warmup
	w.counts.waits(w.waits)
	return w.counts
}

func (w *World) produce() {
	gap := 1 / w.plan.Rate
	if !w.plan.Regular {
		gap *= w.random.ExpFloat64()
	}
	w.clock.after(gap, func() {
		m := &message{sent: w.clock.now}
		w.queue.put(m)
		if w.random.Float64() < w.plan.Duplicates {
			w.queue.put(m)
		}
		w.produce()
	})
}

// roll replaces one consumer after the other: the new one starts before the old one stops.
func (w *World) roll(fleet []*consumer, i int) {
	w.clock.after(w.plan.Rolling, func() {
		next := &consumer{world: w, Settings: w.plan.Settings}
		next.start()
		fleet[i].stop()
		fleet[i] = next
		w.roll(fleet, (i+1)%len(fleet))
	})
}

const mostWaits = 1_000_000 // that are kept

func (w *World) started(m *message) {
	if w.plan.Rate > 0 && len(w.waits) < mostWaits {
		w.waits = append(w.waits, w.clock.now-m.sent)
	}
}

func (c *Counts) waits(waits []float64) {
	if len(waits) == 0 {
		return
	}
	slices.Sort(waits)
	c.Wait50, c.Wait99, c.WaitWorst = waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1]
}
