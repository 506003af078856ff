package provision

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/policy"
)

// Allow returns a queue's policy with a statement that lets a topic send, beside all that the policy says
// already. It returns an error where that would not do, since another statement denies it.
func Allow(text, topicARN, queueARN string) (string, error) {
	changed, err := withStatement(text, statementID(topicARN), map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": queueARN,
		"Condition": map[string]any{"ArnEquals": map[string]string{"aws:SourceArn": topicARN}},
	})
	if err != nil {
		return "", fmt.Errorf("changing the policy of %s: %w", NameOf(queueARN), err)
	}
	after, err := policy.Parse(changed)
	if err != nil {
		return "", err
	}
	if ok, why := after.TopicMaySend(topicARN, queueARN); !ok {
		return "", fmt.Errorf("the policy of %s keeps the topic from sending whatever is added to it: %s: change that first", NameOf(queueARN), why)
	}
	return changed, nil
}

// statementID is the Sid of the statement that Allow writes for a topic.
func statementID(topicARN string) string {
	return "iniesta" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, NameOf(topicARN))
}

// withStatement puts a statement into a policy, in place of the one with its Sid. All others stay as they
// are, to the letter.
func withStatement(text, id string, statement map[string]any) (string, error) {
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
	statements = slices.DeleteFunc(statements, func(s json.RawMessage) bool {
		var named struct{ Sid string }
		return json.Unmarshal(s, &named) == nil && named.Sid == id
	})
	statement["Sid"] = id
	own, err := json.Marshal(statement)
	if err != nil {
		return "", err
	}
	if document["Statement"], err = json.Marshal(append(statements, own)); err != nil {
		return "", err
	}
	changed, err := json.Marshal(document)
	return string(changed), err
}
