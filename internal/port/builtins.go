package port

import (
	"maps"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

var builtin = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`abs all any bool bytes callable classmethod dict dir enumerate eval exec filter
		float format frozenset getattr globals hasattr id input int isinstance issubclass iter len list locals map max min
		next object open print property range repr reversed round set setattr sorted staticmethod str sum super tuple type
		vars zip __import__ BaseException Exception ValueError KeyError TypeError RuntimeError NotImplementedError
		ImportError AttributeError LookupError OSError`) {
		builtin[name] = true
	}
}

// callExternal follows the call of what the service does not define.
func (r *reader) callExternal(e external, a arguments, n *python.Node) value {
	for _, try := range []func(external, arguments, *python.Node) (value, bool){
		r.callLibrary, r.callWeb, r.callSettings, r.callStandard,
	} {
		if v, ok := try(e, a, n); ok {
			return v
		}
	}
	kind, name, _ := strings.Cut(e.name, ".")
	switch kind {
	case "builtins":
		return r.callBuiltin(name, a, n)
	case "str":
		return r.callText(e.self, name, a, n)
	case "list":
		return r.callList(e.self.(*sequence), name, a, n)
	case "dict":
		return r.callDict(e.self.(*mapping), name, a, n)
	case "class":
		return r.callClass(e.self, name, n)
	}
	for _, arg := range a.positional { // a decorator of a library, or what takes a callback
		if o, ok := arg.(*object); ok && isMessage(o) {
			return o
		}
	}
	attributes := map[string]value{}
	if e.name == "types.SimpleNamespace" {
		maps.Copy(attributes, a.named)
	}
	return &object{of: external{name: e.name}, attributes: attributes, arguments: a, at: r.at(n), text: r.module().source(n)}
}

// callStandard is what the standard library has for functions, tasks and modules.
func (r *reader) callStandard(e external, a arguments, n *python.Node) (value, bool) {
	first, _ := a.get(0, "")
	switch e.name {
	case "functools.partial", "functools.partialmethod":
		if len(a.positional) == 0 {
			return r.unknown(n), true
		}
		rest := a
		rest.positional = a.positional[1:]
		return partial{first, rest, r.module().source(n)}, true
	case "functools.wraps":
		return decorator(func(r *reader, inner value, n *python.Node) value {
			if len(r.wrapping) > 0 && core(first) == core(r.wrapping[len(r.wrapping)-1].inner) {
				return wrapped{first, r.wrapping[len(r.wrapping)-1].by}
			}
			return wrapped{first, "a wrapper at " + r.at(n).String()}
		}), true
	case "functools.update_wrapper":
		return wrapped{first, r.module().source(n)}, true
	case "os.getenv", "os.environ.get":
		name, _ := plain(first)
		return unknown{"the environment variable " + name}, true
	case "importlib.import_module", "builtins.__import__":
		return r.importByName(first, a, n), true
	case "inspect.getmembers":
		return r.getmembers(a, n), true
	case "builtins.type.__new__", "abc.ABCMeta.__new__":
		if r.defining != nil {
			return r.defining, true
		}
	case "asyncio.create_task", "asyncio.ensure_future", "asyncio.shield", "asyncio.wait_for", "asyncio.run":
		return first, first != nil
	}
	return nil, false
}

func (r *reader) importByName(first value, a arguments, n *python.Node) value {
	name, ok := plain(first)
	if !ok {
		r.found.leave(r.at(n), "%s imports a module whose name is known only at run time", r.module().source(n))
		return r.unknown(n)
	}
	if rest, relative := strings.CutPrefix(name, "."); relative {
		base := r.module().packageName()
		if v, ok := a.get(1, "package"); ok {
			base, _ = plain(v)
		}
		name = base + "." + rest
	}
	return r.imported(name)
}

func (r *reader) callBuiltin(name string, a arguments, n *python.Node) value {
	first, _ := a.get(0, "")
	switch name {
	case "getattr":
		return r.getattr(a, n)
	case "setattr":
		if len(a.positional) == 3 {
			if attr, ok := plain(a.positional[1]); ok {
				r.setAttribute(first, attr, a.positional[2], n)
			}
		}
		return nothing{}
	case "eval", "exec":
		r.found.leave(r.at(n), "%s runs code that cannot be read", r.module().source(n))
		return r.unknown(n)
	case "str":
		if s, ok := formatted(first); ok {
			return text(s)
		}
	case "list", "tuple", "set", "frozenset", "iter":
		if len(a.positional) == 0 {
			return &sequence{}
		}
		if items, ok := r.items(first); ok {
			return &sequence{items: slices.Clone(items)}
		}
	case "sorted", "reversed":
		return r.ordered(name, first, a, n)
	case "dict":
		return r.newDict(a, n)
	case "type":
		if o, ok := first.(*object); ok && len(a.positional) == 1 {
			return o.of
		}
	case "range":
		return r.rangeOf(a, n)
	case "enumerate", "zip", "map", "filter":
		return r.iterate(name, a, n)
	case "dir", "vars":
		if names, ok := attributeNames(first); ok {
			return names
		}
	case "callable":
		if callable(first) {
			return truth(true)
		}
	case "print", "len", "isinstance", "issubclass", "hasattr":
	}
	return r.unknown(n)
}

func (r *reader) getattr(a arguments, n *python.Node) value {
	if len(a.positional) < 2 {
		return r.unknown(n)
	}
	name, ok := plain(a.positional[1])
	if !ok {
		return r.unknown(n)
	}
	if isUnknown(a.positional[0]) {
		return r.ofUnknown(a.positional[0], name, n)
	}
	return r.attribute(a.positional[0], name, n)
}

func (r *reader) ordered(name string, v value, a arguments, n *python.Node) value {
	items, ok := r.items(v)
	if !ok || len(a.named) > 0 {
		return r.unknown(n)
	}
	items = slices.Clone(items)
	if name == "reversed" {
		slices.Reverse(items)
		return &sequence{items: items}
	}
	for _, item := range items {
		if _, ok := plain(item); !ok {
			return &sequence{items: items} // the order alone is not known
		}
	}
	slices.SortFunc(items, func(x, y value) int {
		a, _ := plain(x)
		b, _ := plain(y)
		return strings.Compare(a, b)
	})
	return &sequence{items: items}
}

func (r *reader) newDict(a arguments, n *python.Node) value {
	out := &mapping{open: a.open}
	if len(a.positional) == 1 {
		switch from := a.positional[0].(type) {
		case *mapping:
			out.merge(from)
		case *sequence:
			for _, item := range from.items {
				pair, ok := r.items(item)
				if !ok || len(pair) != 2 {
					return r.unknown(n)
				}
				out.put(pair[0], pair[1])
			}
			out.open = out.open || from.open
		default:
			out.open = true
		}
	}
	for _, name := range a.order {
		out.put(text(name), a.named[name])
	}
	return out
}

// callClass is what every class has.
func (r *reader) callClass(self value, name string, n *python.Node) value {
	c, ok := self.(*class)
	if !ok {
		return r.unknown(n)
	}
	switch name {
	case "__subclasses__":
		out := &sequence{}
		for _, sub := range c.subclasses {
			out.items = append(out.items, sub)
		}
		return out
	case "as_view":
		return external{name: "view", self: c}
	}
	return r.unknown(n)
}
