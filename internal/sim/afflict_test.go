package sim

import (
	"context"
	"time"
)

// afflict breaks things, one after the other, until the trouble is over.
func (w *world) afflict(ctx context.Context) {
	ends := time.Now().Add(w.trouble)
	for i := 0; time.Now().Before(ends); i++ {
		r := w.draw("affliction", i)
		time.Sleep(between(r, 0, 10*time.Second))
		kinds := []string{"node", "node", "wipe", "majority", "kill", "pause", "stop", "stop", "duplicate", "duplicate", "writes", "writes", "empty", "denied"}
		kind := kinds[r.IntN(len(kinds))]
		if !w.has(kind) {
			continue
		}
		switch kind {
		case "node":
			w.breakNode(i, w.lockTimeout)
		case "wipe":
			w.wipe(r)
		case "majority":
			w.breakMajority(i)
		case "writes":
			w.refuseWrites(i)
		case "kill":
			w.kill(ctx, i)
		case "pause":
			w.pause(i)
		case "stop":
			w.restart(ctx, i)
		case "duplicate":
			w.deliverAgain(ctx, i)
		case "empty":
			w.emptyAtRandom(i)
		case "denied":
			w.denyAtRandom(i)
		}
	}
}
