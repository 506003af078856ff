package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// value is what an expression of the Python service is known to be, without running it.
type value any

type (
	// text is a str, number an int or float in Python's notation, truth a bool, nothing None.
	text    string
	number  string
	truth   bool
	nothing struct{}

	// sequence is a list, tuple, set or generator. An open one may have more items.
	sequence struct {
		items []value
		open  bool
	}

	// mapping is a dict. An open one may have more items.
	mapping struct {
		keys, values []value
		open         bool
	}

	// function is a def or lambda in the scope that it was made in.
	function struct {
		name   string
		def    *python.Node
		module *module
		scope  *scope
		owner  *class // of a method
		kind   string // "staticmethod", "classmethod", "property"
		maker  string // the call of a factory that made it
	}

	// class is a class of the service.
	class struct {
		name       string
		def        *python.Node
		module     *module
		bases      []value
		attributes *scope
		subclasses []*class
		enum       bool
		meta       *class
		made       *object // stands for an instance that is made elsewhere
	}

	// object is an instance: of a class of the service, or of an external one.
	object struct {
		of         value
		attributes map[string]value
		arguments  arguments
		at         Place
		text       string // of the call that made it
	}

	// method is a function bound to an instance or class.
	method struct {
		self     value
		function *function
	}

	// external is a name of a library, such as iniesta.sqs.SQSClient, or a method of a value.
	external struct {
		name string
		self value
	}

	// wrapped is a function under a decorator that is not understood.
	wrapped struct {
		inner value
		by    string
	}

	// published is a view under publish_event.
	published struct {
		inner       value
		publication *Publication
	}

	// partial is functools.partial.
	partial struct {
		function  value
		arguments arguments
		text      string
	}

	// decorator is a decorator of the library, waiting for its function.
	decorator func(r *reader, inner value, n *python.Node) value

	// member is a member of an Enum.
	member struct {
		class *class
		name  string
		value value
	}

	// parent is super().
	parent struct {
		class *class
		self  value
	}

	// unknown is what cannot be said without running the service.
	unknown struct{ why string }
)

// arguments of a call. Open ones may have more.
type arguments struct {
	positional []value
	named      map[string]value
	order      []string // of named
	open       bool
}

// get is the argument of a name or position.
func (a arguments) get(position int, name string) (value, bool) {
	if v, ok := a.named[name]; ok {
		return v, true
	}
	if position >= 0 && position < len(a.positional) {
		return a.positional[position], true
	}
	return nil, false
}

// scope is where names are looked up.
type scope struct {
	vars    map[string]value
	outer   *scope
	module  *module
	globals map[string]bool // declared global or nonlocal
	isClass bool
}

func newScope(outer *scope, m *module) *scope {
	return &scope{vars: map[string]value{}, outer: outer, module: m}
}

func (s *scope) lookup(name string) (value, bool) {
	for at := s; at != nil; at = at.outer {
		if at.isClass && at != s {
			continue // as in Python, methods do not see the names of their class
		}
		if v, ok := at.vars[name]; ok {
			return v, true
		}
	}
	return nil, false
}

func (s *scope) set(name string, v value) {
	if !s.globals[name] {
		s.vars[name] = v
		return
	}
	for at := s.outer; at != nil; at = at.outer {
		if _, ok := at.vars[name]; ok || at.outer == nil {
			at.vars[name] = v
			return
		}
	}
}

// lookup finds an attribute in a class and its bases, in the order of Python.
func (c *class) lookup(name string) (value, *class, bool) {
	for _, k := range c.line() {
		if v, ok := k.attributes.vars[name]; ok {
			return v, k, true
		}
	}
	return nil, nil, false
}

// line is the class and its bases, nearest first: depth first, the last of repeated ones kept, which is Python's
// order in hierarchies that are not contrived.
func (c *class) line() []*class {
	var all []*class
	seen := 0
	var add func(*class)
	add = func(k *class) {
		if seen++; seen > 200 {
			return
		}
		all = append(all, k)
		for _, base := range k.bases {
			if b, ok := base.(*class); ok {
				add(b)
			}
		}
	}
	add(c)
	var line []*class
	for i, k := range all {
		if !containsClass(all[i+1:], k) {
			line = append(line, k)
		}
	}
	return line
}

func containsClass(all []*class, c *class) bool {
	for _, k := range all {
		if k == c {
			return true
		}
	}
	return false
}

// outside is the external class that the class extends, if any.
func (c *class) outside() (external, bool) {
	for _, k := range c.line() {
		for _, base := range k.bases {
			if e, ok := base.(external); ok && e.name != "builtins.object" {
				return e, true
			}
		}
	}
	return external{}, false
}

// isA reports whether a value is an instance of an external class, or of one that extends it.
func isA(v value, names ...string) bool {
	o, ok := v.(*object)
	if !ok {
		return false
	}
	switch of := o.of.(type) {
	case external:
		return contains(names, of.name)
	case *class:
		return extends(of, names...)
	}
	return false
}

func extends(c *class, names ...string) bool {
	for _, k := range c.line() {
		for _, base := range k.bases {
			if e, ok := base.(external); ok && contains(names, e.name) {
				return true
			}
		}
	}
	return false
}

func contains(all []string, s string) bool {
	for _, a := range all {
		if a == s {
			return true
		}
	}
	return false
}

// library is a name of Python's iniesta as its packages export it.
func library(name string) string {
	for _, long := range [][2]string{
		{"iniesta.sqs.client.", "iniesta.sqs."}, {"iniesta.sqs.message.", "iniesta.sqs."},
		{"iniesta.sns.client.", "iniesta.sns."}, {"iniesta.sns.message.", "iniesta.sns."},
		{"iniesta.app.", "iniesta."},
	} {
		if rest, ok := strings.CutPrefix(name, long[0]); ok {
			return long[1] + rest
		}
	}
	return name
}

// callable reports whether Python could call the value, as far as it is known.
func callable(v value) bool {
	switch v := v.(type) {
	case *function, method, wrapped, published, partial:
		return true
	case *object:
		c, ok := v.of.(*class)
		if !ok {
			return false
		}
		_, _, ok = c.lookup("__call__")
		return ok
	case external:
		return !strings.HasPrefix(v.name, "iniesta.")
	}
	return false
}
