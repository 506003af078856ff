package sim

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// tracer puts what a client logs of a message into the message's life.
type tracer struct {
	ledger  *ledger
	process *process
	out     *callouts
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
	if id != "" {
		t.note(id, r.Message, why, r.Time)
	}
	t.out.call(nowAndThen/4, "logger", id, r.Message)
	return nil
}

func (t tracer) note(id, what, why string, at time.Time) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	life := t.ledger.life(id)
	t.ledger.note(life, "%s: %s%s", t.process.name, strings.TrimPrefix(what, "[INIESTA] "), why)
	if strings.HasPrefix(why, ": "+sqs.ErrLockLost.Error()) {
		t.ledger.lostLock(life, t.process, at)
	}
}

// note is what happened to a message, once or again and again.
type note struct {
	first, last time.Duration
	text        string
	times       int
}

func (n note) String() string {
	if n.times == 1 {
		return fmt.Sprintf("%9.3f  %s", n.first.Seconds(), n.text)
	}
	return fmt.Sprintf("%9.3f  %s (%d times, until %.3f)", n.first.Seconds(), n.text, n.times, n.last.Seconds())
}

func (m *life) add(at time.Duration, text string) {
	if n := len(m.notes); n > 0 && m.notes[n-1].text == text {
		m.notes[n-1].times++
		m.notes[n-1].last = at
		return
	}
	m.notes = append(m.notes, note{at, at, text, 1})
}

// trace is the life of the message that went wrong first, and on a FIFO queue of those of its group, in their order.
func (l *ledger) trace() string {
	if l.wrongLife == nil {
		return ""
	}
	text := &strings.Builder{}
	l.wrongLife.write(text)
	others := slices.Collect(maps.Values(l.lives))
	slices.SortFunc(others, func(a, b *life) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.id, b.id)) })
	for _, other := range others {
		if l.plan.fifo && other != l.wrongLife && other.group == l.wrongLife.group {
			fmt.Fprintf(text, "message %s of its group:\n", other.id)
			other.write(text)
		}
	}
	return text.String()
}

func (m *life) write(text *strings.Builder) {
	for _, n := range m.notes {
		fmt.Fprintln(text, n)
	}
}
