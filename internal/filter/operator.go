package filter

import (
	"encoding/json"
	"slices"
	"strings"
)

// matcher is one rule of a key: a test of one value, or of whether there is one.
type matcher struct {
	test   func(any) bool
	exists *bool
}

// matches tests a value, or each of an array. An object is there for none of its operators: only leaves are looked at.
func (m matcher) matches(value any, exists bool) bool {
	switch v := value.(type) {
	case map[string]any:
		exists = false
	case []any:
		if m.exists == nil {
			return exists && slices.ContainsFunc(leaves(v), m.test)
		}
		exists = exists && len(leaves(v)) > 0
	}
	if m.exists != nil {
		return exists == *m.exists
	}
	return exists && m.test(value)
}

// leaves are the values of an array, and of the arrays in it, that are no objects.
func leaves(list []any) (found []any) {
	for _, item := range list {
		switch v := item.(type) {
		case map[string]any:
		case []any:
			found = append(found, leaves(v)...)
		default:
			found = append(found, v)
		}
	}
	return found
}

func compileRule(rule any) (matcher, error) {
	operators, ok := rule.(map[string]any)
	if !ok {
		if _, isList := rule.([]any); isList {
			return matcher{}, refuse("Match value must be String, number, true, false, or null")
		}
		return matcher{test: equals(rule)}, nil
	}
	if len(operators) != 1 {
		return matcher{}, refuse("Only one key allowed in match expression")
	}
	for name, operand := range operators {
		return compileOperator(name, operand)
	}
	panic("unreachable")
}

func compileOperator(name string, operand any) (matcher, error) {
	var test func(any) bool
	var err error
	switch name {
	case "exists":
		wanted, ok := operand.(bool)
		if !ok {
			return matcher{}, refuse("exists match pattern must be either true or false.")
		}
		return matcher{exists: &wanted}, nil
	case "prefix", "suffix", "equals-ignore-case":
		test, err = compileText(name, operand)
	case "wildcard":
		test, err = compileWildcard(operand)
	case "cidr":
		test, err = compileCIDR(operand)
	case "numeric":
		test, err = compileNumeric(operand)
	case "anything-but":
		test, err = compileAnythingBut(operand)
	default:
		err = refuse("Unrecognized match type %s", name)
	}
	return matcher{test: test}, err
}

func equals(wanted any) func(any) bool {
	number, isNumber := wanted.(json.Number)
	if !isNumber {
		return func(value any) bool { return value == wanted }
	}
	n := rational(number)
	return func(value any) bool {
		v, ok := value.(json.Number)
		return ok && n != nil && compare(v, n) == 0
	}
}

func compileText(operator string, operand any) (func(any) bool, error) {
	wanted, ok := operand.(string)
	if !ok || wanted == "" {
		return nil, refuse("%s match pattern must be a string", operator)
	}
	test := strings.HasPrefix
	switch operator {
	case "suffix":
		test = strings.HasSuffix
	case "equals-ignore-case":
		test = strings.EqualFold
	}
	return func(value any) bool {
		text, ok := value.(string)
		return ok && test(text, wanted)
	}, nil
}

// compileAnythingBut reads a value, a list of them, a prefix or a wildcard.
func compileAnythingBut(operand any) (func(any) bool, error) {
	var excluded []func(any) bool
	switch o := operand.(type) {
	case []any:
		if len(o) == 0 {
			return nil, refuse("Empty arrays are not allowed")
		}
		for _, wanted := range o {
			m, err := compileRule(wanted)
			if err != nil || m.test == nil {
				return nil, refuse("Inside anything but list, values must be strings or numbers")
			}
			excluded = append(excluded, m.test)
		}
	case map[string]any:
		for name := range o {
			if name != "prefix" && name != "wildcard" {
				return nil, refuse("Unsupported anything-but pattern: %s", name)
			}
		}
		m, err := compileRule(o)
		if err != nil {
			return nil, err
		}
		excluded = append(excluded, m.test)
	default:
		excluded = append(excluded, equals(o))
	}
	return func(value any) bool {
		return !slices.ContainsFunc(excluded, func(test func(any) bool) bool { return test(value) })
	}, nil
}
