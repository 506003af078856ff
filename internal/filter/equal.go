package filter

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Equal reports whether both policies let the same messages through, as far as their rules tell: order
// and repetition do not count, nor does a rule that a wider one covers. Rules that are neither a value nor
// a prefix are equal where their JSON is.
func (p Policy) Equal(q Policy) bool {
	return maps.EqualFunc(p, q, func(a, b []Rule) bool { return slices.Equal(essence(a), essence(b)) })
}

// essence is the least set of rules that lets the same through, sorted.
func essence(rules []Rule) []string {
	var needed []string
	for i, r := range rules {
		covered := slices.ContainsFunc(rules[:i], func(o Rule) bool { return o.covers(r) }) ||
			slices.ContainsFunc(rules[i+1:], func(o Rule) bool { return o.covers(r) && !r.covers(o) })
		if !covered {
			needed = append(needed, r.canonical())
		}
	}
	slices.Sort(needed)
	return needed
}

// covers reports whether whatever matches o matches r too.
func (r Rule) covers(o Rule) bool {
	switch {
	case r.Other != nil || o.Other != nil:
		return r.Other != nil && o.Other != nil && r.canonical() == o.canonical()
	case r.Prefix != "" && o.Prefix != "":
		return strings.HasPrefix(o.Prefix, r.Prefix)
	case o.Prefix != "":
		return false
	}
	return r.matches(o.Exact)
}

// canonical is the rule's JSON with the keys of objects in order.
func (r Rule) canonical() string {
	text, _ := json.Marshal(r) // what was read encodes
	var value any
	if json.Unmarshal(text, &value) != nil {
		return string(text)
	}
	ordered, _ := json.Marshal(value) // what was decoded encodes
	return string(ordered)
}
