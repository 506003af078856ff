package provision

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/policy"
)

// Allow returns a queue's policy with a statement that lets a topic send, beside all that the policy says
// already. It returns the text as it is where the statement is there, and an error where that would not do, since
// another statement denies it.
func Allow(text, topicARN, queueARN string) (string, error) {
	grant := policy.GrantOf(topicARN, queueARN)
	grant.Sid = statementID(topicARN)
	changed, err := withStatement(text, grant)
	if err != nil {
		return "", fmt.Errorf("changing the policy of %s: %w", NameOf(queueARN), err)
	}
	after, err := policy.Parse(changed)
	if err != nil {
		return "", err
	}
	if v := after.TopicMaySend(topicARN, queueARN); v.Decision == policy.No {
		return "", fmt.Errorf("the policy of %s keeps the topic from sending whatever is added to it: %s: change that first", NameOf(queueARN), v.Why)
	}
	return changed, nil
}

// shownName is how much of a topic's name is in the Sid of its statement, for people who read the policy.
const shownName = 40

// statementID is the Sid of the statement that Allow writes for a topic. A Sid has letters and digits only, so that
// names that differ in other characters, accounts or regions are told apart by a hash of the whole ARN.
func statementID(topicARN string) string {
	name := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, NameOf(topicARN))
	hash := sha256.Sum256([]byte(topicARN))
	return "iniesta" + name[:min(len(name), shownName)] + hex.EncodeToString(hash[:8])
}

// withStatement puts a statement into a policy, in place of the one with its Sid. All others stay as they are, to
// the letter, and in their order.
func withStatement(text string, grant policy.Grant) (string, error) {
	document := map[string]json.RawMessage{"Version": json.RawMessage(`"2012-10-17"`)}
	var statements []json.RawMessage
	if strings.TrimSpace(text) != "" {
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return "", err
		}
		if json.Unmarshal(document["Statement"], &statements) != nil && len(document["Statement"]) > 0 {
			statements = []json.RawMessage{document["Statement"]} // one alone needs no list
		}
	}
	own := json.RawMessage(grant.String())
	at := slices.IndexFunc(statements, func(s json.RawMessage) bool {
		var named struct{ Sid string }
		return json.Unmarshal(s, &named) == nil && named.Sid == grant.Sid
	})
	switch {
	case at >= 0 && bytes.Equal(statements[at], own):
		return text, nil
	case at >= 0:
		statements[at] = own
	case len(statements) > 0 && servesPython(statements[0]):
		statements = append(statements, own)
	default:
		statements = slices.Insert(statements, 0, own)
	}
	var err error
	if document["Statement"], err = marshal(statements); err != nil {
		return "", err
	}
	changed, err := marshal(document)
	return string(changed), err
}

// marshal leaves <, > and & as they are.
func marshal(v any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSpace(out.Bytes()), err
}

// servesPython reports whether a statement is one that the Python library is content with. It looks at a policy's
// first statement only, so that such a statement stays the first.
func servesPython(statement json.RawMessage) bool {
	var s struct {
		Effect string
		Action any
	}
	if json.Unmarshal(statement, &s) != nil || s.Effect != "Allow" {
		return false
	}
	switch action := s.Action.(type) {
	case string:
		return strings.Contains(action, policy.GrantAction)
	case []any:
		return slices.Contains(action, any(policy.GrantAction))
	}
	return false
}
