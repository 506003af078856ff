package sim

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
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

// throttles are codes of single entries of a batch. SQS calls them the sender's fault.
var throttles = []string{"RequestThrottled", "ThrottlingException", "KmsThrottled"}

// fault is what goes wrong with a call.
func (w *world) fault(c localaws.Call) (f localaws.Fault) {
	r := w.draw("call", c.Operation, c.N)
	receives := c.Operation == "ReceiveMessage"
	switch {
	case w.isDenied(c.Operation):
		return localaws.Fault{Code: "AccessDenied", Status: http.StatusForbidden}
	case receives && w.empty.Load():
		f.Empty = true
		return f
	}
	if receives {
		f.DelayAfter = w.latency
	}
	if w.damaged != "" {
		f.Spoil = func(body string) bool { return body == w.damaged }
	}
	if w.has("capped") {
		f.Most = max(w.receives-1, 1) // never full
	}
	if w.has("spoiled") && w.draw("spoiled", c.N).IntN(5) == 0 { // few calls of all are receives
		f.Spoil = func(body string) bool { return w.draw("spoiled", c.N, body).IntN(4) == 0 }
	}
	kind := w.kindOfCall(r)
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
	case "entries":
		f.Entries = w.throttledEntries(c)
	case "duplicate":
		f.Again, f.Twice = receives && r.IntN(2) == 0, receives && r.IntN(2) == 0
	case "empty":
		f.Empty = true
	}
	return f
}

// kindOfCall draws what goes wrong with a call: with most of them nothing does.
func (w *world) kindOfCall(r *rand.Rand) string {
	if w.always != "" || r.IntN(100) < 75 {
		return w.always
	}
	return []string{"api", "api", "lost", "lost", "slow-api", "batch", "duplicate", "duplicate", "entries", "empty"}[r.IntN(10)]
}

// throttledEntries fails entries as SQS does where a key or a queue is asked too often. It does so for a second
// and not for the next: who asks again for twenty seconds comes through.
func (w *world) throttledEntries(c localaws.Call) func(i int) *localaws.EntryFault {
	if time.Since(w.ledger.began)/time.Second%2 == 1 {
		return nil
	}
	return func(i int) *localaws.EntryFault {
		r := w.draw("throttled", c.Operation, c.N, i)
		if r.IntN(3) == 0 {
			return nil
		}
		return &localaws.EntryFault{Code: throttles[r.IntN(len(throttles))], SenderFault: true}
	}
}

// deny has SQS refuse every call of operations for a while, as after a change of a policy or of a key.
func (w *world) deny(d time.Duration, operations ...string) {
	w.denied.Store(&operations)
	time.Sleep(d)
	w.denied.Store(nil)
}

func (w *world) isDenied(operation string) bool {
	denied := w.denied.Load()
	return denied != nil && slices.ContainsFunc(*denied, func(prefix string) bool { return strings.HasPrefix(operation, prefix) })
}

// The calls that finish a message, with and without a batch.
const deletes, shows = "DeleteMessage", "ChangeMessageVisibility"

// denyAtRandom denies deletes, visibility changes or both.
func (w *world) denyAtRandom(i int) {
	r := w.draw("denied", i)
	operations := [][]string{{deletes}, {shows}, {deletes, shows}}[r.IntN(3)]
	w.deny(between(r, 5*time.Second, time.Minute), operations...)
}

// emptyAtRandom has every receive return at once with nothing for a while.
func (w *world) emptyAtRandom(i int) {
	w.empty.Store(true)
	time.Sleep(between(w.draw("empty", i), time.Second, 20*time.Second))
	w.empty.Store(false)
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
