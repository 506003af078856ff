package port

import (
	"slices"

	"github.com/seed08532102/iniesta/internal/port/python"
)

func (a *arguments) add(name string, v value) {
	if name == "" { // **more
		if more, ok := v.(*mapping); ok {
			for i, key := range more.keys {
				if k, ok := plain(key); ok {
					a.add(k, more.values[i])
				} else {
					a.open = true
				}
			}
			a.open = a.open || more.open
			return
		}
		a.open = true
		return
	}
	if a.named == nil {
		a.named = map[string]value{}
	}
	if _, known := a.named[name]; !known {
		a.order = append(a.order, name)
	}
	a.named[name] = v
}

func (r *reader) callExpression(n *python.Node, s *scope) value {
	called := r.eval(n.Node("func"), s)
	if e, ok := called.(external); ok && e.name == "builtins.super" {
		return r.super(n, s)
	}
	var a arguments
	for _, arg := range n.Nodes("args") {
		v := r.eval(arg, s)
		if !arg.Is("Starred") {
			a.positional = append(a.positional, v)
			continue
		}
		more, ok := r.items(v)
		a.positional, a.open = append(a.positional, more...), a.open || !ok
	}
	for _, k := range n.Nodes("keywords") {
		a.add(k.Text("arg"), r.eval(k.Node("value"), s))
	}
	return r.call(called, a, n)
}

// super finds the class that the method is in, and its self.
func (r *reader) super(n *python.Node, s *scope) value {
	for _, f := range slices.Backward(r.frames) {
		if f.function != nil && f.function.owner != nil {
			return parent{f.function.owner, f.self}
		}
	}
	return r.unknown(n)
}

// call follows a call.
func (r *reader) call(called value, a arguments, n *python.Node) value {
	switch c := called.(type) {
	case *function:
		return r.invoke(c, nil, a, n)
	case method:
		return r.invoke(c.function, c.self, a, n)
	case *class:
		return r.construct(c, a, n)
	case external:
		return r.callExternal(c, a, n)
	case decorator:
		if len(a.positional) == 1 {
			return c(r, a.positional[0], n)
		}
	case wrapped:
		return r.call(c.inner, a, n)
	case published:
		return r.call(c.inner, a, n)
	case partial:
		return r.call(c.function, c.arguments.with(a), n)
	case *object:
		if k, ok := c.of.(*class); ok {
			if f, _, ok := k.lookup("__call__"); ok {
				return r.call(bound(f, c), a, n)
			}
		}
	case unknown:
		return r.callUnknown(c, a, n)
	}
	return r.unknown(n)
}

func (a arguments) with(more arguments) arguments {
	out := arguments{positional: append(slices.Clone(a.positional), more.positional...), open: a.open || more.open}
	for _, args := range []arguments{a, more} {
		for _, name := range args.order {
			out.add(name, args.named[name])
		}
	}
	return out
}

func bound(v, self value) value {
	if f, ok := v.(*function); ok {
		return method{self, f}
	}
	return v
}

// invoke follows the body of a function of the service.
func (r *reader) invoke(f *function, self value, a arguments, n *python.Node) value {
	r.called[f.def] = true
	if len(r.frames) > maxDepth || r.nested(f) > 2 {
		return r.unknown(n)
	}
	call := ""
	if n != f.def {
		call = r.module().source(n)
	}
	s := r.bindParameters(f, self, a)
	fr := &frame{function: f, module: f.module, scope: s, self: self, call: call}
	r.frames = append(r.frames, fr)
	depth := len(r.conditions)
	if f.def.Is("Lambda") {
		fr.returned = []value{r.eval(f.def.Node("body"), s)}
	} else {
		end := r.block(f.def.Nodes("body"), s)
		if end == goesOn {
			fr.returned = append(fr.returned, nothing{})
		}
	}
	r.conditions = r.conditions[:min(depth, len(r.conditions))]
	r.frames = r.frames[:len(r.frames)-1]
	return r.result(fr, n)
}

func (r *reader) nested(f *function) int {
	count := 0
	for _, fr := range r.frames {
		if fr.function != nil && fr.function.def == f.def {
			count++
		}
	}
	return count
}

// result is what a call returns, where every return of it agrees. Generators return what they yield.
func (r *reader) result(f *frame, n *python.Node) value {
	var out value
	for _, v := range f.returned {
		if _, ok := v.(nothing); ok && len(f.returned) > 1 {
			continue // a function may end early
		}
		if out != nil && !same(out, v) {
			return r.unknown(n)
		}
		out = v
	}
	if out == nil {
		return nothing{}
	}
	return out
}

// bindParameters makes the scope of a call. Parameters that no argument is known for take their default where all
// arguments are known, and are not known otherwise.
func (r *reader) bindParameters(f *function, self value, a arguments) *scope {
	s := newScope(f.scope, f.module)
	args := f.def.Node("args")
	params := append(append([]*python.Node{}, args.Nodes("posonlyargs")...), args.Nodes("args")...)
	positional := a.positional
	if self != nil {
		positional = append([]value{self}, positional...)
	}
	defaults := args.Nodes("defaults")
	for i, p := range params {
		name := p.Text("arg")
		var def *python.Node
		if d := i - (len(params) - len(defaults)); d >= 0 {
			def = defaults[d]
		}
		v, ok := a.named[name]
		switch {
		case i < len(positional):
			v = positional[i]
		case ok:
		default:
			v = r.missing(f, p, def, a)
		}
		s.vars[name] = v
	}
	for i, p := range args.Nodes("kwonlyargs") {
		v, ok := a.named[p.Text("arg")]
		if !ok {
			v = r.missing(f, p, args.Nodes("kw_defaults")[i], a)
		}
		s.vars[p.Text("arg")] = v
	}
	r.bindRest(s, args, params, positional, a)
	return s
}

func (r *reader) missing(f *function, p, def *python.Node, a arguments) value {
	if def == nil || a.open {
		return unknown{"the parameter " + p.Text("arg") + " of " + f.qualified()}
	}
	r.frames = append(r.frames, &frame{module: f.module, scope: f.scope})
	defer func() { r.frames = r.frames[:len(r.frames)-1] }()
	return r.eval(def, f.scope)
}

// bindRest binds *args and **kwargs.
func (r *reader) bindRest(s *scope, args *python.Node, params []*python.Node, positional []value, a arguments) {
	if rest := args.Node("vararg"); rest != nil {
		s.vars[rest.Text("arg")] = &sequence{items: positional[min(len(params), len(positional)):], open: a.open}
	}
	rest := args.Node("kwarg")
	if rest == nil {
		return
	}
	more := &mapping{open: a.open}
	for _, name := range a.order {
		if _, taken := s.vars[name]; !taken {
			more.put(text(name), a.named[name])
		}
	}
	s.vars[rest.Text("arg")] = more
}

// construct makes an instance of a class of the service.
func (r *reader) construct(c *class, a arguments, n *python.Node) value {
	if c.enum && len(a.positional) == 1 {
		for _, m := range r.members(c) {
			if same(m.(member).value, a.positional[0]) {
				return m
			}
		}
		return r.unknown(n)
	}
	o := &object{of: c, attributes: map[string]value{}, arguments: a, at: r.at(n), text: r.module().source(n)}
	init, _, ok := c.lookup("__init__")
	switch f, isFunction := init.(*function); {
	case ok && isFunction:
		r.invoke(f, o, a, n)
	case !ok && extends(c, sqsClient, snsClient):
		r.noteClient(o, a, n)
	case !ok:
		r.fill(o, c, a)
	}
	return o
}

// fill sets the fields of a dataclass or NamedTuple.
func (r *reader) fill(o *object, c *class, a arguments) {
	position := 0
	for _, k := range slices.Backward(c.line()) {
		for _, n := range k.def.Nodes("body") {
			if !n.Is("AnnAssign") || !n.Node("target").Is("Name") {
				continue
			}
			name := n.Node("target").Text("id")
			if v, ok := a.get(position, name); ok {
				o.attributes[name] = v
			} else if _, ok := k.attributes.vars[name]; !ok || a.open {
				o.attributes[name] = unknown{"the field " + name + " of " + c.name}
			}
			position++
		}
	}
}
