package sim

import (
	"testing"

	"github.com/seed08532102/iniesta/sqs"
)

// TestTheSimulationSeesThatARareFaultIsNotBorne runs consumers that cannot bear one kind of fault each.
func TestTheSimulationSeesThatARareFaultIsNotBorne(t *testing.T) {
	for name, b := range map[string]breach{
		"writes: the nodes are asked with a read":                      {broken: asksWithRead, measured: burntBy(refuse)},
		"writes: what cannot be marked is not kept invisible":          {broken: withProcess(func(w *world, _ *goConsumer, a sqs.API) sqs.API { return letsGo{a, w} }), measured: forgetful},
		"empty: early answers are asked for again at once":             {broken: withProcess(func(_ *world, _ *goConsumer, a sqs.API) sqs.API { return impatient{a} }), kind: "empty", says: "asks more than"},
		"capped: what is not full is taken for a drained queue":        {broken: withOnePoller, measured: alone},
		"spoiled: the whole receive is refused":                        {broken: withProcess(func(_ *world, _ *goConsumer, a sqs.API) sqs.API { return allOrNothing{a} }), measured: damaging},
		"spoiled: checksums are not looked at":                         {broken: withProcess(func(_ *world, _ *goConsumer, a sqs.API) sqs.API { return unchecked{a} }), kind: "spoiled", says: "that nobody sent"},
		"entries: what is throttled is given up":                       {broken: withProcess(func(_ *world, _ *goConsumer, a sqs.API) sqs.API { return givesUp{a} }), measured: throttled},
		"denied: refusals are not in Healthy":                          {broken: withProcess(func(_ *world, _ *goConsumer, a sqs.API) sqs.API { return hidesRefusals{a} }), measured: silent},
		"errors: an error that is none of the usual is taken for none": {broken: withMiddleware(takesStrangeForNone), kind: "errors", says: "no handler has succeeded"},
		"message: a message is deleted with what its handler left":     {broken: withProcess(func(w *world, _ *goConsumer, a sqs.API) sqs.API { return trusts{a, w} }), kind: "message", says: "still in the queue"},
		"logger: a slow line about one message stops others":           {broken: logsInTurn, kind: "logger", does: "takes its time", says: "lost its lock, and nothing was wrong"},
		"locker: a lock that panics keeps its message":                 {broken: keepsAfter("locker"), kind: "locker", does: "panics", says: "still holds"},
		"spans: a success whose span fails is not marked":              {broken: failsWithItsSpan, kind: "spans", does: "takes its time", says: "had succeeded"},
		"hook: receiving ends with the hook":                           {broken: withProcess(func(_ *world, c *goConsumer, a sqs.API) sqs.API { return endsWith{a, c, "hook"} }), kind: "hook", says: "is not healthy"},
		"backoff: a backoff that panics keeps its message":             {broken: keepsAfter("backoff"), kind: "backoff", does: "panics", says: "still holds"},
		"sdk: receiving ends with a call that panics":                  {broken: withProcess(func(_ *world, c *goConsumer, a sqs.API) sqs.API { return endsWith{a, c, "sdk"} }), kind: "sdk", does: "panics", says: "is not healthy"},
	} {
		t.Run(name, func(t *testing.T) { b.isNoticed(t, name) })
	}
}
