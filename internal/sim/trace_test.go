package sim

import (
	"context"
	"log/slog"
	"strings"

	"github.com/seed08532102/iniesta/sqs"
)

// tracer puts what a client logs of a message into the message's life.
type tracer struct {
	ledger  *ledger
	process *process
}

func (t tracer) Enabled(context.Context, slog.Level) bool { return true }
func (t tracer) WithAttrs([]slog.Attr) slog.Handler       { return t }
func (t tracer) WithGroup(string) slog.Handler            { return t }

func (t tracer) Handle(_ context.Context, r slog.Record) error {
	id, why := "", ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "sqs_message_id":
			id = a.Value.String()
		case "error":
			why = ": " + a.Value.String()
		}
		return true
	})
	if id == "" {
		return nil
	}
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	life := t.ledger.life(id)
	if strings.HasPrefix(why, ": "+sqs.ErrLockLost.Error()) { // also where the context had ended before, by a timeout
		for _, run := range life.runs {
			run.lost = run.lost || run.process == t.process && run.to.IsZero()
		}
	}
	t.ledger.note(life, "%s: %s%s", t.process.name, strings.TrimPrefix(r.Message, "[INIESTA] "), why)
	return nil
}
