package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// evalOr is eval, or what stands for an expression that is missing.
func (r *reader) evalOr(n *python.Node, s *scope, missing value) value {
	if n == nil {
		return missing
	}
	return r.eval(n, s)
}

// eval says what an expression is, as far as that is known. It follows all of it, for what it registers.
func (r *reader) eval(n *python.Node, s *scope) value {
	if r.steps++; r.steps > r.limit || n == nil {
		return unknown{"it is not followed that far"}
	}
	switch n.Kind {
	case "Constant":
		return constant(n)
	case "Name":
		return r.name(n, s)
	case "Attribute":
		return r.attribute(r.eval(n.Node("value"), s), n.Text("attr"), n)
	case "Subscript":
		if bounds := n.Node("slice"); bounds.Is("Slice") {
			return r.slice(r.eval(n.Node("value"), s), bounds, s, n)
		}
		return r.item(r.eval(n.Node("value"), s), r.eval(n.Node("slice"), s), n)
	case "Call":
		return r.callExpression(n, s)
	case "Await", "Starred", "YieldFrom":
		return r.eval(n.Node("value"), s)
	case "NamedExpr":
		v := r.eval(n.Node("value"), s)
		r.assign(n.Node("target"), v, s)
		return v
	case "List", "Tuple", "Set":
		return r.sequence(n.Nodes("elts"), s)
	case "Dict":
		return r.mapping(n, s)
	case "JoinedStr":
		return r.joined(n, s)
	case "Lambda":
		return r.lambda(n, s)
	}
	return r.compound(n, s)
}

// compound is the expressions that choose, compare, combine and go through others.
func (r *reader) compound(n *python.Node, s *scope) value {
	switch n.Kind {
	case "IfExp":
		return r.choice(n, s)
	case "BoolOp":
		return r.either(n, s)
	case "BinOp":
		left, right := r.eval(n.Node("left"), s), r.eval(n.Node("right"), s)
		return r.operate(n.Node("op").Kind, left, right, n)
	case "UnaryOp":
		v := r.eval(n.Node("operand"), s)
		if isTrue, ok := truthOf(v); ok && n.Node("op").Is("Not") {
			return truth(!isTrue)
		}
		if num, ok := v.(number); ok && n.Node("op").Is("USub") {
			return number(strings.TrimPrefix("-"+string(num), "--"))
		}
		return r.unknown(n)
	case "Compare":
		return r.compare(n, s)
	case "ListComp", "SetComp", "GeneratorExp", "DictComp":
		return r.comprehension(n, s)
	case "Yield":
		r.evalOr(n.Node("value"), s, nil)
	case "Slice":
		for _, bound := range []string{"lower", "upper", "step"} {
			r.evalOr(n.Node(bound), s, nil)
		}
	}
	return r.unknown(n)
}

func constant(n *python.Node) value {
	switch content := n.Text("text"); n.Text("kind") {
	case "str":
		return text(content)
	case "int", "float":
		return number(content)
	case "bool":
		return truth(content == "True")
	case "NoneType":
		return nothing{}
	default:
		return unknown{"a constant that is no text and no number"}
	}
}

func (r *reader) name(n *python.Node, s *scope) value {
	name := n.Text("id")
	if v, ok := s.lookup(name); ok {
		return v
	}
	switch {
	case name == "__name__":
		return text(r.module().name)
	case builtin[name]:
		return external{name: "builtins." + name}
	}
	return r.unknown(n)
}

func (r *reader) sequence(elements []*python.Node, s *scope) value {
	out := &sequence{}
	for _, e := range elements {
		v := r.eval(e, s)
		if !e.Is("Starred") {
			out.items = append(out.items, v)
			continue
		}
		more, ok := r.items(v)
		out.items, out.open = append(out.items, more...), out.open || !ok
	}
	return out
}

func (r *reader) mapping(n *python.Node, s *scope) value {
	out := &mapping{}
	values := n.Nodes("values")
	for i, key := range n.Nodes("keys") {
		v := r.eval(values[i], s)
		if key != nil {
			out.put(r.eval(key, s), v)
			continue
		}
		if more, ok := v.(*mapping); ok {
			out.merge(more)
		} else {
			out.open = true
		}
	}
	return out
}

func (m *mapping) put(key, v value) {
	for i, k := range m.keys {
		if same(k, key) {
			m.values[i] = v
			return
		}
	}
	m.keys, m.values = append(m.keys, key), append(m.values, v)
}

func (m *mapping) merge(more *mapping) {
	for i, key := range more.keys {
		m.put(key, more.values[i])
	}
	m.open = m.open || more.open
}

// joined is an f-string.
func (r *reader) joined(n *python.Node, s *scope) value {
	var out strings.Builder
	known := true
	for _, part := range n.Nodes("values") {
		if part.Is("Constant") {
			out.WriteString(part.Text("text"))
			continue
		}
		v := r.eval(part.Node("value"), s)
		shown, ok := formatted(v)
		if part.Node("format_spec") != nil || part.Int("conversion") > 0 && part.Int("conversion") != 's' {
			ok = false
		}
		known = known && ok
		out.WriteString(shown)
	}
	if !known {
		return r.unknown(n)
	}
	return text(out.String())
}

// formatted is what a value is in a text. Members of Enums are left out: it depends on the version of Python.
func formatted(v value) (string, bool) {
	switch v := v.(type) {
	case text:
		return string(v), true
	case number:
		return string(v), true
	case truth:
		if v {
			return "True", true
		}
		return "False", true
	case nothing:
		return "None", true
	case member:
		if extends(v.class, "enum.StrEnum") {
			return plain(v)
		}
	}
	return "", false
}

// comprehension goes through what it iterates over where that is known, and otherwise follows its element once.
func (r *reader) comprehension(n *python.Node, outer *scope) value {
	s := newScope(outer, outer.module)
	list, dict := &sequence{}, &mapping{}
	known := r.generate(n, n.Nodes("generators"), s, func() {
		if n.Is("DictComp") {
			dict.put(r.eval(n.Node("key"), s), r.eval(n.Node("value"), s))
			return
		}
		list.items = append(list.items, r.eval(n.Node("elt"), s))
	})
	list.open, dict.open = !known, !known
	if n.Is("DictComp") {
		return dict
	}
	return list
}

func (r *reader) generate(n *python.Node, generators []*python.Node, s *scope, emit func()) bool {
	if len(generators) == 0 {
		emit()
		return true
	}
	g := generators[0]
	over := r.eval(g.Node("iter"), s)
	items, known := r.items(over)
	if !known || len(items) > maxLoop {
		items, known = []value{r.oneOf(over, g.Node("iter"))}, false
	}
	for _, item := range items {
		r.assign(g.Node("target"), item, s)
		wanted := true
		for _, test := range g.Nodes("ifs") {
			isTrue, ok := truthOf(r.eval(test, s))
			known = known && ok
			wanted = wanted && (isTrue || !ok)
		}
		if wanted {
			known = r.generate(n, generators[1:], s, emit) && known
		}
	}
	return known
}
