package port

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// truthOf is whether Python takes a value for true, where that is known.
func truthOf(v value) (isTrue, known bool) {
	switch v := v.(type) {
	case truth:
		return bool(v), true
	case nothing:
		return false, true
	case text:
		return v != "", true
	case number:
		f, err := strconv.ParseFloat(string(v), 64)
		return f != 0, err == nil
	case *sequence:
		return len(v.items) > 0, len(v.items) > 0 || !v.open
	case *mapping:
		return len(v.keys) > 0, len(v.keys) > 0 || !v.open
	case *function, *class, *module, method, wrapped, published, partial, decorator:
		return true, true
	case *object:
		return true, isA(v, sqsClient, snsClient)
	case member:
		return true, v.class != nil
	}
	return false, false
}

// plain is the text that a value is as a dict's key or an event: a str, or a member of an Enum that is a str too.
func plain(v value) (string, bool) {
	switch v := v.(type) {
	case text:
		return string(v), true
	case member:
		if extends(v.class, "builtins.str", "enum.StrEnum") {
			return plain(v.value)
		}
	}
	return "", false
}

func isUnknown(v value) bool {
	_, ok := v.(unknown)
	return ok
}

// same reports whether two values are known to be equal.
func same(a, b value) bool {
	if x, ok := plain(a); ok {
		y, ok := plain(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case number, truth, nothing:
		return a == b
	case *function, *class, *module, *object, *mapping:
		return a == b
	case *sequence:
		other, ok := b.(*sequence)
		return ok && (a == other || sameItems(a, other))
	case external:
		other, ok := b.(external)
		return ok && a.name == other.name && a.self == nil && other.self == nil
	case member:
		other, ok := b.(member)
		return ok && a.class == other.class && a.name == other.name
	case unknown:
		return reflect.DeepEqual(a, b)
	}
	return false
}

func sameItems(a, b *sequence) bool {
	if a.open || b.open || len(a.items) != len(b.items) {
		return false
	}
	for i := range a.items {
		if !same(a.items[i], b.items[i]) {
			return false
		}
	}
	return true
}

// items are what Python iterates over, where all of them are known.
func (r *reader) items(v value) ([]value, bool) {
	switch v := v.(type) {
	case *sequence:
		return v.items, !v.open
	case *mapping:
		return v.keys, !v.open
	case text:
		if len(v) > 256 {
			return nil, false
		}
		items := []value{}
		for _, c := range string(v) {
			items = append(items, text(c))
		}
		return items, true
	case *class:
		if v.enum {
			return r.members(v), true
		}
	}
	return nil, false
}

// members are those of an Enum, in the order of its definition.
func (r *reader) members(c *class) []value {
	items := []value{}
	for _, n := range c.def.Nodes("body") {
		for _, target := range n.Nodes("targets") {
			if m, ok := c.attributes.vars[target.Text("id")].(member); ok {
				items = append(items, m)
			}
		}
	}
	return items
}

// oneOf stands for each item of what is not known in full. Messages that one call creates are alike: one of them
// stands for all.
func (r *reader) oneOf(v value, n *python.Node) value {
	if list, ok := v.(*sequence); ok && len(list.items) == 1 && messageOf(list.items[0]) != nil {
		return list.items[0]
	}
	return r.unknown(n)
}

func sortedNames(vars map[string]value) []string { return slices.Sorted(maps.Keys(vars)) }
