package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// define makes a function and applies its decorators, the nearest first.
func (r *reader) define(n *python.Node, s *scope) {
	f := r.newFunction(n.Text("name"), n, s)
	for _, d := range append(n.Node("args").Nodes("defaults"), n.Node("args").Nodes("kw_defaults")...) {
		r.evalOr(d, s, nil)
	}
	var v value = f
	decorators := n.Nodes("decorator_list")
	evaluated := make([]value, len(decorators))
	for i, d := range decorators { // Python evaluates them from the top, and applies them from the bottom
		evaluated[i] = r.eval(d, s)
	}
	for i := len(decorators) - 1; i >= 0; i-- {
		v = r.decorate(evaluated[i], v, decorators[i])
	}
	s.set(f.name, v)
}

func (r *reader) newFunction(name string, n *python.Node, s *scope) *function {
	f := &function{name: name, def: n, module: r.module(), scope: s}
	if s.isClass {
		f.owner, _ = s.vars["__class__"].(*class)
	}
	if len(r.frames) > 1 && r.frame().function != nil {
		f.maker = r.frame().made()
	}
	r.functions = append(r.functions, f)
	return f
}

// made is the call of the frame, with what is known of its parameters.
func (f *frame) made() string {
	if f.call == "" {
		return ""
	}
	args := f.function.def.Node("args")
	var known []string
	for _, p := range append(append(args.Nodes("posonlyargs"), args.Nodes("args")...), args.Nodes("kwonlyargs")...) {
		if s, ok := f.scope.vars[p.Text("arg")].(text); ok {
			known = append(known, p.Text("arg")+" = "+quoted(string(s)))
		}
	}
	if len(known) == 0 {
		return f.call
	}
	return f.call + ", " + strings.Join(known, ", ")
}

func (r *reader) lambda(n *python.Node, s *scope) value {
	return r.newFunction("lambda", n, s)
}

// decorate applies one decorator.
func (r *reader) decorate(d, inner value, n *python.Node) value {
	by := r.module().source(n)
	switch d := d.(type) {
	case decorator:
		return d(r, inner, n)
	case external:
		switch d.name {
		case "builtins.staticmethod", "builtins.classmethod", "builtins.property", "functools.cached_property":
			if f, ok := inner.(*function); ok {
				f.kind = map[bool]string{true: "property"}[d.name == "functools.cached_property"]
				if f.kind == "" {
					f.kind = d.name[len("builtins."):]
				}
			}
			return inner
		case "contextlib.contextmanager", "contextlib.asynccontextmanager":
			return inner
		}
		if r.isLibraryMethod(d) {
			return r.call(d, arguments{positional: []value{inner}}, n)
		}
		return wrapped{inner, by}
	case *function, method, *class, partial:
		return r.decorateByService(d, inner, n)
	case *object:
		return r.decorateByService(d, inner, n)
	}
	return wrapped{inner, by}
}

// decorateByService follows a decorator that the service defines. What it registers is the decorated function, under
// the decorator.
func (r *reader) decorateByService(d, inner value, n *python.Node) value {
	by := r.module().source(n)
	r.wrapping = append(r.wrapping, wrapping{inner: inner, by: by})
	result := r.call(d, arguments{positional: []value{inner}}, n)
	r.wrapping = r.wrapping[:len(r.wrapping)-1]
	if core(result) == core(inner) {
		return result
	}
	if f, ok := result.(*function); ok && f.maker == "" || isUnknown(result) {
		return wrapped{inner, by}
	}
	if callable(result) {
		return wrapped{inner, by}
	}
	return result
}

// core is the function or object that wrappers are around.
func core(v value) value {
	switch v := v.(type) {
	case wrapped:
		return core(v.inner)
	case published:
		return core(v.inner)
	case method:
		return v.function
	case *function, *object, *class:
		return v
	}
	return nil
}

// defineClass makes a class.
func (r *reader) defineClass(n *python.Node, s *scope) {
	c := &class{name: n.Text("name"), def: n, module: r.module()}
	c.attributes = newScope(s, r.module())
	c.attributes.isClass = true
	c.attributes.vars["__class__"], c.attributes.vars["__qualname__"] = c, text(c.name)
	for _, base := range n.Nodes("bases") {
		b := r.eval(base, s)
		c.bases = append(c.bases, b)
		if parent, ok := b.(*class); ok {
			parent.subclasses = append(parent.subclasses, c)
		}
	}
	c.enum = extends(c, "enum.Enum", "enum.StrEnum", "enum.IntEnum", "enum.Flag")
	keywords := arguments{named: map[string]value{}}
	for _, k := range n.Nodes("keywords") {
		keywords.add(k.Text("arg"), r.eval(k.Node("value"), s))
	}
	f := &frame{module: r.module(), scope: c.attributes}
	r.frames = append(r.frames, f)
	r.block(n.Nodes("body"), c.attributes)
	r.frames = r.frames[:len(r.frames)-1]
	if c.enum {
		r.makeMembers(c)
	}
	r.applyMetaclass(c, keywords, n)
	r.initSubclass(c, keywords, n)
	r.hooks(c)
	r.attach(c, keywords, n)
	var v value = c
	decorators := n.Nodes("decorator_list")
	for i := len(decorators) - 1; i >= 0; i-- {
		d := r.eval(decorators[i], s)
		if dec, ok := d.(decorator); ok {
			v = dec(r, v, decorators[i])
		} else if result := r.decorateClass(d, v, decorators[i]); result != nil {
			v = result
		}
	}
	s.set(c.name, v)
}

// decorateClass follows a decorator of the service; what others make of a class is taken for the class.
func (r *reader) decorateClass(d, c value, n *python.Node) value {
	switch d.(type) {
	case *function, method, partial:
		if result, ok := r.call(d, arguments{positional: []value{c}}, n).(*class); ok {
			return result
		}
	}
	return nil
}

// makeMembers turns the names of an Enum into members.
func (r *reader) makeMembers(c *class) {
	for _, n := range c.def.Nodes("body") {
		for _, target := range n.Nodes("targets") {
			name := target.Text("id")
			v := c.attributes.vars[name]
			if _, isFunction := v.(*function); name == "" || name[0] == '_' || isFunction {
				continue
			}
			if e, ok := v.(*object); ok && e.of == (external{name: "enum.auto"}) {
				v = unknown{"enum.auto()"}
			}
			c.attributes.vars[name] = member{c, name, v}
		}
	}
}

// initSubclass calls the __init_subclass__ of the nearest base.
func (r *reader) initSubclass(c *class, keywords arguments, n *python.Node) {
	for _, base := range c.line()[1:] {
		if f, ok := base.attributes.vars["__init_subclass__"].(*function); ok {
			r.invoke(f, c, keywords, n)
			return
		}
	}
}
