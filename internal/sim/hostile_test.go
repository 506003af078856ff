package sim

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// hostile is an error whose methods are no better than other code. A nil one is an error as well.
type hostile struct {
	world        *world
	method, does string
	cause        error
}

func (e *hostile) Error() string {
	e.act("Error")
	return "the handler failed in a way of its own: " + e.does
}

func (e *hostile) Is(error) bool { e.act("Is"); return false }
func (e *hostile) As(any) bool   { e.act("As"); return false }
func (e *hostile) Unwrap() error { e.act("Unwrap"); return e.cause }

func (e *hostile) act(method string) {
	if e.method != method || e.world.calmed.Load() {
		return
	}
	switch e.does {
	case "panics":
		panic(fmt.Sprintf("%s of an error panicked on purpose. replay: %s", method, e.world.plan))
	case "ends its goroutine":
		runtime.Goexit()
	case "takes its time":
		time.Sleep(5 * time.Second)
	}
}

// unlike cannot be compared.
type unlike []string

func (e unlike) Error() string { return strings.Join(e, " ") }

// several has causes, and some are missing.
type several []error

func (several) Error() string     { return "several causes" }
func (e several) Unwrap() []error { return e }

// hostileError is the failure of a handler as an error that is hard to handle, sometimes.
func (w *world) hostileError(err error, body string, attempt int) error {
	r := w.draw("hostile", body, attempt)
	does := misdeeds[r.IntN(len(misdeeds))]
	e := &hostile{world: w, method: []string{"Error", "Is", "As", "Unwrap"}[r.IntN(4)], does: does, cause: err}
	switch r.IntN(8) {
	case 0:
		return (*hostile)(nil)
	case 1:
		return unlike{"it", "failed"}
	case 2:
		return several{nil, e, nil}
	case 3:
		return sqs.RetryAfter(2*time.Second, e)
	case 4:
		return fmt.Errorf("wrapped: %w", e)
	case 5:
		return errors.Join(err, e)
	}
	return e
}

// meddle has a handler do to its message what it may: it is the handler's.
func (w *world) meddle(ctx context.Context, m *sqs.Message, body string, attempt int) {
	r := w.draw("message", body, attempt)
	if !w.has("message") || w.calmed.Load() || r.IntN(3) > 0 {
		return
	}
	w.meddled.Store(m.MessageID, true)
	switch r.IntN(8) {
	case 0:
		m.Attributes = nil
	case 1:
		m.MessageAttributes = nil
	case 2:
		m.MessageID = "changed"
	case 3:
		m.ReceiptHandle = "changed"
	case 4:
		m.RawBody, m.MD5OfBody = "", ""
	case 5:
		*m = sqs.Message{}
	case 6: // kept, and changed when the handler has returned
		w.buffers.Go(func() {
			time.Sleep(between(r, 0, time.Second))
			m.MessageID, m.ReceiptHandle, m.Attributes = "changed", "changed", nil
		})
	default:
		w.sendAgain(ctx, m, body, attempt)
	}
}

// sendAgain sends the message on, as another.
func (w *world) sendAgain(ctx context.Context, m *sqs.Message, body string, attempt int) {
	if strings.Contains(body, "again") {
		return
	}
	again := body + "again" + strconv.Itoa(attempt)
	m.RawBody = again
	if w.fifo {
		if err := errors.Join(m.SetGroup(again), m.SetDeduplicationID(again)); err != nil {
			panic(err)
		}
	}
	if m.Send(ctx) == nil {
		w.ledger.sentAgain(again)
	}
}
