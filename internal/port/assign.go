package port

import (
	"github.com/seed08532102/iniesta/internal/port/python"
)

// assign binds a target to a value.
func (r *reader) assign(target *python.Node, v value, s *scope) {
	switch target.Kind {
	case "Name":
		name := target.Text("id")
		if f, ok := v.(*function); ok && f.name == "lambda" {
			f.name = name
		}
		s.set(name, v)
		r.assignedName(name, v, target, s)
	case "Attribute":
		r.setAttribute(r.eval(target.Node("value"), s), target.Text("attr"), v, target)
	case "Subscript":
		r.setItem(r.eval(target.Node("value"), s), r.eval(target.Node("slice"), s), v, target)
	case "Tuple", "List":
		r.unpack(target, v, s)
	case "Starred":
		r.assign(target.Node("value"), v, s)
	}
}

// assignedName notes settings: names of a module or class that are settings.
func (r *reader) assignedName(name string, v value, n *python.Node, s *scope) {
	f := r.frame()
	if f.function != nil || !isSetting(name) {
		return
	}
	where := ""
	if s.isClass {
		where, _ = plain(s.vars["__qualname__"])
	}
	r.setting(name, v, n, where)
}

func (r *reader) unpack(target *python.Node, v value, s *scope) {
	elements := target.Nodes("elts")
	items, ok := r.items(v)
	star := -1
	for i, e := range elements {
		if e.Is("Starred") {
			star = i
		}
	}
	if !ok || (star < 0 && len(items) != len(elements)) || len(items) < len(elements)-1 {
		for _, e := range elements {
			r.assign(e, unknown{"a part of what cannot be said without running it"}, s)
		}
		return
	}
	for i, e := range elements {
		switch {
		case star < 0 || i < star:
			r.assign(e, items[i], s)
		case i == star:
			r.assign(e, &sequence{items: items[i : len(items)-(len(elements)-1-i)]}, s)
		default:
			r.assign(e, items[len(items)-len(elements)+i], s)
		}
	}
}

func (r *reader) setAttribute(of value, name string, v value, n *python.Node) {
	if isSettings(of) {
		r.setting(name, v, n, "")
		return
	}
	switch of := of.(type) {
	case *object:
		of.attributes[name] = v
		if isApp(of) {
			r.remember(name, v)
		}
	case *class:
		of.attributes.vars[name] = v
		if isSetting(name) {
			r.setting(name, v, n, of.name)
		}
	case *module:
		if of.scope != nil {
			of.scope.vars[name] = v
		}
		if isSetting(name) {
			r.setting(name, v, n, "")
		}
	case *function:
		of.scope.vars[" "+of.name+"."+name] = v
	case unknown:
		r.remember(name, v)
	}
	r.setOnMessage(of, name, v, n)
	r.setOnLibrary(of, name, v, n)
}

// remember keeps clients that are stored in objects which are not known, as request.app is elsewhere.
func (r *reader) remember(name string, v value) {
	if isA(v, sqsClient, snsClient) {
		r.next.attributes[name] = append(r.next.attributes[name], v)
	}
}

func (r *reader) setItem(of, key, v value, n *python.Node) {
	name, isText := plain(key)
	switch {
	case isText && (isSettings(of) || isEnviron(of)) && isSetting(name):
		r.setting(name, v, n, "")
		return
	case isHandlers(of):
		r.bind(v, key, true, n, "")
		return
	}
	switch of := of.(type) {
	case *mapping:
		for i, k := range of.keys {
			if same(k, key) {
				of.values[i] = v
				return
			}
		}
		of.keys, of.values = append(of.keys, key), append(of.values, v)
		of.open = of.open || isUnknown(key) || len(r.conditions) > 0
	case *sequence:
		of.open = true
	}
}

func (r *reader) augment(n *python.Node, s *scope) {
	target := n.Node("target")
	add := r.eval(n.Node("value"), s)
	if target.Is("Name") {
		now, ok := s.lookup(target.Text("id"))
		if !ok {
			now = r.unknown(target)
		}
		if list, ok := now.(*sequence); ok && n.Node("op").Is("Add") {
			if more, known := r.items(add); known {
				r.assign(target, &sequence{items: append(append([]value(nil), list.items...), more...), open: list.open}, s)
				return
			}
			list.open = true
			return
		}
		r.assign(target, r.operate(n.Node("op").Kind, now, add, n), s)
		return
	}
	r.assign(target, r.operate(n.Node("op").Kind, r.eval(target, s), add, n), s)
}
