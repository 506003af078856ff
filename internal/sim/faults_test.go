package sim

import (
	"context"
	"net/http"
	"slices"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// codes are errors of the API, with their status.
var codes = []struct {
	code   string
	status int
}{
	{"InternalFailure", 500}, {"ServiceUnavailable", 503}, {"RequestThrottled", 400}, {"ThrottlingException", 400}, {"OverLimit", 403},
	{"AccessDenied", 403}, {"ExpiredToken", 403}, {"InvalidClientTokenId", 403}, {"RequestExpired", 400}, {"SignatureDoesNotMatch", 403},
	{"KmsThrottled", 400}, {"AWS.SimpleQueueService.NonExistentQueue", 400}, {"InvalidAddress", 404}, {"", http.StatusBadGateway},
}

// fault is what goes wrong with a call.
func (w *world) fault(c localaws.Call) (f localaws.Fault) {
	r := w.draw("call", c.Operation, c.N)
	if r.IntN(100) < 75 {
		return f
	}
	receives := c.Operation == "ReceiveMessage"
	kind := []string{"api", "api", "lost", "lost", "slow-api", "batch", "duplicate", "duplicate"}[r.IntN(8)]
	if !w.has(kind) {
		return f
	}
	switch kind {
	case "api":
		e := codes[r.IntN(len(codes))]
		f.Code, f.Status = e.code, e.status
		if e.code == "" {
			f.Code, f.Cut = "", true
		}
	case "lost":
		f.Lose = true
	case "slow-api":
		f.DelayAfter = between(r, 0, 2*w.visibility)
	case "batch":
		f.Entries = func(i int) *localaws.EntryFault {
			if w.draw("entry", c.Operation, c.N, i).IntN(2) == 0 {
				return nil
			}
			return &localaws.EntryFault{Code: "InternalError", SenderFault: i%3 == 0}
		}
	case "duplicate":
		f.Again, f.Twice = receives && r.IntN(2) == 0, receives && r.IntN(2) == 0
	}
	return f
}

// afflict breaks things, one after the other, until the trouble is over.
func (w *world) afflict(ctx context.Context) {
	ends := time.Now().Add(w.trouble)
	for i := 0; time.Now().Before(ends); i++ {
		r := w.draw("affliction", i)
		time.Sleep(between(r, 0, 10*time.Second))
		kind := []string{"node", "node", "wipe", "majority", "kill", "pause", "stop", "stop", "duplicate", "duplicate"}[r.IntN(10)]
		if !w.has(kind) {
			continue
		}
		switch kind {
		case "node":
			w.breakNode(i, w.lockTimeout)
		case "wipe": // always the same one: the others keep the data
			w.nodes[0].Down()
			time.Sleep(between(r, 0, 3*time.Second))
			w.nodes[0].Wipe()
			w.nodes[0].Up()
		case "majority":
			w.breakMajority(i)
		case "kill":
			w.kill(ctx, i)
		case "pause":
			w.pause(i)
		case "stop":
			w.restart(ctx, i)
		case "duplicate":
			w.deliverAgain(ctx, i)
		}
	}
}

// breakNode has one node down, hung, mute, standing still or slow for a while.
func (w *world) breakNode(i int, most time.Duration) {
	r := w.draw("node", i)
	node := w.nodes[r.IntN(len(w.nodes))]
	switch r.IntN(5) {
	case 0:
		node.Down()
	case 1:
		node.Hang()
	case 2:
		node.Mute()
	case 3:
		node.Stall()
	case 4:
		node.SetLatency(between(r, 0, 400*time.Millisecond))
	}
	time.Sleep(between(r, 0, most))
	node.Up()
	node.SetLatency(0)
	time.Sleep(2*time.Second + most) // until it is asked again, and what is held is on it again
}

// breakMajority has all but a minority down.
func (w *world) breakMajority(i int) {
	r := w.draw("majority", i)
	w.ledger.outage(true)
	for _, n := range w.nodes[:len(w.nodes)/2+1] {
		[]func(){n.Down, n.Hang, n.Mute, n.Stall}[r.IntN(4)]()
	}
	time.Sleep(between(r, time.Second, 30*time.Second))
	for _, n := range w.nodes {
		n.Up()
	}
	time.Sleep(3 * time.Second) // nodes that failed are asked again within a second
	w.ledger.outage(false)
	time.Sleep(w.lockTimeout)
}

// breakFor has a majority down for a time.
func (w *world) breakFor(d time.Duration) {
	w.ledger.outage(true)
	for _, n := range w.nodes[:len(w.nodes)/2+1] {
		n.Down()
	}
	time.Sleep(d)
	w.ledger.outage(false)
}

// deliverAgain makes messages that run visible, some of them every second for a while.
func (w *world) deliverAgain(ctx context.Context, i int) {
	api := w.sdk(w.server.Transport())
	for second := range 5 {
		for _, m := range w.server.Inspect(w.queue()).Messages {
			if m.InFlight && w.draw("again", i, second, m.Body).IntN(2) == 0 {
				_, _ = api.ChangeMessageVisibility(ctx, &awssqs.ChangeMessageVisibilityInput{QueueUrl: &w.url, ReceiptHandle: &m.Handle}) // may be out
			}
		}
		time.Sleep(time.Second)
	}
}

// one draws a process that lives.
func (w *world) one(i int) consumer {
	living := slices.DeleteFunc(w.processes(), func(c consumer) bool { return c.process().still() })
	if len(living) == 0 {
		return nil
	}
	return living[w.draw("process", i).IntN(len(living))]
}

// another starts a process of a kind.
func (w *world) another(ctx context.Context, python bool) {
	if python {
		w.add(w.newPython(ctx))
		return
	}
	w.buffers.Go(func() { w.add(w.newGo(ctx)) }) // the API may keep it waiting
}

// kill ends a process in the middle of whatever it does, and starts another.
func (w *world) kill(ctx context.Context, i int) {
	c := w.one(i)
	if c == nil {
		return
	}
	c.process().freeze(true)
	time.Sleep(between(w.draw("kill", i), 0, 5*time.Second))
	w.another(ctx, c.process().python)
}

// pause has a process stand still, for longer than its locks and messages bear.
func (w *world) pause(i int) {
	c := w.one(i)
	if c == nil {
		return
	}
	c.process().freeze(false)
	time.Sleep(between(w.draw("pause", i), 0, 2*(w.lockTimeout+w.visibility)))
	c.process().thaw(false)
}

// restart stops a process gracefully and starts another.
func (w *world) restart(ctx context.Context, i int) {
	c := w.one(i)
	if c == nil {
		return
	}
	w.mu.Lock()
	w.consumers = slices.DeleteFunc(w.consumers, func(other consumer) bool { return other == c })
	w.mu.Unlock()
	w.buffers.Go(func() {
		w.stop(ctx, c)
		time.Sleep(w.maxExtension * 2)
		c.clear()
	})
	w.another(ctx, c.process().python)
}

// stop stops a process, and looks at how long that takes.
func (w *world) stop(ctx context.Context, c consumer) {
	began := time.Now()
	c.process().toldToStop()
	_ = c.stop(ctx) // what could not be drained in time is cleared later
	if took := time.Since(began); took > w.shutdown+graceOfAStop && !c.process().python {
		w.ledger.failProcess("%s took %s to stop, of %s", c.process().name, took, w.shutdown)
	}
}
