// Package filter turns the events that a service wants (INIESTA_SQS_CONSUMER_FILTERS) into an SNS filter
// policy, and compares policies by what they let through.
//
//	p, err := filter.Parse("iniesta_pass", []string{"UserUpdated.user", "Order.*"})
//	// {"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]}
package filter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// Policy is an SNS filter policy: for each attribute the rules of which one has to match. It encodes to
// the JSON that SNS takes. An empty Policy lets everything through.
type Policy map[string][]Rule

// Rule is one way in which an attribute may match. One field is set.
type Rule struct {
	Exact  string          // the value itself
	Prefix string          // what the value begins with
	Other  json.RawMessage // any other rule, as SNS has it
}

// Matches reports whether a value of the attribute passes. Rules that are neither a value nor a prefix
// are not understood and count as not matching.
func (p Policy) Matches(attribute, value string) bool {
	rules, filtered := p[attribute]
	if !filtered {
		return len(p) == 0
	}
	return slices.ContainsFunc(rules, func(r Rule) bool { return r.matches(value) })
}

func (r Rule) matches(value string) bool {
	switch {
	case r.Prefix != "":
		return strings.HasPrefix(value, r.Prefix)
	case r.Other != nil:
		return false
	}
	return value == r.Exact
}

// String is the policy's JSON.
func (p Policy) String() string {
	text, err := json.Marshal(p)
	if err != nil {
		return "{}" // a Rule that Other made invalid; ParsePolicy makes none
	}
	return string(text)
}

// ParsePolicy reads a filter policy as SNS returns it. An empty text is an empty Policy.
func ParsePolicy(text string) (Policy, error) {
	p := Policy{}
	if strings.TrimSpace(text) == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fmt.Errorf("reading a filter policy: %w", err)
	}
	return p, nil
}

// MarshalJSON encodes the rule as SNS has it.
func (r Rule) MarshalJSON() ([]byte, error) {
	switch {
	case r.Other != nil:
		return r.Other, nil
	case r.Prefix != "":
		return encode(map[string]string{"prefix": r.Prefix})
	}
	return encode(r.Exact)
}

// encode leaves <, > and & as they are where the caller does.
func encode(v any) ([]byte, error) {
	text, err := jsonbody.Encode(v)
	return []byte(text), err
}

// UnmarshalJSON reads any rule.
func (r *Rule) UnmarshalJSON(text []byte) error {
	*r = Rule{}
	if json.Unmarshal(text, &r.Exact) == nil && string(text) != "null" {
		return nil
	}
	var operators map[string]json.RawMessage
	if json.Unmarshal(text, &operators) == nil && len(operators) == 1 {
		if json.Unmarshal(operators["prefix"], &r.Prefix) == nil && r.Prefix != "" {
			return nil
		}
	}
	r.Prefix, r.Other = "", slices.Clone(text)
	return nil
}
