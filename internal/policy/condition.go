package policy

import (
	"fmt"
	"strings"
)

// operator is a condition operator, taken apart.
type operator struct {
	compare  func(value string, wanted pattern) Verdict
	negated  bool
	optional bool // IfExists: it is met where the key is missing
	set      string
}

// Prefixes of operators for keys that have several values.
const (
	forAll = "forallvalues"
	forAny = "foranyvalue"
)

func parseOperator(name string) (o operator, ok bool) {
	rest := strings.ToLower(name)
	if set, base, found := strings.Cut(rest, ":"); found {
		if o.set, rest = set, base; set != forAll && set != forAny {
			return o, false
		}
	}
	rest, o.optional = strings.CutSuffix(rest, "ifexists")
	known, ok := operators[rest]
	o.compare, o.negated = known.compare, known.negated
	return o, ok
}

// condition says whether a condition is met: whether the key's value is one of the values, or for a negated
// operator, none of them.
func (s statement) condition(name, key string, values []scalar, c context) Verdict {
	has := c.value(key)
	if strings.EqualFold(name, "Null") {
		return null(has, values)
	}
	o, ok := parseOperator(name)
	if !ok {
		return undecided("the operator is not known")
	}
	switch {
	case has.hidden:
		return undecided("the value of the key is not known")
	case has.guessed:
		return same(s.present(o, has, values, c), o.missing(), "it is not documented whether SNS sends the key")
	case len(has.texts) == 0:
		return o.missing()
	}
	return s.present(o, has, values, c)
}

// null says whether the key is missing, for true, or is there, for false.
func null(has value, values []scalar) Verdict {
	if !has.known() {
		return undecided("it is not known whether there is such a key")
	}
	return anyOf(each(values, func(wanted scalar) Verdict {
		return verdict(strings.EqualFold(string(wanted), fmt.Sprint(len(has.texts) == 0)))
	})...)
}

// missing is the verdict for a key that the request does not have.
func (o operator) missing() Verdict {
	switch {
	case o.set == forAll:
		return verdict(true)
	case o.set == forAny && o.optional && !o.negated:
		return undecided("IfExists beside ForAnyValue is not documented")
	case o.set == forAny:
		return verdict(false)
	}
	return verdict(o.negated || o.optional)
}

func (s statement) present(o operator, has value, values []scalar, c context) Verdict {
	if has.several && o.set == "" {
		return undecided("the key has several values: it needs ForAnyValue or ForAllValues")
	}
	verdicts := each(has.texts, func(text string) Verdict {
		met := anyOf(each(values, func(wanted scalar) Verdict {
			p, v := s.expand(string(wanted), c)
			if v.Decision != Yes {
				return v
			}
			return o.compare(text, p)
		})...)
		if o.negated {
			return not(met)
		}
		return met
	})
	if o.set == forAny {
		return anyOf(verdicts...)
	}
	return all(verdicts...)
}
