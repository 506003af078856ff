package policy

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Effects of statements.
const (
	allow = "Allow"
	deny  = "Deny"
)

// statement is one of a policy. Elements are pointers where leaving one out means something.
type statement struct {
	Sid          string
	Effect       string
	Principal    *principal
	NotPrincipal *principal
	Action       list[scalar]
	NotAction    list[scalar]
	Resource     list[scalar]
	NotResource  list[scalar]
	Condition    map[string]map[string]list[scalar] // operator, key, values

	hasVariables bool
	unreadable   string // why it cannot be read
}

func parseStatement(text json.RawMessage) (s statement) {
	if err := json.Unmarshal(text, &s); err != nil {
		return statement{unreadable: "it cannot be read"}
	}
	return s
}

func (s statement) name(i int) string {
	if s.Sid != "" {
		return strconv.Quote(s.Sid)
	}
	return strconv.Itoa(i + 1)
}

// request is what a statement is asked about.
type request struct {
	action, resource string
	sender           *sender // nil where the statement is of an identity, which has no principals
	context          context
}

// applies says whether the statement is about the request.
func (s statement) applies(r request) Verdict {
	if s.unreadable != "" {
		return undecided(s.unreadable)
	}
	return all(s.isAbout(r.sender), s.acts(r.action), s.concerns(r), s.holds(r.context))
}

func (s statement) isAbout(who *sender) Verdict {
	switch {
	case who == nil:
		return verdict(true)
	case s.NotPrincipal != nil:
		return not(s.NotPrincipal.includes(who))
	case s.Principal != nil:
		return s.Principal.includes(who)
	}
	return verdict(false)
}

func (s statement) acts(action string) Verdict {
	like := func(wanted scalar) Verdict {
		return verdict(wildcards(strings.ToLower(string(wanted))).matches(strings.ToLower(action)))
	}
	if len(s.NotAction) > 0 {
		return not(anyOf(each(s.NotAction, like)...))
	}
	return anyOf(each(s.Action, like)...)
}

// concerns says whether the statement is about the resource. A queue's own policy may leave that out.
func (s statement) concerns(r request) Verdict {
	like := func(wanted scalar) Verdict {
		p, v := s.expand(string(wanted), r.context)
		return all(v, verdict(p.matchesResource(r.resource)))
	}
	if len(s.NotResource) > 0 {
		return not(anyOf(each(s.NotResource, like)...))
	}
	if len(s.Resource) == 0 {
		return verdict(true)
	}
	return anyOf(each(s.Resource, like)...)
}

// holds says whether every condition is met.
func (s statement) holds(c context) Verdict {
	result := verdict(true)
	for operator, keys := range s.Condition {
		for key, values := range keys {
			v := s.condition(operator, key, values, c)
			if v.Decision == Undecided {
				v.Why = fmt.Sprintf("its condition %s on %s: %s", operator, key, v.Why)
			}
			if v.Decision < result.Decision || v.Decision == result.Decision && v.Why < result.Why { // maps have no order
				result = v
			}
		}
	}
	return result
}

// list is a value or several, as policies have them.
type list[T any] []T

// UnmarshalJSON reads both forms.
func (l *list[T]) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(strings.TrimSpace(string(text)), "[") {
		return json.Unmarshal(text, (*[]T)(l))
	}
	var one T
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*l = list[T]{one}
	return nil
}

// scalar is a text, or a number or boolean of JSON, which policies may have in place of their text.
type scalar string

// UnmarshalJSON reads all three.
func (s *scalar) UnmarshalJSON(text []byte) error {
	if strings.HasPrefix(string(text), `"`) {
		return json.Unmarshal(text, (*string)(s))
	}
	if strings.ContainsAny(string(text), "[{") || string(text) == "null" {
		return fmt.Errorf("%s is neither a text nor a number nor a boolean", text)
	}
	*s = scalar(text)
	return nil
}
