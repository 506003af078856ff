package port

import (
	"fmt"
	"io"
	"strings"
)

// Print writes the result for a person: what was found, written and left.
func (r *Result) Print(out io.Writer, dir string) {
	s := r.Service
	fmt.Fprintf(out, "Found in %d Python files:\n", s.Files)
	for _, h := range s.Handlers {
		fmt.Fprintf(out, "  handler   %s: %s  %s\n", h.At, h.Name, h.shown())
	}
	for _, route := range s.Routes {
		path, problem := route.fullPath()
		if problem != "" {
			path = "path known only at run time"
		}
		fmt.Fprintf(out, "  route     %s: %s  %s %s%s\n", route.At, route.Name, strings.Join(route.Methods, ","), path, route.Publication.shown())
	}
	for _, m := range s.Messages {
		kind := "publish"
		if m.Queue {
			kind = "send   "
		}
		fmt.Fprintf(out, "  %s   %s: %s\n", kind, m.At, m.shown())
	}
	for _, c := range s.Clients {
		if !c.Own {
			fmt.Fprintf(out, "  client    %s: %s\n", c.At, c.Text)
		}
	}
	for _, name := range settingNames(s.Settings) {
		fmt.Fprintf(out, "  setting   %s\n", name)
	}
	fmt.Fprintf(out, "Written to %s:\n", dir)
	for _, name := range r.Written {
		fmt.Fprintf(out, "  %s\n", name)
	}
	if len(r.Left) > 0 {
		fmt.Fprintf(out, "Left for you, beside the bodies (PORT: in the code):\n")
	}
	for _, l := range r.Left {
		fmt.Fprintf(out, "  %s: %s\n", l.At, strings.ReplaceAll(oneLine(printable(l.Text)), " ("+l.At.String()+")", ""))
	}
	fmt.Fprintf(out, "Next: cd %s && go mod tidy && go test ./...  Each test fails until its body is filled in.\n", dir)
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
