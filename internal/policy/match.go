package policy

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// request is what a statement is asked about.
type request struct {
	action, resource string
	context          map[string]string // condition keys in lower case
}

func (s statement) applies(r request) bool {
	return s.acts(r.action) && s.concerns(r.resource) && s.holds(r.context)
}

func (s statement) isForSNS() bool { return s.Principal.isSNS() }

func (s statement) acts(action string) bool {
	if len(s.NotAction) > 0 {
		return !anyLike(s.NotAction, action, true)
	}
	return anyLike(s.Action, action, true)
}

// concerns reports whether the statement is about the queue. A queue's own policy may leave that out.
func (s statement) concerns(resource string) bool {
	return len(s.Resource) == 0 || anyLike(s.Resource, resource, false)
}

// holds reports whether every condition is met. One that is not understood is not.
func (s statement) holds(context map[string]string) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !met(operator, context[strings.ToLower(key)], values) {
				return false
			}
		}
	}
	return true
}

// met reports whether a value meets a condition. IfExists counts for keys that the request does not have.
func met(operator, value string, wanted []string) bool {
	operator, optional := strings.CutSuffix(operator, "IfExists")
	if value == "" {
		return optional
	}
	switch operator {
	case "StringEquals", "Bool":
		return slices.Contains(wanted, value)
	case "StringEqualsIgnoreCase":
		return slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, value) })
	case "StringLike", "ArnEquals", "ArnLike": // the two of ARNs are one to AWS
		return anyLike(wanted, value, false)
	case "StringNotEquals":
		return !slices.Contains(wanted, value)
	case "StringNotLike", "ArnNotEquals", "ArnNotLike":
		return !anyLike(wanted, value, false)
	}
	return false
}

// anyLike reports whether one of patterns, which have * and ?, matches.
func anyLike(patterns []string, text string, fold bool) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return like(pattern, text, fold) })
}

func like(pattern, text string, fold bool) bool {
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	flags := "(?s)"
	if fold {
		flags = "(?si)"
	}
	matched, err := regexp.MatchString(flags+"^"+expression+"$", text)
	return err == nil && matched
}

// principal is who a statement is about.
type principal map[string]list[string]

// UnmarshalJSON reads "*" too.
func (p *principal) UnmarshalJSON(text []byte) error {
	var everybody string
	if json.Unmarshal(text, &everybody) == nil {
		*p = principal{"AWS": {everybody}}
		return nil
	}
	return json.Unmarshal(text, (*map[string]list[string])(p))
}

// isSNS reports whether SNS is meant: by name, or with everybody.
func (p principal) isSNS() bool {
	return slices.Contains(p["AWS"], "*") || slices.Contains(p["Service"], "*") || slices.Contains(p["Service"], "sns.amazonaws.com")
}
