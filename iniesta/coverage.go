package iniesta

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/sqs"
)

// gap is an event that only one side knows.
type gap struct{ text, cure string }

// uncovered finds filters that let events through which nobody handles, and handlers for events that no
// filter lets through.
func uncovered(filters []string, handlers []sqs.HandlerInfo) (gaps []gap) {
	var events []string
	fallback := false
	for _, h := range handlers {
		if h.Event == sqs.Default {
			fallback = true
			continue
		}
		events = append(events, h.Event)
	}
	for _, f := range filters {
		if !fallback && !anyMeets(f, events) {
			gaps = append(gaps, gap{fmt.Sprintf("the filter %s lets events through that no handler is for: they fail", f),
				"register a handler, or take it out of INIESTA_SQS_CONSUMER_FILTERS"})
		}
	}
	for _, e := range events {
		if !anyMeets(e, filters) {
			gaps = append(gaps, gap{fmt.Sprintf("the handler of %s waits for events that no filter lets through", e),
				"add it to INIESTA_SQS_CONSUMER_FILTERS"})
		}
	}
	return gaps
}

func anyMeets(pattern string, others []string) bool {
	return slices.ContainsFunc(others, func(other string) bool { return meets(pattern, other) })
}

// meets reports whether there are events that both patterns stand for.
func meets(a, b string) bool {
	prefixA, wildA := strings.CutSuffix(a, "*")
	prefixB, wildB := strings.CutSuffix(b, "*")
	switch {
	case wildA && wildB:
		return strings.HasPrefix(prefixA, prefixB) || strings.HasPrefix(prefixB, prefixA)
	case wildA:
		return strings.HasPrefix(b, prefixA)
	case wildB:
		return strings.HasPrefix(a, prefixB)
	}
	return a == b
}
