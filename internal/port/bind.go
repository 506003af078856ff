package port

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// bind notes that a function handles an event, a list of events, or what no other handler does.
func (r *reader) bind(v, event value, given bool, n *python.Node, note string) {
	at := r.at(n)
	events := r.events(event, given)
	if len(events) == 0 {
		return // an empty list binds nothing
	}
	h, notes := r.handlerOf(v, n)
	if h == nil {
		r.found.leave(at, "%s: the function that it binds%s is known only at run time: nothing was written for it", r.module().source(n), named(events))
		return
	}
	if note != "" {
		notes = append(notes, note+" ("+at.String()+")")
	}
	if len(r.frames) > 1 && r.frames[1].function != nil && r.frames[1].call == "" {
		notes = append(notes, fmt.Sprintf("it is bound in %s, which nothing that was read calls (%s)", r.frames[1].function.qualified(), at))
	}
	for _, b := range events {
		b.At, b.Conditions = at, r.held()
		for _, n := range notes {
			if b.Event != "" && strings.HasPrefix(n, madeBy) {
				n = "for " + quoted(b.Event) + " " + n
			}
			b.Notes = append(b.Notes, n)
		}
		h.add(b)
	}
}

// named is the events that are known, for a person.
func named(all []*Bind) string {
	var events []string
	for _, b := range all {
		if b.Event != "" {
			events = append(events, b.Event)
		}
	}
	if len(events) == 0 {
		return ""
	}
	return " to " + quotedAll(events)
}

func (h *Handler) add(b *Bind) {
	for _, known := range h.Binds {
		if known.At == b.At && known.Event == b.Event && known.Default == b.Default && known.Unresolved == b.Unresolved {
			return
		}
	}
	h.Binds = append(h.Binds, b)
}

// events are the binds of what is given as an event.
func (r *reader) events(event value, given bool) []*Bind {
	if _, none := event.(nothing); !given || none {
		return []*Bind{{Default: true}}
	}
	if e, ok := event.(external); ok && e.name == "iniesta.sqs.default" {
		return []*Bind{{Default: true}}
	}
	if name, ok := plain(event); ok {
		return []*Bind{{Event: name}}
	}
	switch event := event.(type) {
	case unknown:
		return []*Bind{{Unresolved: event.why}}
	case member:
		return []*Bind{{Unresolved: event.class.name + "." + event.name + ", a member that is no str"}}
	}
	items, known := r.items(event)
	if !known {
		list, ok := event.(*sequence)
		if !ok {
			return []*Bind{{Unresolved: "known only at run time"}}
		}
		items = list.items
	}
	var binds []*Bind
	for _, item := range items {
		binds = append(binds, r.events(item, true)...)
	}
	if !known {
		binds = append(binds, &Bind{Unresolved: "more events, which are known only at run time"})
	}
	return binds
}

// handlerOf is the handler of a function, without what wraps it, of which the notes speak.
func (r *reader) handlerOf(v value, n *python.Node) (*Handler, []string) {
	var notes []string
	var owner *class
	if inner, by, ok := r.decorated(v); ok {
		v, notes = inner, append(notes, by)
	}
	for {
		switch w := v.(type) {
		case wrapped:
			notes = append(notes, w.by+" wraps the handler in Python: port it as sqs.WithMiddleware, or in the body")
			v = w.inner
			continue
		case published:
			v = w.inner
			continue
		case partial:
			notes = append(notes, w.text+" gives the handler arguments in Python")
			v = w.function
			continue
		case *object:
			f, ok := calledAs(w)
			if !ok {
				return nil, nil
			}
			v = f
			continue
		case method:
			if o, ok := w.self.(*object); ok {
				owner, _ = o.of.(*class)
				if o.text != "" && len(o.arguments.positional)+len(o.arguments.named) > 0 {
					notes = append(notes, "the instance is made by "+o.text+" ("+o.at.String()+")")
				}
			}
			if c, ok := w.self.(*class); ok {
				owner = c
			}
			v = w.function
			continue
		case *function:
			if owner == nil {
				owner = w.owner
			}
			return r.handler(w, owner), append(notes, w.notes()...)
		case external:
			return r.outsideHandler(w, n), notes
		}
		return nil, nil
	}
}

// calledAs is the __call__ of an instance.
func calledAs(o *object) (value, bool) {
	c, ok := o.of.(*class)
	if !ok {
		return nil, false
	}
	f, _, ok := c.lookup("__call__")
	return bound(f, o), ok
}

// decorated recognises the inner function of a decorator of the service, which stands for the function under it.
func (r *reader) decorated(v value) (inner value, note string, ok bool) {
	f := functionOf(v)
	if f == nil || len(r.wrapping) == 0 {
		return nil, "", false
	}
	w := r.wrapping[len(r.wrapping)-1]
	if core(w.inner) == core(v) || f.maker == "" {
		return nil, "", false
	}
	return w.inner, w.by + " wraps the handler in Python: port it as sqs.WithMiddleware, or in the body", true
}

const madeBy = "Python makes the function by "

func (f *function) notes() []string {
	if f.maker == "" {
		return nil
	}
	return []string{madeBy + f.maker}
}

func (r *reader) handler(f *function, owner *class) *Handler {
	for _, h := range r.found.Handlers {
		if h.def == f.def && h.class == owner {
			return h
		}
	}
	h := &Handler{
		Name: f.name, At: f.module.at(f.def), Lines: f.module.block(f.def), short: f.name,
		class: owner, def: f.def, module: f.module, fields: bodyFields(f),
	}
	if owner != nil {
		h.Name = owner.name + "." + f.name
		if f.owner != nil && f.owner != owner {
			h.Notes = append(h.Notes, fmt.Sprintf("%s has it from %s (%s)", owner.name, f.owner.name, f.owner.module.at(f.owner.def)))
		}
	}
	args := f.def.Node("args")
	if len(args.Nodes("args"))+len(args.Nodes("posonlyargs")) == 0 && args.Node("vararg") == nil {
		h.Notes = append(h.Notes, "Python refuses it: it takes no message")
	}
	r.found.Handlers = append(r.found.Handlers, h)
	return h
}

// outsideHandler is a handler that a library defines, or a module that is not in the directory.
func (r *reader) outsideHandler(e external, n *python.Node) *Handler {
	for _, h := range r.found.Handlers {
		if h.def == nil && h.Name == e.name {
			return h
		}
	}
	_, short := cutLast(e.name)
	h := &Handler{Name: e.name, At: r.at(n), short: short, module: r.module(),
		Notes: []string{"its body is not in the directory"}}
	r.found.Handlers = append(r.found.Handlers, h)
	return h
}

// bodyFields are the fields of the message's body that a handler reads by name.
func bodyFields(f *function) []string {
	params := append(f.def.Node("args").Nodes("posonlyargs"), f.def.Node("args").Nodes("args")...)
	if f.owner != nil && f.kind != "staticmethod" && len(params) > 1 {
		params = params[1:]
	}
	if len(params) == 0 {
		return nil
	}
	message, bodies := params[0].Text("arg"), map[string]bool{}
	isBody := func(n *python.Node) bool {
		return n.Is("Attribute") && n.Text("attr") == "body" && n.Node("value").Text("id") == message || n.Is("Name") && bodies[n.Text("id")]
	}
	f.def.Walk(func(n *python.Node) bool {
		if n.Is("Assign", "NamedExpr") && isBody(n.Node("value")) {
			for _, target := range append(n.Nodes("targets"), n.Node("target")) {
				if target.Is("Name") {
					bodies[target.Text("id")] = true
				}
			}
		}
		return true
	})
	var fields []string
	f.def.Walk(func(n *python.Node) bool {
		key := n.Node("slice")
		if n.Is("Call") && n.Node("func").Text("attr") == "get" && len(n.Nodes("args")) > 0 && isBody(n.Node("func").Node("value")) {
			key = n.Nodes("args")[0]
		} else if !n.Is("Subscript") || !isBody(n.Node("value")) {
			return true
		}
		if key.Text("kind") == "str" {
			fields = append(fields, key.Text("text"))
		}
		return true
	})
	slices.Sort(fields)
	return slices.Compact(fields)
}
