package port

import (
	"fmt"
	"net/http"
	"strings"
)

// routes writes a function for each view, and the lines that register them.
func (w *output) routes() {
	mux := http.NewServeMux()
	views := map[string]string{}
	for _, route := range w.service.Routes {
		key := fmt.Sprintf("%p %p", route.def, route.class)
		name, ok := views[key]
		if !ok {
			name = w.view(route)
			views[key] = name
		}
		w.register(mux, route, name)
	}
	for _, p := range w.service.Publications {
		if p.Used {
			continue
		}
		w.leave(p.At, "%s: no route of the view under it was found; in Go: sns.PublishEvent(%s)", p.Text, p.arguments())
	}
}

// view writes the function of a view and its test.
func (w *output) view(route *Route) string {
	f := w.file(route.module)
	f.uses["net/http"] = true
	name := w.names.free(camel(strings.ReplaceAll(route.Name, ".", "_"), "view"), route.module.name)
	f.code.WriteString(comment(fmt.Sprintf("%s is %s of %s.", name, route.Name, route.At)) + pythonLines(route.Lines))
	for _, m := range w.service.Messages {
		if m.module == route.module && m.At.Line >= route.At.Line && m.At.Line <= route.def.EndLine {
			f.code.WriteString(note("%s does what Python does at %s", w.messageName(m), m.At))
		}
	}
	for _, n := range route.Notes {
		f.code.WriteString(note("%s", n))
		w.leave(route.At, "%s: %s", route.Name, n)
	}
	fmt.Fprintf(&f.code, "func %s(w http.ResponseWriter, r *http.Request) {\nhttp.Error(w, %s, http.StatusNotImplemented)\n}\n\n", name,
		quoted(fmt.Sprintf("%s (%s) is not ported yet", route.Name, route.At)))
	f.tests["net/http"], f.tests["net/http/httptest"], f.tests["testing"] = true, true, true
	method := "GET"
	if len(route.Methods) > 0 {
		method = route.Methods[0]
	}
	test := w.names.free("Test" + pascal(name))
	f.test.WriteString(comment(fmt.Sprintf("%s asks %s.", test, route.Name)))
	f.test.WriteString(note("write the request as clients send it, and assert what is answered"))
	fmt.Fprintf(&f.test, `func %s(t *testing.T) {
		w := httptest.NewRecorder()
		%s(w, httptest.NewRequest(%s, "/", http.NoBody))
		if w.Code >= 300 {
			t.Fatalf("status %%d: %%s", w.Code, w.Body)
		}
	}

	`, test, name, quoted(method))
	return name
}

// register writes the line that registers a view, as a comment where Go's mux refuses it.
func (w *output) register(mux *http.ServeMux, route *Route, name string) {
	path, problem := route.fullPath()
	handler := fmt.Sprintf("http.HandlerFunc(%s)", name)
	if p := route.Publication; p != nil {
		handler = fmt.Sprintf("sns.PublishEvent(%s)(%s)", p.arguments(), handler)
		for _, n := range append(p.problems(), append(p.Notes, p.clientNote()...)...) {
			w.routeNote(p.At, "%s: %s", p.Text, n)
		}
		if !p.HasEvent {
			problem = "the event is known only at run time"
		}
	}
	if len(route.Conditions) > 0 {
		w.routeNote(route.At, "Python has this route only where %s", strings.Join(route.Conditions, " and "))
	}
	if problem == "" && strings.ContainsAny(path, "{}") {
		problem = "its path has braces, which are wildcards in Go"
	}
	pattern, notes := muxPath(path)
	for _, n := range notes {
		w.routeNote(route.At, "%s", n)
	}
	for _, method := range route.Methods {
		line := fmt.Sprintf("mux.Handle(%s, %s)", quoted(method+" "+pattern), handler)
		if problem == "" {
			problem = refused(mux, method+" "+pattern)
		}
		if problem != "" {
			w.routeNote(route.At, "this route of %s is not registered: %s", route.Name, problem)
			line = "// " + printable(line)
		} else if strings.Contains(handler, "sns.") {
			w.publishes = true
		}
		w.routeLines = append(w.routeLines, line)
	}
	if len(route.Methods) == 0 {
		w.routeNote(route.At, "the methods of the route of %s are known only at run time: mux.Handle(%s, %s)", route.Name, quoted(pattern), handler)
	}
}

func (w *output) routeNote(at Place, format string, args ...any) {
	w.leave(at, format, args...)
	text := fmt.Sprintf(format, args...) + " (" + at.String() + ")"
	w.routeLines = append(w.routeLines, strings.TrimSuffix(comment("PORT: "+oneLine(text)), "\n"))
}

// refused is why Go's mux does not take a pattern beside the others.
func refused(mux *http.ServeMux, pattern string) (why string) {
	defer func() {
		if p := recover(); p != nil {
			why = oneLine(fmt.Sprint(p))
			if i := strings.Index(why, " (registered at"); i >= 0 {
				why = why[:i] + " conflicts with a pattern before it"
			}
		}
	}()
	mux.Handle(pattern, http.NotFoundHandler())
	return ""
}

// arguments of sns.PublishEvent.
func (p *Publication) arguments() string {
	known := p.Message
	known.Attributes = nil
	if known.Version == "" { // the notes of the publication say so
		known.Version = "1"
	}
	for _, a := range p.Attributes {
		if a.Value != "" {
			known.Attributes = append(known.Attributes, a)
		}
	}
	event := quoted(p.Event)
	if !p.HasEvent {
		event = "event"
	}
	return event + known.optionList()
}

func (p *Publication) problems() []string {
	var out []string
	for _, a := range p.Attributes {
		if a.Value == "" {
			out = append(out, fmt.Sprintf("the attribute %s is %s in Python, and was left out", quoted(a.Name), a.Python))
		}
	}
	return out
}

// muxPath is a path of Sanic as net/http's mux has it.
func muxPath(path string) (string, []string) {
	var out strings.Builder
	var notes []string
	taken := newNames()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if path == "/" {
		return "/{$}", nil
	}
	for path != "" {
		before, after, found := strings.Cut(path, "<")
		out.WriteString(strings.NewReplacer("{", "", "}", "").Replace(before))
		parameter, rest, closed := strings.Cut(after, ">")
		if !found || !closed {
			break
		}
		name, kind, _ := strings.Cut(parameter, ":")
		wildcard := taken.free(camel(name, "parameter"))
		if kind == "path" {
			wildcard += "..."
		} else if kind != "" && kind != "str" && kind != "string" {
			notes = append(notes, fmt.Sprintf("Python's path has <%s>: the view has to check it, r.PathValue(%s)", parameter, quoted(wildcard)))
		}
		out.WriteString("{" + wildcard + "}")
		path = rest
	}
	if s := out.String(); strings.HasSuffix(s, "/") {
		return s + "{$}", notes
	}
	return out.String(), notes
}
