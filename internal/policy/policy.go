// Package policy reads access policies as AWS reads them, and says whether a topic may send to a queue, or what
// an identity may do. Every statement counts, a denial wins, and what cannot be known here is left undecided. The
// rules are those of the IAM User Guide: "IAM JSON policy element reference", "Condition operators", "Set operators
// for multivalued context keys", "AWS global condition context keys".
package policy

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Policy is an access policy, of a queue or of an identity.
type Policy struct {
	statements []statement
}

// variablesSince is the version of the policy language that has variables.
const variablesSince = "2012-10-17"

// Parse reads a policy as SQS returns it. An empty text is a policy without statements. A statement that is JSON and
// cannot be read is no error: it leaves open what it would decide.
func Parse(text string) (Policy, error) {
	var document struct {
		Version   string
		Statement list[json.RawMessage]
	}
	if strings.TrimSpace(text) == "" {
		return Policy{}, nil
	}
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return Policy{}, fmt.Errorf("reading the policy: %w", err)
	}
	p := Policy{statements: make([]statement, len(document.Statement))}
	for i, text := range document.Statement {
		p.statements[i] = parseStatement(text)
		p.statements[i].hasVariables = document.Version == variablesSince
	}
	return p, nil
}

// TopicMaySend says whether SNS may send messages of a topic to a queue. The reason completes "the topic may not
// send to the queue: " for No, and "whether the topic may send is undecided: " for Undecided. A policy that asks for
// the time is read as of now.
func (p Policy) TopicMaySend(topicARN, queueARN string) Verdict {
	if len(p.statements) == 0 {
		return Verdict{No, "the queue has no policy"}
	}
	v := p.decide(request{
		action: "sqs:SendMessage", resource: queueARN, sender: senderOf(topicARN, queueARN), context: contextOf(topicARN, queueARN, time.Now()),
	})
	if v.Decision == No && v.Why == "" {
		v.Why = fmt.Sprintf("none of its %d statements allows sqs:SendMessage for it", len(p.statements))
	}
	return v
}

// Allows reports whether the identity that has the policy may certainly do an action, such as "sqs:ReceiveMessage",
// with a resource, "*" for an action without one. Conditions are undecided here: a statement that has some allows
// nothing and denies nothing.
func (p Policy) Allows(action, resource string) bool {
	var allowed bool
	for _, s := range p.statements {
		if s.applies(request{action: action, resource: resource}).Decision != Yes {
			continue
		}
		if s.Effect == deny {
			return false
		}
		allowed = allowed || s.Effect == allow
	}
	return allowed
}

// decide asks every statement. A denial that is undecided leaves open what is allowed, and no more.
func (p Policy) decide(r request) Verdict {
	var allowed, denied Verdict
	for i, s := range p.statements {
		v := s.applies(r)
		if v.Decision == Undecided {
			v.Why = fmt.Sprintf("statement %s: %s", s.name(i), v.Why)
		}
		switch s.Effect {
		case allow:
			allowed = anyOf(allowed, v)
		case deny:
			if v.Decision == Yes {
				return Verdict{No, fmt.Sprintf("statement %s denies it", s.name(i))}
			}
			denied = anyOf(denied, v)
		default: // what such a statement would do is not known, that of one that cannot be read included
			if v.Decision == Yes {
				v = undecided(fmt.Sprintf("statement %s has an effect that is not known", s.name(i)))
			}
			allowed, denied = anyOf(allowed, v), anyOf(denied, v)
		}
	}
	return all(allowed, not(denied))
}
