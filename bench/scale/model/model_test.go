package model_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/bench/scale/model"
)

// docs/benchmarks.md measured these with the real client, at an API latency of 10 ms: the bare loop's call takes 11.5 ms there.
func TestTheModelCallsAsOftenAsWasMeasured(t *testing.T) {
	settings := model.Settings{Concurrency: 100, Pollers: 10, API: 0.0115, Redis: 0.0005}
	for _, tt := range []struct {
		name   string
		plan   model.Plan
		calls  float64 // for 1,000 messages
		within float64
	}{
		{"under load", model.Plan{Backlog: 200_000}, 200, 0.1},
		{"a trickle of 20 a second", model.Plan{Rate: 20, Regular: true, Seconds: 600, Warmup: 10}, 1383, 0.1},
		{"a stream of 100 a second", model.Plan{Rate: 100, Seconds: 600, Warmup: 10}, 771, 0.15},
		{"a stream of 1,000 a second", model.Plan{Rate: 1000, Seconds: 60, Warmup: 10}, 767, 0.15},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.plan.Consumers, tt.plan.Settings = 1, settings
			c := model.Run(tt.plan)
			assert.InEpsilon(t, tt.calls, c.PerMillion(c.Calls())/1000, tt.within)
			assert.InEpsilon(t, 2, float64(c.Redis)/float64(c.Handled), 0.01)
		})
	}
	t.Run("idle", func(t *testing.T) {
		c := model.Run(model.Plan{Consumers: 1, Seconds: 36_000, Warmup: 100, Settings: settings})
		assert.InEpsilon(t, 180, float64(c.Calls())/10, 0.02)
	})
}

func TestOneSeedGivesOneCourseOfEvents(t *testing.T) {
	plan := model.Plan{Seed: 7, Consumers: 5, Rate: 500, Seconds: 20, Duplicates: 0.01, Rolling: 1,
		Settings: model.Settings{Concurrency: 20, Pollers: 4, Handler: 0.02, API: 0.0115, Redis: 0.001}}
	first := model.Run(plan)
	assert.Equal(t, first, model.Run(plan))
	plan.Seed = 8
	assert.NotEqual(t, first, model.Run(plan))
}
