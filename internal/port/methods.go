package port

import (
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// callText is the methods of a str.
func (r *reader) callText(self value, name string, a arguments, n *python.Node) value {
	s, ok := plain(self)
	if !ok {
		return r.unknown(n)
	}
	if name == "format" {
		return r.formatCall(s, a, n)
	}
	if name == "join" {
		return r.join(s, a, n)
	}
	args := []string{}
	for _, arg := range a.positional {
		t, ok := plain(arg)
		if !ok {
			return r.unknown(n)
		}
		args = append(args, t)
	}
	switch {
	case name == "upper" && len(args) == 0:
		return text(strings.ToUpper(s))
	case name == "lower" && len(args) == 0:
		return text(strings.ToLower(s))
	case name == "strip" && len(args) == 0:
		return text(strings.TrimSpace(s))
	case name == "capitalize" && len(args) == 0 && s != "":
		return text(strings.ToUpper(s[:1]) + strings.ToLower(s[1:]))
	case name == "title" && len(args) == 0:
		return text(titled(s))
	case name == "replace" && len(args) == 2:
		return text(strings.ReplaceAll(s, args[0], args[1]))
	case name == "removesuffix" && len(args) == 1:
		return text(strings.TrimSuffix(s, args[0]))
	case name == "removeprefix" && len(args) == 1:
		return text(strings.TrimPrefix(s, args[0]))
	case name == "startswith" && len(args) == 1:
		return truth(strings.HasPrefix(s, args[0]))
	case name == "endswith" && len(args) == 1:
		return truth(strings.HasSuffix(s, args[0]))
	case name == "split" && len(a.named) == 0:
		return split(s, args)
	}
	return r.unknown(n)
}

// titled is str.title of ASCII: a letter after none is a capital, the others are not.
func titled(s string) string {
	out, inWord := []byte(s), false
	for i, c := range out {
		isLetter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		switch {
		case isLetter && !inWord:
			out[i] = strings.ToUpper(string(rune(c)))[0]
		case isLetter:
			out[i] = strings.ToLower(string(rune(c)))[0]
		}
		inWord = isLetter
	}
	return string(out)
}

func split(s string, args []string) value {
	parts := strings.Fields(s)
	if len(args) == 1 && args[0] != "" {
		parts = strings.Split(s, args[0])
	}
	out := &sequence{}
	for _, part := range parts {
		out.items = append(out.items, text(part))
	}
	return out
}

func (r *reader) join(separator string, a arguments, n *python.Node) value {
	if len(a.positional) != 1 {
		return r.unknown(n)
	}
	items, ok := r.items(a.positional[0])
	if !ok {
		return r.unknown(n)
	}
	parts := []string{}
	for _, item := range items {
		part, ok := plain(item)
		if !ok {
			return r.unknown(n)
		}
		parts = append(parts, part)
	}
	return text(strings.Join(parts, separator))
}

// callList is the methods of a list or set. What is changed under a condition is open from then on.
func (r *reader) callList(s *sequence, name string, a arguments, n *python.Node) value {
	s.open = s.open || len(r.conditions) > 0
	switch name {
	case "append", "add", "insert":
		if len(a.positional) > 0 {
			s.items = append(s.items, a.positional[len(a.positional)-1])
		}
		return nothing{}
	case "extend", "update":
		for _, arg := range a.positional {
			items, ok := r.items(arg)
			s.items, s.open = append(s.items, items...), s.open || !ok
		}
		return nothing{}
	case "copy":
		return &sequence{items: slices.Clone(s.items), open: s.open}
	case "union":
		out := &sequence{items: slices.Clone(s.items), open: s.open}
		for _, arg := range a.positional {
			items, ok := r.items(arg)
			out.items, out.open = append(out.items, items...), out.open || !ok
		}
		return out
	case "index", "count":
		return r.unknown(n)
	}
	s.open = true // remove, pop, sort and the like
	return r.unknown(n)
}

// callDict is the methods of a dict.
func (r *reader) callDict(m *mapping, name string, a arguments, n *python.Node) value {
	switch name {
	case "items", "keys", "values":
		out := &sequence{open: m.open}
		for i, key := range m.keys {
			switch name {
			case "items":
				out.items = append(out.items, &sequence{items: []value{key, m.values[i]}})
			case "keys":
				out.items = append(out.items, key)
			case "values":
				out.items = append(out.items, m.values[i])
			}
		}
		return out
	case "get", "setdefault":
		return r.getItem(m, name, a, n)
	case "update":
		m.open = m.open || len(r.conditions) > 0 || a.open
		if more, ok := r.newDict(a, n).(*mapping); ok {
			m.merge(more)
		} else {
			m.open = true
		}
		return nothing{}
	case "copy":
		out := &mapping{}
		out.merge(m)
		return out
	}
	m.open = true
	return r.unknown(n)
}

func (r *reader) getItem(m *mapping, name string, a arguments, n *python.Node) value {
	key, ok := a.get(0, "key")
	if !ok {
		return r.unknown(n)
	}
	for i, k := range m.keys {
		if same(k, key) {
			return m.values[i]
		}
	}
	otherwise, ok := a.get(1, "default")
	if !ok {
		otherwise = nothing{}
	}
	if name == "setdefault" {
		m.put(key, otherwise)
		m.open = m.open || len(r.conditions) > 0
		return otherwise
	}
	if m.open || !comparable(key) {
		return r.unknown(n)
	}
	return otherwise
}
