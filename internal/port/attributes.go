package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// attribute is what "of.name" is.
func (r *reader) attribute(of value, name string, n *python.Node) value {
	if isSettings(of) && strings.ToUpper(name) == name {
		return r.settingValue(name, n)
	}
	switch of := of.(type) {
	case *module:
		return r.member(of, name, n)
	case *class:
		return r.ofClass(of, of, name, n)
	case *object:
		return r.ofObject(of, name, n)
	case parent:
		return r.ofParent(of, name, n)
	case external:
		return external{name: library(of.name + "." + name), self: of.self}
	case member:
		return ofMember(of, name)
	case text, number:
		return external{name: "str." + name, self: of}
	case *sequence:
		return external{name: "list." + name, self: of}
	case *mapping:
		return external{name: "dict." + name, self: of}
	case *function, method, wrapped, published:
		return r.ofFunction(of, name, n)
	}
	return r.ofUnknown(of, name, n)
}

// ofClass looks in the class and its bases, with methods bound to self where that is an instance.
func (r *reader) ofClass(c *class, self value, name string, n *python.Node) value {
	v, _, ok := c.lookup(name)
	if !ok {
		return r.beside(c, self, name, n)
	}
	return r.boundTo(v, c, self, n)
}

func (r *reader) boundTo(v value, c *class, self value, n *python.Node) value {
	o, isInstance := self.(*object)
	switch f := v.(type) {
	case *function:
		switch {
		case f.kind == "staticmethod":
			return f
		case f.kind == "classmethod":
			return method{c, f}
		case f.kind == "property" && isInstance:
			return r.invoke(f, o, arguments{}, n)
		case isInstance:
			return method{o, f}
		}
	case wrapped:
		return wrapped{r.boundTo(f.inner, c, self, n), f.by}
	}
	return v
}

// beside is what a class has that its definition does not say.
func (r *reader) beside(c *class, self value, name string, n *python.Node) value {
	switch name {
	case "__name__", "__qualname__":
		return text(c.name)
	case "__subclasses__":
		return external{name: "class.__subclasses__", self: c}
	case "__members__":
		return unknown{"__members__"}
	case "as_view":
		return external{name: "class.as_view", self: c}
	}
	if base, ok := c.outside(); ok {
		return external{name: library(base.name + "." + name), self: self}
	}
	return r.ofUnknown(r.unknown(n), name, n)
}

func (r *reader) ofObject(o *object, name string, n *python.Node) value {
	if v, ok := o.attributes[name]; ok {
		return v
	}
	if name == "__class__" {
		return o.of
	}
	switch of := o.of.(type) {
	case *class:
		return r.ofClass(of, o, name, n)
	case external:
		if isApp(o) && (name == "config" || name == "ctx") {
			return map[string]value{"config": settingsObject, "ctx": r.unknown(n)}[name]
		}
		if isApp(o) {
			if v := r.stored(name); v != nil {
				return v
			}
		}
		return external{name: of.name + "." + name, self: o}
	}
	return r.unknown(n)
}

// ofParent looks in the classes after the one that super() is called in.
func (r *reader) ofParent(p parent, name string, n *python.Node) value {
	start := p.class
	if o, ok := p.self.(*object); ok {
		if c, ok := o.of.(*class); ok {
			start = c
		}
	}
	if c, ok := p.self.(*class); ok {
		start = c
	}
	line := start.line()
	for i, c := range line {
		if c != p.class {
			continue
		}
		for _, next := range line[i+1:] {
			if v, ok := next.attributes.vars[name]; ok {
				return r.boundTo(v, next, p.self, n)
			}
		}
	}
	if base, ok := p.class.outside(); ok {
		if o, isObject := p.self.(*object); isObject && name == "__init__" && isA(o, sqsClient, snsClient) {
			return external{name: "client.__init__", self: o}
		}
		return external{name: library(base.name + "." + name), self: p.self}
	}
	return external{name: "builtins.object." + name}
}

func ofMember(m member, name string) value {
	switch name {
	case "value", "_value_":
		return m.value
	case "name":
		return text(m.name)
	}
	if v, _, ok := m.class.lookup(name); ok {
		return bound(v, m)
	}
	if s, ok := plain(m); ok {
		return external{name: "str." + name, self: text(s)}
	}
	return unknown{m.class.name + "." + m.name + "." + name}
}

func (r *reader) ofFunction(v value, name string, n *python.Node) value {
	f := functionOf(v)
	if f == nil {
		return r.unknown(n)
	}
	if stored, ok := f.scope.vars[" "+f.name+"."+name]; ok {
		return stored
	}
	switch name {
	case "__name__":
		return text(f.name)
	case "__qualname__":
		return text(f.qualified())
	case "__wrapped__", "__func__":
		return f
	}
	return r.unknown(n)
}

func functionOf(v value) *function {
	f, _ := core(v).(*function)
	return f
}

// ofUnknown knows the two clients that the library stores in an application, and those that the service stores.
func (r *reader) ofUnknown(of value, name string, n *python.Node) value {
	if v := r.stored(name); v != nil {
		return v
	}
	switch name {
	case "handler", "add_handler", "publish_event", "create_message":
		if isUnknown(of) {
			return external{name: "unknown." + name, self: of}
		}
	}
	return r.unknown(n)
}

// stored is a client that is stored in the application under a name.
func (r *reader) stored(name string) value {
	switch name {
	case "xavi":
		return &object{of: external{name: snsClient}, attributes: map[string]value{}}
	case "messi":
		return &object{of: external{name: sqsClient}, attributes: map[string]value{}}
	}
	clients := r.attributes[name]
	if len(clients) == 0 {
		return nil
	}
	for _, c := range clients[1:] {
		if c.(*object).at != clients[0].(*object).at {
			return nil
		}
	}
	return clients[0]
}

// item is what "of[key]" is.
func (r *reader) item(of, key value, n *python.Node) value {
	if name, ok := plain(key); ok && isSettings(of) {
		return r.settingValue(name, n)
	}
	switch of := of.(type) {
	case *mapping:
		for i, k := range of.keys {
			if same(k, key) {
				return of.values[i]
			}
		}
	case *sequence:
		if i, ok := index(key, len(of.items)); ok && !of.open {
			return of.items[i]
		}
	case *class:
		if name, ok := plain(key); ok && of.enum {
			return r.ofClass(of, of, name, n)
		}
	case external:
		if name, ok := plain(key); ok && isEnviron(of) {
			return unknown{"the environment variable " + name}
		}
		return external{name: of.name, self: of.self} // a generic type, as in Dict[str, int]
	}
	return r.unknown(n)
}

func index(key value, size int) (int, bool) {
	n, ok := key.(number)
	if !ok {
		return 0, false
	}
	i := 0
	negative := strings.HasPrefix(string(n), "-")
	for _, c := range strings.TrimPrefix(string(n), "-") {
		if c < '0' || c > '9' || i > size {
			return 0, false
		}
		i = i*10 + int(c-'0')
	}
	if negative {
		i = size - i
	}
	return i, i >= 0 && i < size
}
