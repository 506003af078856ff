package port

import (
	"github.com/seed08532102/iniesta/internal/port/python"
)

// applyMetaclass follows __new__ and __init__ of a metaclass of the service, which see the new class.
func (r *reader) applyMetaclass(c *class, keywords arguments, n *python.Node) {
	c.meta, _ = keywords.named["metaclass"].(*class)
	for _, k := range c.line() {
		if c.meta == nil {
			c.meta = k.meta
		}
	}
	if c.meta == nil || c.meta == c {
		return
	}
	bases, names := &sequence{items: c.bases}, &mapping{}
	for _, name := range sortedNames(c.attributes.vars) {
		names.put(text(name), c.attributes.vars[name])
	}
	a := arguments{positional: []value{text(c.name), bases, names}}
	for _, name := range keywords.order {
		if name != "metaclass" {
			a.add(name, keywords.named[name])
		}
	}
	outer := r.defining
	r.defining = c
	defer func() { r.defining = outer }()
	for _, method := range []struct {
		name string
		self value
	}{{"__new__", c.meta}, {"__init__", c}} {
		if v, _, ok := c.meta.lookup(method.name); ok {
			if f, ok := v.(*function); ok {
				r.invoke(f, method.self, a, n)
			}
		}
	}
}
