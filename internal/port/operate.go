package port

import (
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// maxText bounds texts and lists that grow.
const maxText = 64 << 10

// operate is a binary operator on what texts, lists and dicts are known to be.
func (r *reader) operate(op string, left, right value, n *python.Node) value {
	switch op {
	case "Add":
		a, okA := left.(text)
		b, okB := right.(text)
		if okA && okB && len(a)+len(b) <= maxText {
			return a + b
		}
		x, okX := left.(*sequence)
		y, okY := right.(*sequence)
		if okX && okY && len(x.items)+len(y.items) <= maxText {
			return &sequence{items: append(append([]value(nil), x.items...), y.items...), open: x.open || y.open}
		}
	case "Mod":
		if format, ok := left.(text); ok {
			return r.percent(string(format), right, n)
		}
	case "BitOr":
		x, okX := left.(*mapping)
		y, okY := right.(*mapping)
		if okX && okY {
			out := &mapping{}
			out.merge(x)
			out.merge(y)
			return out
		}
	}
	return r.unknown(n)
}

// percent is "%s" formatting.
func (r *reader) percent(format string, right value, n *python.Node) value {
	items := []value{right}
	if tuple, ok := right.(*sequence); ok && !tuple.open {
		items = tuple.items
	}
	var out strings.Builder
	for {
		before, after, found := strings.Cut(format, "%")
		out.WriteString(before)
		if !found {
			break
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			out.WriteString("%")
			format = rest
			continue
		}
		rest, ok := strings.CutPrefix(after, "s")
		if !ok || len(items) == 0 {
			return r.unknown(n)
		}
		shown, ok := formatted(items[0])
		if !ok {
			return r.unknown(n)
		}
		out.WriteString(shown)
		items, format = items[1:], rest
	}
	if len(items) > 0 {
		return r.unknown(n)
	}
	return text(out.String())
}

// formatCall is str.format with plain fields.
func (r *reader) formatCall(format string, a arguments, n *python.Node) value {
	var out strings.Builder
	next := 0
	for format != "" {
		i := strings.IndexAny(format, "{}")
		if i < 0 {
			out.WriteString(format)
			break
		}
		out.WriteString(format[:i])
		if rest, ok := strings.CutPrefix(format[i:], "{{"); ok {
			out.WriteString("{")
			format = rest
			continue
		}
		if rest, ok := strings.CutPrefix(format[i:], "}}"); ok {
			out.WriteString("}")
			format = rest
			continue
		}
		field, rest, ok := strings.Cut(format[i+1:], "}")
		if !ok || format[i] == '}' {
			return r.unknown(n)
		}
		v, ok := a.field(field, &next)
		if !ok {
			return r.unknown(n)
		}
		shown, ok := formatted(v)
		if !ok {
			return r.unknown(n)
		}
		out.WriteString(shown)
		format = rest
	}
	return text(out.String())
}

func (a arguments) field(name string, next *int) (value, bool) {
	if name == "" {
		*next++
		return a.get(*next-1, "")
	}
	if len(name) == 1 && name[0] >= '0' && name[0] <= '9' {
		return a.get(int(name[0]-'0'), "")
	}
	return a.get(-1, name)
}
