package port

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the result for a person: what was found, written and left.
func (r *Result) Print(out io.Writer, dir string) {
	s := r.Service
	say := func(format string, args ...any) { // names of files may have control characters
		fmt.Fprintln(out, printable(fmt.Sprintf(format, args...)))
	}
	say("Found in %d Python files:", s.Files)
	for _, h := range s.Handlers {
		say("  handler   %s: %s  %s", h.At, h.Name, h.shown())
	}
	for _, route := range s.Routes {
		path, problem := route.fullPath()
		if problem != "" {
			path = "path known only at run time"
		}
		say("  route     %s: %s  %s %s%s", route.At, route.Name, strings.Join(route.Methods, ","), path, route.Publication.shown())
	}
	for _, m := range s.Messages {
		kind := "publish"
		if m.Queue {
			kind = "send   "
		}
		say("  %s   %s: %s", kind, m.At, m.shown())
	}
	for _, c := range s.Clients {
		if !c.Own {
			say("  client    %s: %s", c.At, c.Text)
		}
	}
	for _, name := range settingNames(s.Settings) {
		say("  setting   %s", name)
	}
	say("Written to %s:", dir)
	for _, name := range r.Written {
		say("  %s", name)
	}
	if len(r.Left) > 0 {
		say("Left for you, beside the bodies (PORT: in the code):")
	}
	for _, l := range r.Left {
		say("  %s: %s", l.At, strings.ReplaceAll(oneLine(l.Text), " ("+l.At.String()+")", ""))
	}
	say("Next: cd %s && go mod tidy && go test ./...  Each test fails until its body is filled in.", dir)
}

func (h *Handler) shown() string {
	var out []string
	for _, b := range h.Binds {
		switch {
		case b.Unresolved != "":
			out = append(out, "(an event known only at run time)")
		case b.Default:
			out = append(out, "(default)")
		default:
			out = append(out, printable(b.Event))
		}
	}
	return strings.Join(out, ", ")
}

func (p *Publication) shown() string {
	if p == nil {
		return ""
	}
	return ", publishes " + p.Message.shown()
}

func (m *Message) shown() string {
	switch {
	case m.HasEvent:
		return printable(m.Event)
	case len(m.seen) > 0:
		return "one of " + quotedAll(m.seen)
	case m.Queue:
		return "to the queue"
	}
	return "an event known only at run time"
}

func settingNames(all []*Setting) []string {
	var names []string
	for _, s := range all {
		names = appendNew(names, s.Name)
	}
	return names
}
