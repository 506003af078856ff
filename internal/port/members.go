package port

import (
	"slices"
	"strconv"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// attributeNames is dir() of an instance or class whose bases are all of the service.
func attributeNames(v value) (*sequence, bool) {
	c, ok := v.(*class)
	var own map[string]value
	if o, isObject := v.(*object); isObject {
		c, ok = o.of.(*class)
		own = o.attributes
	}
	if !ok {
		return nil, false
	}
	if _, extends := c.outside(); extends {
		return nil, false
	}
	names := sortedNames(own)
	for _, k := range c.line() {
		names = append(names, sortedNames(k.attributes.vars)...)
	}
	slices.Sort(names)
	out := &sequence{}
	for _, name := range slices.Compact(names) {
		if !strings.HasPrefix(name, " ") {
			out.items = append(out.items, text(name))
		}
	}
	return out, true
}

// getmembers is inspect.getmembers, of functions where it has a predicate.
func (r *reader) getmembers(a arguments, n *python.Node) value {
	of := first(a, "object")
	names, ok := attributeNames(of)
	if !ok {
		return r.unknown(n)
	}
	_, filtered := a.get(1, "predicate")
	out := &sequence{}
	for _, name := range names.items {
		v := r.attribute(of, string(name.(text)), n)
		if !filtered || functionOf(v) != nil {
			out.items = append(out.items, &sequence{items: []value{name, v}})
		}
	}
	return out
}

// slice is text[a:b] and list[a:b] with bounds that are known.
func (r *reader) slice(of value, bounds *python.Node, s *scope, n *python.Node) value {
	lower, upper := r.evalOr(bounds.Node("lower"), s, number("0")), r.evalOr(bounds.Node("upper"), s, nil)
	r.evalOr(bounds.Node("step"), s, nil)
	content, isText := of.(text)
	list, isList := of.(*sequence)
	size := 0
	runes := []rune(string(content))
	switch {
	case bounds.Node("step") != nil || !isText && (!isList || list.open):
		return r.unknown(n)
	case isText:
		size = len(runes)
	default:
		size = len(list.items)
	}
	from, okFrom := boundary(lower, size)
	to, okTo := size, true
	if upper != nil {
		to, okTo = boundary(upper, size)
	}
	if !okFrom || !okTo {
		return r.unknown(n)
	}
	to = max(from, to)
	if isText {
		return text(runes[from:to])
	}
	return &sequence{items: slices.Clone(list.items[from:to])}
}

// boundary is a bound of a slice, within the size as Python takes it.
func boundary(v value, size int) (int, bool) {
	num, ok := v.(number)
	i, err := strconv.Atoi(string(num))
	if !ok || err != nil {
		return 0, false
	}
	if i < 0 {
		i += size
	}
	return min(max(i, 0), size), true
}
