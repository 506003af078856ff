package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// show prints a line for each step of a message's path. It is the client's log handler: the client
// logs every step at debug level.
type show struct {
	out   io.Writer
	began time.Time

	mu    sync.Mutex
	short map[string]string // message id -> a name people can follow
	runs  map[string]int    // handler -> how often it succeeded
	fails map[string]int    // handler -> how often it failed
}

func newShow(out io.Writer) *show {
	return &show{out: out, began: time.Now(), short: map[string]string{}, runs: map[string]int{}, fails: map[string]int{}}
}

// Enabled, Handle, WithAttrs and WithGroup make show a slog.Handler.
func (s *show) Enabled(context.Context, slog.Level) bool { return true }
func (s *show) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s *show) WithGroup(string) slog.Handler            { return s }

func (s *show) Handle(_ context.Context, r slog.Record) error {
	fields := map[string]string{}
	r.Attrs(func(a slog.Attr) bool { fields[a.Key] = a.Value.String(); return true })
	handler := fields["handler_name"]
	text := strings.TrimPrefix(strings.TrimPrefix(r.Message, "[INIESTA] "), "Message ")
	s.mu.Lock()
	switch {
	case text == "handled successfully":
		s.runs[handler]++
		text = "handled by " + handler
	case r.Level == slog.LevelError && handler != "":
		s.fails[handler]++
		text = "FAILED in " + handler + ": " + strings.TrimPrefix(text, "Error while handling message: ")
	}
	s.mu.Unlock()
	if event := fields["iniesta_pass"]; event != "" {
		text = fmt.Sprintf("%-24s %s", event, text)
	}
	s.line(fields["sqs_message_id"], text)
	return nil
}

// line prints a step, with the time since the start.
func (s *show) line(id, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id != "" && s.short[id] == "" {
		s.short[id] = fmt.Sprintf("#%d", len(s.short)+1)
	}
	fmt.Fprintf(s.out, "%6.3f  %-4s %s\n", time.Since(s.began).Seconds(), s.short[id], text)
}

// handlers prints what is bound.
func (s *show) handlers(infos []sqs.HandlerInfo) {
	fmt.Fprintln(s.out, "Handlers:")
	for _, h := range infos {
		fmt.Fprintf(s.out, "  %-22s -> %s\n", h.Event, h.Name)
	}
	fmt.Fprintln(s.out)
}

// summary prints the closing table.
func (s *show) summary(sent int, stats sqs.Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintln(s.out)
	table := tabwriter.NewWriter(s.out, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "handler\tsucceeded\tfailed")
	for _, h := range sqs.DefaultRegistry.Handlers() {
		if n, f := s.runs[h.Name], s.fails[h.Name]; n+f > 0 {
			fmt.Fprintf(table, "%s\t%d\t%d\n", h.Name, n, f)
			delete(s.runs, h.Name) // a handler of several events has one row
			delete(s.fails, h.Name)
		}
	}
	_ = table.Flush() // writes to the terminal
	fmt.Fprintf(s.out, "\n%d events sent, %d received, %d handled, %d failed and retried, %d discarded, %d duplicates suppressed, %d deleted\n",
		sent, stats.Received, stats.Handled, stats.Failed, stats.Discarded, stats.Duplicates, stats.Deleted)
	fmt.Fprintf(s.out, "%d calls of SQS: %d receives, %d delete batches, %d visibility changes\n",
		stats.ReceiveCalls+stats.DeleteCalls+stats.VisibilityCalls, stats.ReceiveCalls, stats.DeleteCalls, stats.VisibilityCalls)
}
