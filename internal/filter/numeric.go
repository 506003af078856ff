package filter

import (
	"encoding/json"
	"math/big"
)

// compileNumeric reads one comparison, or two that make a range from a bottom to a top.
func compileNumeric(operand any) (func(any) bool, error) {
	parts, ok := operand.([]any)
	if !ok || len(parts) == 0 {
		return nil, refuse("Invalid member in numeric match: ]")
	}
	if _, isText := parts[0].(string); !isText {
		return nil, refuse("Invalid member in numeric match: %v", parts[0])
	}
	operator, bound, err := comparison(parts, "Unrecognized numeric range operator: %s")
	if err != nil {
		return nil, err
	}
	if parts = parts[2:]; len(parts) == 0 {
		return func(value any) bool { return holds(operator, value, bound) }, nil
	}
	if operator != ">" && operator != ">=" {
		return nil, refuse("Too many elements in numeric expression")
	}
	end, top, err := rangeEnd(parts)
	if err != nil {
		return nil, err
	}
	if top.Cmp(bound) <= 0 {
		return nil, refuse("Bottom must be less than top")
	}
	if len(parts) > 2 {
		return nil, refuse("Too many terms in numeric range expression")
	}
	return func(value any) bool { return holds(operator, value, bound) && holds(end, value, top) }, nil
}

func rangeEnd(parts []any) (operator string, top *big.Float, err error) {
	name, isText := parts[0].(string)
	if !isText {
		return "", nil, refuse("Bad value in numeric range: %v", parts[0])
	}
	if name != "<" && name != "<=" {
		return "", nil, refuse("Bad numeric range operator: %s", name)
	}
	return comparison(parts, "Bad numeric range operator: %s")
}

// comparison reads an operator and its number.
func comparison(parts []any, unknown string) (operator string, bound *big.Float, err error) {
	operator = parts[0].(string)
	if comparisonsByName[operator] == nil {
		return "", nil, refuse(unknown, operator)
	}
	if len(parts) > 1 {
		if number, ok := parts[1].(json.Number); ok {
			bound = rational(number)
		}
	}
	if bound == nil {
		called := operator
		if operator == "=" {
			called = "equals"
		}
		return "", nil, refuse("Value of %s must be numeric", called)
	}
	return operator, bound, nil
}

func holds(operator string, value any, bound *big.Float) bool {
	v, ok := value.(json.Number)
	return ok && rational(v) != nil && comparisonsByName[operator](compare(v, bound))
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
