package main

import (
	"fmt"
	"os"

	"github.com/seed08532102/iniesta/bench/scale/model"
)

// settings are the defaults of package sqs, with what calls take within a region.
var settings = model.Settings{Concurrency: 100, Pollers: 10, Handler: 0.01, API: 0.01, Redis: 0.001, RedisRate: 500_000}

const duplicates = 0.001 // of messages; SQS says no more than that there are some

// row is one plan with what came of it.
type row struct {
	plan   model.Plan
	counts model.Counts
	name   string
}

type rows []row

func (r *rows) add(name string, p model.Plan) {
	p.Settings, p.Duplicates = settings, duplicates
	fmt.Fprintf(os.Stderr, "%s: %d consumers, %.0f a second, backlog %d\n", name, p.Consumers, p.Rate, p.Backlog)
	*r = append(*r, row{p, model.Run(p), name})
}

type loads struct{ rows }

// steadyLoads are fleets under loads that do not change.
func steadyLoads(seed uint64) loads {
	var l loads
	for _, rate := range []float64{1, 10, 100, 1000, 10_000, 100_000} {
		for _, consumers := range []int{1, 10, 100, 1000} {
			if capacity := float64(consumers) * 8000; rate > capacity {
				continue // a consumer with 100 slots and 10 ms for a message does 10,000 a second at most
			}
			l.add("steady", model.Plan{Seed: seed, Consumers: consumers, Rate: rate, Warmup: 30, Seconds: max(10, min(2000, 100_000/rate))})
		}
	}
	return l
}

type drains struct{ rows }

// backlogs are ten million messages to be worked through.
func backlogs(seed uint64) drains {
	var d drains
	for _, consumers := range []int{1, 3, 10, 30, 100, 300, 1000} {
		d.add("backlog", model.Plan{Seed: seed, Consumers: consumers, Backlog: 10_000_000})
	}
	return d
}

type rollings struct{ rows }

// deployments are 100 consumers under load, replaced one after the other or not.
func deployments(seed uint64) rollings {
	var r rollings
	for _, rolling := range []float64{0, 5, 1, 0.1} {
		name := "none"
		if rolling > 0 {
			name = fmt.Sprintf("one consumer every %g s", rolling)
		}
		r.add(name, model.Plan{Seed: seed, Consumers: 100, Rate: 10_000, Warmup: 30, Seconds: 100, Rolling: rolling})
	}
	return r
}
