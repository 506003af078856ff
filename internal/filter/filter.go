package filter

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// Filter is a filter policy to be asked what passes, with every operator of SNS but cidr. It is what a
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

// Compile reads a policy. Nested keys are for filters of message bodies. It refuses what SNS refuses.
func Compile(text string, nested bool) (*Filter, error) {
	var policy map[string]any
	if jsonbody.Decode(text, &policy) != nil {
		return nil, errors.New("it is not a JSON object")
	}
	if err := checkLimits(policy); err != nil {
		return nil, err
	}
	return compile(policy, nested)
}

func compile(policy map[string]any, nested bool) (*Filter, error) {
	f := &Filter{}
	for key, value := range policy {
		c, err := compileKey(key, value, nested)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
		f.conditions = append(f.conditions, c)
	}
	return f, nil
}

func compileKey(key string, value any, nested bool) (condition, error) {
	c := condition{key: key}
	switch v := value.(type) {
	case []any:
		if key == "$or" {
			return compileOr(v, nested)
		}
		if len(v) == 0 {
			return c, errors.New("it has no values")
		}
		for _, rule := range v {
			m, err := compileRule(rule)
			if err != nil {
				return c, err
			}
			c.matchers = append(c.matchers, m)
		}
		return c, nil
	case map[string]any:
		if !nested {
			return c, errors.New("its values must be in an array; nested keys are for FilterPolicyScope MessageBody")
		}
		inner, err := compile(v, nested)
		c.inner = inner
		return c, err
	}
	return c, errors.New("its values must be in an array")
}

func compileOr(alternatives []any, nested bool) (condition, error) {
	c := condition{key: "$or"}
	for _, a := range alternatives {
		object, ok := a.(map[string]any)
		if !ok {
			return c, errors.New("its alternatives must be objects")
		}
		f, err := compile(object, nested)
		if err != nil {
			return c, err
		}
		c.either = append(c.either, f)
	}
	if len(c.either) < 2 {
		return c, errors.New("it needs two alternatives or more")
	}
	return c, nil
}

// PassesAttributes reports whether a message with these attributes passes. A value is a string, a
// json.Number or, of a String.Array, a []any.
func (f *Filter) PassesAttributes(attributes map[string]any) bool { return f.passes(attributes) }

// PassesBody reports whether a message with this body passes. A body that is not a JSON object does not.
func (f *Filter) PassesBody(body string) bool {
	var object map[string]any
	return jsonbody.Decode(body, &object) == nil && object != nil && f.passes(object)
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
