package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

func (r *reader) imports(n *python.Node, s *scope) {
	if n.Is("ImportFrom") {
		r.importFrom(n, s)
		return
	}
	for _, alias := range n.Nodes("names") {
		name, as := alias.Text("name"), alias.Text("asname")
		v := r.imported(name)
		if as != "" {
			s.set(as, v)
			continue
		}
		top, _, _ := strings.Cut(name, ".")
		s.set(top, r.imported(top))
	}
}

// imported is a module of the service, or of a library.
func (r *reader) imported(name string) value {
	if top, _, _ := strings.Cut(name, "."); top != "iniesta" {
		if m := r.modules.find(name); m != nil {
			for at := range len(name) { // Python runs the packages above it first
				if name[at] == '.' {
					if above := r.modules.find(name[:at]); above != nil {
						r.load(above)
					}
				}
			}
			m.imported = true
			r.load(m)
			return m
		}
		if r.modules.holds(name) {
			return &module{name: name, isPackage: true, scope: newScope(nil, nil), state: run} // without __init__.py
		}
	}
	return external{name: library(name)}
}

func (r *reader) importFrom(n *python.Node, s *scope) {
	name, ok := r.absolute(n)
	if !ok {
		r.found.leave(r.at(n), "%s leads out of the directory: what it imports is not known", r.module().source(n))
		for _, alias := range n.Nodes("names") {
			r.setAlias(s, alias, r.unknown(n))
		}
		return
	}
	from := r.imported(name)
	for _, alias := range n.Nodes("names") {
		if alias.Text("name") == "*" {
			r.importAll(from, n, s)
			continue
		}
		r.setAlias(s, alias, r.member(from, alias.Text("name"), n))
	}
}

func (r *reader) setAlias(s *scope, alias *python.Node, v value) {
	name := alias.Text("asname")
	if name == "" {
		name = alias.Text("name")
	}
	s.set(name, v)
}

// absolute is the name of the module that "from" names.
func (r *reader) absolute(n *python.Node) (string, bool) {
	name, level := n.Text("module"), n.Int("level")
	if level == 0 {
		return name, true
	}
	base := r.module().packageName()
	for range level - 1 {
		if base == "" {
			return "", false
		}
		i := strings.LastIndexByte(base, '.')
		base = base[:max(i, 0)]
	}
	return strings.Trim(base+"."+name, "."), true
}

// member is a name of a module.
func (r *reader) member(from value, name string, n *python.Node) value {
	switch from := from.(type) {
	case external:
		return r.attribute(from, name, n)
	case *module:
		if from.scope != nil {
			if v, ok := from.scope.vars[name]; ok {
				return v
			}
		}
		full := strings.Trim(from.name+"."+name, ".")
		if m := r.modules.find(full); m != nil {
			m.imported = true
			r.load(m)
			return m
		}
		if r.modules.holds(full) {
			return r.imported(full)
		}
		return unknown{name + " of the module " + from.name}
	}
	return r.unknown(n)
}

func (r *reader) importAll(from value, n *python.Node, s *scope) {
	switch from := from.(type) {
	case *module:
		r.importPublic(from, s)
	case external:
		for _, name := range libraryNames[from.name] {
			s.set(name, external{name: from.name + "." + name})
		}
		if len(libraryNames[from.name]) == 0 && strings.HasPrefix(from.name, "iniesta") {
			r.found.leave(r.at(n), "%s: the names that it brings are not known", r.module().source(n))
		}
	}
}

// libraryNames are what a star brings.
var libraryNames = map[string][]string{
	"iniesta":     {"Iniesta"},
	"iniesta.sqs": {"SQSClient", "SQSMessage"},
	"iniesta.sns": {"SNSClient", "SNSMessage"},
}

func (r *reader) importPublic(from *module, s *scope) {
	if all, ok := r.items(from.scope.vars["__all__"]); ok {
		for _, item := range all {
			if name, ok := plain(item); ok {
				s.set(name, r.member(from, name, nil))
			}
		}
		return
	}
	for _, name := range sortedNames(from.scope.vars) {
		v := from.scope.vars[name]
		if !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, " ") {
			s.set(name, v)
		}
	}
}
