// Package policy reads access policies and says whether a topic may send to a queue, or what an identity may
// do: every statement is considered, wildcards and conditions too, and a denial wins.
package policy

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Policy is an access policy, of a queue or of an identity.
type Policy struct {
	Statement list[statement]
}

type statement struct {
	Sid       string
	Effect    string
	Principal principal
	Action    list[string]
	NotAction list[string]
	Resource  list[string]
	Condition map[string]map[string]list[string] // operator, key, values
}

// Parse reads a policy as SQS returns it. An empty text is a policy without statements.
func Parse(text string) (Policy, error) {
	var p Policy
	if strings.TrimSpace(text) == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, fmt.Errorf("reading the policy: %w", err)
	}
	return p, nil
}

// TopicMaySend reports whether SNS may send messages of a topic to a queue, and else says why not, so
// that it completes "the topic may not send to the queue: ".
func (p Policy) TopicMaySend(topicARN, queueARN string) (ok bool, why string) {
	if len(p.Statement) == 0 {
		return false, "the queue has no policy"
	}
	r := request{action: "sqs:SendMessage", resource: queueARN, context: map[string]string{
		"aws:sourcearn": topicARN, "aws:sourceaccount": account(topicARN), "aws:securetransport": "true",
	}}
	allowed, denial := p.decide(r, statement.isForSNS)
	switch {
	case denial >= 0:
		return false, fmt.Sprintf("statement %s denies it", p.Statement[denial].name(denial))
	case !allowed:
		return false, fmt.Sprintf("none of its %d statements allows sqs:SendMessage for it", len(p.Statement))
	}
	return true, ""
}

// Allows reports whether the identity that has the policy may do an action, such as "sqs:ReceiveMessage", with
// a resource, "*" for an action without one. Statements with conditions do not count.
func (p Policy) Allows(action, resource string) bool {
	allowed, denial := p.decide(request{action: action, resource: resource}, func(statement) bool { return true })
	return allowed && denial < 0
}

// decide looks at the statements that are about who asks. Denial is the index of the first that denies, or -1.
func (p Policy) decide(r request, about func(statement) bool) (allowed bool, denial int) {
	for i, s := range p.Statement {
		if !about(s) || !s.applies(r) {
			continue
		}
		if s.Effect == "Deny" {
			return false, i
		}
		allowed = allowed || s.Effect == "Allow"
	}
	return allowed, -1
}

func (s statement) name(i int) string {
	if s.Sid != "" {
		return fmt.Sprintf("%q", s.Sid)
	}
	return fmt.Sprint(i + 1)
}

// account is the account in an ARN.
func account(arn string) string {
	if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	return ""
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
