package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// matcher is one rule of a key: a test of one value, or of whether there is one.
type matcher struct {
	test   func(any) bool
	exists *bool
}

// matches tests a value, or each of an array.
func (m matcher) matches(value any, exists bool) bool {
	if m.exists != nil {
		return exists == *m.exists
	}
	if !exists {
		return false
	}
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, m.test)
	}
	return m.test(value)
}

func compileRule(rule any) (matcher, error) {
	operators, ok := rule.(map[string]any)
	if !ok {
		return matcher{test: equals(rule)}, nil
	}
	if len(operators) != 1 {
		return matcher{}, errors.New("a rule has one operator")
	}
	for name, operand := range operators {
		return compileOperator(name, operand)
	}
	panic("unreachable")
}

func compileOperator(name string, operand any) (matcher, error) {
	text, isText := operand.(string)
	switch name {
	case "exists":
		wanted, ok := operand.(bool)
		if !ok {
			return matcher{}, errors.New("exists must be true or false")
		}
		return matcher{exists: &wanted}, nil
	case "prefix", "suffix", "equals-ignore-case":
		if !isText || text == "" {
			return matcher{}, fmt.Errorf("%s must be a string", name)
		}
		return matcher{test: ofText(name, text)}, nil
	case "numeric":
		test, err := compileNumeric(operand)
		return matcher{test: test}, err
	case "anything-but":
		test, err := compileAnythingBut(operand)
		return matcher{test: test}, err
	}
	return matcher{}, fmt.Errorf("unrecognized match type %s", name)
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

func ofText(operator, wanted string) func(any) bool {
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
	}
}

// compileAnythingBut reads a value, a list of them, or a prefix or suffix.
func compileAnythingBut(operand any) (func(any) bool, error) {
	var excluded []func(any) bool
	switch o := operand.(type) {
	case []any:
		if len(o) == 0 {
			return nil, errors.New("anything-but must name something")
		}
		for _, wanted := range o {
			excluded = append(excluded, equals(wanted))
		}
	case map[string]any:
		m, err := compileRule(o)
		if err != nil {
			return nil, err
		}
		if m.test == nil {
			return nil, errors.New("anything-but takes values, a prefix or a suffix")
		}
		excluded = append(excluded, m.test)
	default:
		excluded = append(excluded, equals(o))
	}
	return func(value any) bool {
		return !slices.ContainsFunc(excluded, func(test func(any) bool) bool { return test(value) })
	}, nil
}

// compileNumeric reads one comparison, or two that make a range.
func compileNumeric(operand any) (func(any) bool, error) {
	parts, ok := operand.([]any)
	if !ok || len(parts) != 2 && len(parts) != 4 {
		return nil, errors.New(`numeric must be as [">",0] or [">",0,"<=",5]`)
	}
	var comparisons []func(json.Number) bool
	for i := 0; i < len(parts); i += 2 {
		operator, isText := parts[i].(string)
		number, isNumber := parts[i+1].(json.Number)
		accepted, known := comparisonsByName[operator]
		n := rational(number)
		if !isText || !isNumber || !known || n == nil {
			return nil, errors.New("numeric compares by = < <= > >= with a number")
		}
		comparisons = append(comparisons, func(v json.Number) bool { return accepted(compare(v, n)) })
	}
	return func(value any) bool {
		v, ok := value.(json.Number)
		return ok && rational(v) != nil && !slices.ContainsFunc(comparisons, func(holds func(json.Number) bool) bool { return !holds(v) })
	}, nil
}

var comparisonsByName = map[string]func(order int) bool{
	"=":  func(order int) bool { return order == 0 },
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
}

// compare orders a number against another, 2 for one that cannot be read.
func compare(v json.Number, n *big.Float) int {
	f := rational(v)
	if f == nil {
		return 2
	}
	return f.Cmp(n)
}

// rational reads a number with more digits than SNS looks at, and nil where it is none.
func rational(n json.Number) *big.Float {
	f, _, err := big.ParseFloat(string(n), 10, 200, big.ToNearestEven)
	if err != nil {
		return nil
	}
	return f
}
