package port

import (
	"github.com/seed08532102/iniesta/internal/port/python"
)

// choice is "a if b else c".
func (r *reader) choice(n *python.Node, s *scope) value {
	isTrue, ok := truthOf(r.eval(n.Node("test"), s))
	if !ok {
		a, b := r.eval(n.Node("body"), s), r.eval(n.Node("orelse"), s)
		if same(a, b) {
			return a
		}
		return r.unknown(n)
	}
	if isTrue {
		return r.eval(n.Node("body"), s)
	}
	return r.eval(n.Node("orelse"), s)
}

// either is "and" and "or".
func (r *reader) either(n *python.Node, s *scope) value {
	stopAt := n.Node("op").Is("Or")
	var v value
	sure := true
	for _, operand := range n.Nodes("values") {
		v = r.eval(operand, s)
		isTrue, ok := truthOf(v)
		if !ok {
			sure = false
			continue
		}
		if isTrue == stopAt && sure {
			return v
		}
		if isTrue != stopAt {
			continue
		}
	}
	if !sure {
		return r.unknown(n)
	}
	return v
}

func (r *reader) compare(n *python.Node, s *scope) value {
	left := r.eval(n.Node("left"), s)
	ops, rights := n.Nodes("ops"), n.Nodes("comparators")
	var right value
	for _, c := range rights {
		right = r.eval(c, s)
	}
	if len(ops) != 1 {
		return r.unknown(n)
	}
	if n.Node("left").Text("id") == "__name__" && same(right, text("__main__")) {
		return truth(ops[0].Is("Eq"))
	}
	switch ops[0].Kind {
	case "Eq", "Is":
		if comparable(left) && comparable(right) {
			return truth(same(left, right))
		}
	case "NotEq", "IsNot":
		if comparable(left) && comparable(right) {
			return truth(!same(left, right))
		}
	case "In", "NotIn":
		items, ok := r.items(right)
		if _, isText := right.(text); ok && !isText && comparable(left) {
			isIn := false
			for _, item := range items {
				if !comparable(item) {
					return r.unknown(n)
				}
				isIn = isIn || same(left, item)
			}
			return truth(isIn == ops[0].Is("In"))
		}
	}
	return r.unknown(n)
}

// comparable values are equal where same says so.
func comparable(v value) bool {
	switch v.(type) {
	case text, number, truth, nothing, *class:
		return true
	case member:
		return true
	}
	return callable(v) && !isExternal(v)
}

func isExternal(v value) bool {
	_, ok := v.(external)
	return ok
}
