package sim

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

var errHandler = errors.New("the handler failed")

var errLater = errors.New("later")

// handle is the handler of both languages. What it does is drawn from the message and from how often it
// ran. Only Go's has a message that it can change.
func (w *world) handle(ctx context.Context, p *process, m *sqs.Message, id, body string) (err error) {
	told := ctx
	if p.python {
		told = nil
	}
	run := w.ledger.start(told, p, id, body)
	ended := false
	defer func() {
		if !ended { // a panic, or the end of the goroutine
			w.ledger.end(id, run, errHandler)
		}
	}()
	attempt := w.ledger.attempts(id)
	err = w.work(ctx, p, body, attempt)
	if m != nil {
		w.meddle(ctx, m, body, attempt)
	}
	ended = true
	w.ledger.end(id, run, err)
	return w.returned(p, err, body, attempt)
}

// returned is what a handler returns for how it ended.
func (w *world) returned(p *process, err error, body string, attempt int) error {
	switch {
	case errors.Is(err, errLater):
		return sqs.RetryAfter(3*time.Second, err)
	case err != nil && !p.python && w.has("errors"):
		return w.hostileError(err, body, attempt)
	}
	return err
}

func (w *world) work(ctx context.Context, p *process, body string, attempt int) error {
	r := w.draw("handler", body, attempt)
	if w.works > 0 {
		return p.rest(context.Background(), w.works)
	}
	if !w.has("handler") || attempt > 6 { // in the end everything succeeds
		return p.rest(context.Background(), between(r, 0, 50*time.Millisecond))
	}
	switch n := r.IntN(100); {
	case n < 60:
		return p.rest(context.Background(), between(r, 0, 200*time.Millisecond))
	case n < 70:
		return p.rest(ctx, between(r, time.Second, 30*time.Second)) // heeds its context
	case n < 78:
		return p.rest(context.Background(), between(r, time.Second, 30*time.Second)) // does not
	case n < 80:
		return p.rest(context.Background(), w.maxExtension+between(r, 0, 20*time.Second)) // past every timeout
	case n < 88:
		return errHandler
	case n < 92:
		return errLater
	case n < 94:
		panic("the handler panicked")
	case n < 96 && !p.python:
		runtime.Goexit()
	}
	_ = p.rest(context.Background(), between(r, 0, 3*time.Second))
	return nil
}

// attempts is how often handlers began a message, this time included.
func (l *ledger) attempts(id string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.life(id).runs)
}
