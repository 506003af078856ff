package consumer

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

// Healthy returns nil while the run does its work, and otherwise an error that says why it does not. It asks nobody.
func (r *Run) Healthy() error {
	if overdue := r.inflight.overdue(); overdue >= r.Concurrency {
		return fmt.Errorf("%w: all %d of %s run on although their contexts have ended, and nothing else can run: "+
			"have handlers end with their context, and restart", ErrHandlerTimeout, overdue, r.Queue.Name)
	}
	if reason := r.breaker.reason(); reason != nil {
		return fmt.Errorf("receiving pauses: %w", reason)
	}
	if err := r.acker.healthy(); err != nil {
		return err
	}
	if err := r.marks.problem(); err != nil {
		return fmt.Errorf("%w: handled messages cannot be marked: %w", ErrNotSettled, err)
	}
	return r.receiving()
}

// receiving judges the receives: failing, or silent for longer than three of them may take. A consumer whose slots are
// all taken does not receive and is well.
func (r *Run) receiving() error {
	failures, success, last := r.receipt.snapshot()
	if success.Before(r.started) {
		success = r.started
	}
	silent := time.Since(success)
	limit := 3 * max(r.ReceiveWaitTime, 5*time.Second)
	if failures > 0 && (silent > limit || failures >= unhealthyFailures) {
		return fmt.Errorf("receiving from %s failed %d times in a row, last success %s ago: %w",
			r.Queue.Name, failures, silent.Round(time.Second), last)
	}
	if silent <= limit {
		return nil
	}
	switch pollers, polling, hook := r.receiver.state(); {
	case pollers == 0:
		return fmt.Errorf("nothing receives from %s: no poller is left: restart", r.Queue.Name)
	case hook > limit:
		return fmt.Errorf("the post-receive hook has not returned for %s, and %s is not received from: have it return",
			hook.Round(time.Second), r.Queue.Name)
	case polling:
		return fmt.Errorf("no receive from %s has succeeded for %s", r.Queue.Name, silent.Round(time.Second))
	}
	return nil
}

// state is how many pollers and helpers there are, whether a receive is under way, and how long the oldest call of the
// post-receive hook has been.
func (r *receiver) state() (pollers int, polling bool, hook time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, began := range r.hooks {
		hook = max(hook, time.Since(began))
	}
	return r.running + r.helping, len(r.open) > 0, hook
}

// unhealthyFailures in a row are an outage, however short.
const unhealthyFailures = 3

// receiveHealth is the outcome of the latest receives.
type receiveHealth struct {
	log func(failures int, err error)

	mu       sync.Mutex
	failures int // since the last success
	last     error
	success  time.Time
}

// failed notes a failed receive and returns how long to wait before the next.
func (h *receiveHealth) failed(err error) time.Duration {
	h.mu.Lock()
	h.failures++
	h.last = err
	failures := h.failures
	h.mu.Unlock()
	if failures&(failures-1) == 0 { // the first, then at each doubling
		h.log(failures, err)
	}
	return backoff(failures)
}

func (h *receiveHealth) succeeded() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures, h.last, h.success = 0, nil, time.Now()
}

func (h *receiveHealth) snapshot() (failures int, success time.Time, last error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.failures, h.success, h.last
}

// backoff draws the wait after a number of failures in a row: full jitter from a floor of one second
// to a bound that doubles from two seconds to thirty.
func backoff(failures int) time.Duration {
	const floor, most = time.Second, 30 * time.Second
	bound := min(most, floor<<min(failures, 5))
	return floor + rand.N(bound-floor)
}

// callHealth is the outcome of the latest calls of one kind that settle messages.
type callHealth struct {
	mu       sync.Mutex
	failures int       // calls since the last one in which an entry was taken
	since    time.Time // the first of them
	latest   time.Time
	last     error
}

// note takes in the outcomes of the entries of a call. An entry that is refused for what it says shows that the call
// itself is allowed.
func (h *callHealth) note(outcomes []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, err := range outcomes {
		if err == nil || awsclient.Final(err) {
			h.failures, h.last = 0, nil
			return
		}
		h.last = err
	}
	h.latest = time.Now()
	if h.failures++; h.failures == 1 {
		h.since = h.latest
	}
}

// callMemory is how long a failure counts after which nothing was asked for.
const callMemory = time.Minute

// problem is why the calls have come to nothing of late: at once where SQS refuses them for a permission or a key, else
// after some failures.
func (h *callHealth) problem() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failures == 0 || time.Since(h.latest) > callMemory {
		return nil
	}
	if _, refused := awsclient.AccessProblem(h.last, ""); refused || h.failures >= unhealthyFailures {
		return fmt.Errorf("%d calls in a row failed for %s: %w", h.failures, time.Since(h.since).Round(time.Second), h.last)
	}
	return nil
}
