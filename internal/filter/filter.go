package filter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// Filter is a filter policy to be asked what passes, with every operator of SNS. It is what a
// server needs; consumers compare policies (Policy).
type Filter struct{ conditions []condition }

// condition is met when one of its matchers matches the key's value, or for a key that holds keys when
// all of the inner conditions are.
type condition struct {
	key      string
	matchers []matcher
	inner    *Filter
	either   []*Filter // of "$or": one is enough
}

// refusal is why SNS refuses a policy, in the words of SNS.
type refusal string

func (r refusal) Error() string { return string(r) }

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// ErrNested is the refusal of nested keys in a filter of message attributes.
var ErrNested = refuse("Filter policy scope MessageAttributes does not support nested filter policy")

// Compile reads a policy. Nested keys are for filters of message bodies. It refuses what SNS refuses, in the words
// of SNS.
func Compile(text string, nested bool) (*Filter, error) {
	var policy map[string]any
	if jsonbody.Decode(text, &policy) != nil || policy == nil {
		return nil, refuse("failed to parse JSON.")
	}
	if len(policy) > MaxKeys {
		return nil, refuse("Filter policy can not have more than %d keys", MaxKeys)
	}
	n, deep, err := combinations(policy, 1, 1)
	switch {
	case err != nil:
		return nil, err
	case deep && !nested:
		return nil, ErrNested
	case n > MaxValues || allWildcards(policy) > maxWildcardsOfAll:
		return nil, refuse("Filter policy is too complex")
	}
	if nested {
		policy = expand(policy).(map[string]any)
	}
	return compile(policy)
}

// compile reads a policy whose form was checked.
func compile(policy map[string]any) (*Filter, error) {
	f := &Filter{}
	for _, key := range sortedKeys(policy) {
		c, err := compileKey(key, policy[key])
		if err != nil {
			return nil, err
		}
		f.conditions = append(f.conditions, c)
	}
	return f, nil
}

func compileKey(key string, value any) (condition, error) {
	c := condition{key: key}
	if inner, ok := value.(map[string]any); ok {
		f, err := compile(inner)
		c.inner = f
		return c, err
	}
	for _, rule := range value.([]any) {
		if key == "$or" {
			f, err := compile(rule.(map[string]any))
			if err != nil {
				return c, err
			}
			c.either = append(c.either, f)
			continue
		}
		m, err := compileRule(rule)
		if err != nil {
			return c, err
		}
		c.matchers = append(c.matchers, m)
	}
	return c, nil
}

func sortedKeys(object map[string]any) []string {
	keys := make([]string, 0, len(object))
	for key := range object {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// expand makes nested objects of keys with dots, which SNS takes for paths, in policies and in bodies alike.
func expand(value any) any {
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = expand(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for _, key := range sortedKeys(v) {
			place(object, strings.Split(key, "."), expand(v[key]))
		}
		return object
	}
	return value
}

// place puts a value at a path. Where there is an object already, both are one.
func place(object map[string]any, path []string, value any) {
	below, isObject := object[path[0]].(map[string]any)
	if len(path) > 1 {
		if !isObject {
			below = make(map[string]any)
			object[path[0]] = below
		}
		place(below, path[1:], value)
		return
	}
	if added, ok := value.(map[string]any); ok && isObject {
		for _, key := range sortedKeys(added) {
			place(below, []string{key}, added[key])
		}
		return
	}
	object[path[0]] = value
}

// PassesAttributes reports whether a message with these attributes passes. A value is a string, a
// json.Number or, of a String.Array, a []any.
func (f *Filter) PassesAttributes(attributes map[string]any) bool { return f.passes(attributes) }

// PassesBody reports whether a message with this body passes. A body that is not a JSON object does not.
func (f *Filter) PassesBody(body string) bool {
	var object map[string]any
	if jsonbody.Decode(body, &object) != nil || object == nil {
		return false
	}
	return f.passes(expand(object).(map[string]any))
}

func (f *Filter) passes(object map[string]any) bool {
	for _, c := range f.conditions {
		if !c.met(object) {
			return false
		}
	}
	return true
}

func (c condition) met(object map[string]any) bool {
	if c.either != nil {
		return slices.ContainsFunc(c.either, func(f *Filter) bool { return f.passes(object) })
	}
	value, exists := object[c.key]
	if c.inner != nil {
		return c.inner.within(value)
	}
	return slices.ContainsFunc(c.matchers, func(m matcher) bool { return m.matches(value, exists) })
}

// within asks an object, or each object of an array.
func (f *Filter) within(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		return f.passes(v)
	case []any:
		return slices.ContainsFunc(v, f.within)
	}
	return f.passes(nil) // where only the absence of keys is asked for
}
