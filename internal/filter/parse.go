package filter

import (
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is matched by the refusal of a filter.
var ErrInvalid = errors.New("not a filter: write Event.service, or Event.* for every service that publishes the event")

// Parse makes the policy of a service: filters are `Event.service` for one producer of an event and
// `Event.*` for every one, key is the message attribute with the event (INIESTA_SNS_EVENT_KEY). No
// filters make an empty Policy. The error names every filter that is neither. Python:
// filter_list_to_filter_policies.
func Parse(key string, filters []string) (Policy, error) {
	var rules []Rule
	var refused []error
	for _, text := range filters {
		rule, err := parseRule(text)
		if err != nil {
			refused = append(refused, err)
			continue
		}
		rules = append(rules, rule)
	}
	if len(refused) > 0 {
		return nil, errors.Join(refused...)
	}
	if len(rules) > MaxValues {
		return nil, fmt.Errorf("%w: there are %d, and SNS takes %d in a filter policy: use Event.* for several services", ErrInvalid, len(rules), MaxValues)
	}
	if len(rules) == 0 {
		return Policy{}, nil
	}
	return Policy{key: rules}, nil
}

func parseRule(text string) (Rule, error) {
	event, service, dotted := strings.Cut(text, ".")
	switch {
	case !dotted, event == "", service == "", strings.Contains(service, "."), text != strings.TrimSpace(text),
		strings.Contains(event, "*"), strings.Contains(service, "*") && service != "*":
		return Rule{}, fmt.Errorf("%q: %w", text, ErrInvalid)
	case service == "*":
		return Rule{Prefix: event + "."}, nil
	}
	return Rule{Exact: text}, nil
}
