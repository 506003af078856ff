package port

import (
	"fmt"
	"strings"
)

// structType is the Go form of a class with handlers or views.
type structType struct {
	name     string
	class    *class
	methods  *names
	handlers []*Handler
	entries  []string // of its map
	head     strings.Builder
}

func (w *output) handlers() {
	for _, h := range w.service.Handlers {
		if h.class != nil {
			t := w.structOf(h.class)
			t.handlers = append(t.handlers, h)
		}
	}
	done := map[*class]bool{}
	for _, h := range w.service.Handlers {
		switch {
		case h.class == nil:
			w.function(h)
		case !done[h.class]:
			done[h.class] = true
			w.structHandlers(w.structOf(h.class))
		}
	}
}

func (w *output) structOf(c *class) *structType {
	if t := w.types[c]; t != nil {
		return t
	}
	name := pascal(c.name)
	if name == "" {
		name = "Handlers"
	}
	t := &structType{name: w.names.free(name, c.module.name), class: c, methods: newNames()}
	t.methods.taken["Handlers"] = true
	w.types[c] = t
	f := &t.head
	fmt.Fprintf(f, "%s", comment(fmt.Sprintf("%s is the class %s of %s.", t.name, c.name, c.module.at(c.def))))
	for _, base := range c.bases {
		if b, ok := base.(*class); ok {
			f.WriteString(note("it extends %s (%s): what both share is a field or a function in Go", b.name, b.module.at(b.def)))
		}
	}
	if init, _, ok := c.lookup("__init__"); ok {
		if fn := functionOf(init); fn != nil {
			f.WriteString(note("Python gives its instances these attributes; they are fields in Go"))
			f.WriteString(pythonLines(fn.module.block(fn.def)))
		}
	}
	fmt.Fprintf(f, "type %s struct{}\n\n", t.name)
	return t
}

// function writes a handler that is a function.
func (w *output) function(h *Handler) {
	wanted := camel(h.short, "")
	if wanted == "" || h.short == "lambda" {
		wanted = camel(h.firstEvent(), "") + "Handler"
		wanted = lowerFirst(pascal("handle " + strings.TrimSuffix(wanted, "Handler")))
	}
	name := w.names.free(wanted, h.module.name)
	f := w.file(h.module)
	f.uses["context"], f.uses["errors"], f.uses[libraryPath+"/sqs"] = true, true, true
	f.code.WriteString(w.head(name, h))
	fmt.Fprintf(&f.code, "func %s(ctx context.Context, m *sqs.Message) error {\n%s}\n\n", name, notPorted(h))
	events, hasDefault := h.bound()
	if len(events) > 0 {
		fmt.Fprintf(&f.code, "var _ = sqs.Handler(%s, %s)\n\n", name, quotedAll(events))
	}
	if hasDefault {
		fmt.Fprintf(&f.code, "// Without events it handles what no other handler does.\nvar _ = sqs.Handler(%s)\n\n", name)
	}
	w.handlerTest(f, name, name, h, events)
}

func (h *Handler) firstEvent() string {
	for _, b := range h.Binds {
		if b.Event != "" {
			return b.Event
		}
	}
	return "message"
}

func notPorted(h *Handler) string {
	return fmt.Sprintf("return errors.New(%s)\n", quoted(fmt.Sprintf("%s (%s) is not ported yet", h.Name, h.At)))
}

// bound are the events that Go binds.
func (h *Handler) bound() (events []string, hasDefault bool) {
	for _, b := range h.Binds {
		switch {
		case b.Unresolved != "" || b.First != nil || eventProblem(b) != "":
		case b.Default:
			hasDefault = true
		default:
			events = append(events, b.Event)
		}
	}
	return events, hasDefault
}

// eventProblem is why Go refuses an event.
func eventProblem(b *Bind) string {
	if b.Default || b.Unresolved != "" {
		return ""
	}
	stem := strings.TrimSuffix(b.Event, ".*")
	switch {
	case b.Event == "":
		return "it is empty"
	case strings.TrimSpace(b.Event) != b.Event:
		return "it begins or ends with white space"
	case strings.Contains(stem, "*"), stem == "":
		return "a star stands only at the end in Go, for events of every producer"
	}
	return ""
}

// head is the comment above a handler.
func (w *output) head(name string, h *Handler) string {
	out := comment(fmt.Sprintf("%s is %s of %s.", name, h.Name, h.At)) + pythonLines(h.Lines)
	seen := map[string]bool{}
	say := func(format string, args ...any) {
		if n := note(format, args...); !seen[n] {
			seen[n] = true
			out += n
		}
	}
	for _, n := range h.Notes {
		say("%s", n)
		w.leave(h.At, "%s: %s", h.Name, n)
	}
	for _, b := range h.Binds {
		for _, n := range w.bindNotes(h, b) {
			if !seen[note("%s", n)] {
				w.leave(b.At, "%s: %s", h.Name, n)
			}
			say("%s", n)
		}
	}
	for _, m := range w.service.Messages {
		if m.module == h.module && m.At.Line >= h.At.Line && h.def != nil && m.At.Line <= h.def.EndLine {
			say("%s does what Python does at %s", w.messageName(m), m.At)
		}
	}
	return out
}

// bindNotes says what a person has to know of an event.
func (w *output) bindNotes(h *Handler, b *Bind) []string {
	var out []string
	event := "the event " + quoted(b.Event)
	if b.Default {
		event = "the default handler"
	}
	switch problem := eventProblem(b); {
	case b.Unresolved != "":
		out = append(out, fmt.Sprintf("an event that is not bound: %s (%s)", b.Unresolved, b.At))
	case b.First != nil:
		out = append(out, fmt.Sprintf("%s is bound twice, here at %s and first at %s: Go refuses the second, which is not bound", event, b.At, b.First.At))
	case problem != "":
		out = append(out, fmt.Sprintf("%s is not bound: %s (%s)", event, problem, b.At))
	case strings.HasSuffix(b.Event, ".*"):
		out = append(out, fmt.Sprintf("%s is one event in Python and every producer's in Go (%s)", event, b.At))
	}
	if len(b.Conditions) > 0 {
		out = append(out, fmt.Sprintf("Python binds %s only where %s (%s); Go binds it always", event, strings.Join(b.Conditions, " and "), b.At))
	}
	return append(out, b.Notes...)
}

// structHandlers writes the methods and the map of a struct.
func (w *output) structHandlers(t *structType) {
	f := w.file(t.class.module)
	f.uses[libraryPath+"/sqs"] = true
	var methods, entries strings.Builder
	type tested struct {
		name   string
		h      *Handler
		events []string
	}
	var tests []tested
	for _, h := range t.handlers {
		name := t.method(h.short)
		f.uses["context"], f.uses["errors"] = true, true
		methods.WriteString(w.head(name, h))
		fmt.Fprintf(&methods, "func (o *%s) %s(ctx context.Context, m *sqs.Message) error {\n%s}\n\n", t.name, name, notPorted(h))
		events, hasDefault := h.bound()
		for _, e := range events {
			fmt.Fprintf(&entries, "%s: o.%s,\n", quoted(e), name)
		}
		if hasDefault {
			fmt.Fprintf(&entries, "sqs.Default: o.%s,\n", name)
		}
		tests = append(tests, tested{name, h, events})
	}
	f.code.WriteString(t.head.String())
	if entries.Len() > 0 {
		t.entries = []string{entries.String()}
		fmt.Fprintf(&f.code, "// Handlers binds events to methods.\nfunc (o *%s) Handlers() map[string]any {\nreturn map[string]any{\n%s}\n}\n\n", t.name, entries.String())
	}
	f.code.WriteString(methods.String())
	for _, test := range tests {
		w.handlerTest(f, t.name+test.name, fmt.Sprintf("new(%s).%s", t.name, test.name), test.h, test.events)
	}
}

func (t *structType) method(python string) string {
	name := pascal(strings.Trim(python, "_"))
	if name == "" {
		name = "Handle"
	}
	return t.methods.free(name)
}

// handlerTest writes the test of a handler.
func (w *output) handlerTest(f *goFile, name, call string, h *Handler, events []string) {
	f.tests["testing"] = true
	test := w.names.free("Test" + pascal(name))
	if len(events) == 0 {
		events = []string{"Event.service"}
	}
	body := "{}"
	if len(h.fields) > 0 {
		var fields []string
		for _, field := range h.fields {
			fields = append(fields, quoted(field)+": null")
		}
		body = "{" + strings.Join(fields, ", ") + "}"
	}
	f.test.WriteString(comment(fmt.Sprintf("%s gives %s a message of each event.", test, h.Name)))
	f.test.WriteString(note("write a body as its producer sends it, and assert what the handler changes"))
	fmt.Fprintf(&f.test, "func %s(t *testing.T) {\nfor _, event := range []string{%s} {\nt.Run(event, func(t *testing.T) {\n", test, quotedAll(events))
	fmt.Fprintf(&f.test, "if err := %s(t.Context(), received(t, event, %s)); err != nil {\nt.Fatal(err)\n}\n})\n}\n}\n\n", call, quoted(body))
}
