package policy

import "encoding/json"

// Grant is a statement that lets a topic send to a queue.
type Grant struct {
	Sid       string                       `json:",omitempty"`
	Effect    string                       `json:"Effect"`
	Principal map[string]string            `json:"Principal"`
	Action    string                       `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition"`
}

// GrantAction is the action of a Grant in the letters that the Python library looks for, in a policy's first
// statement. AWS takes any case.
const GrantAction = "SQS:SendMessage"

// GrantOf makes the statement.
func GrantOf(topicARN, queueARN string) Grant {
	return Grant{
		Effect: allow, Principal: map[string]string{"Service": senderOf(topicARN, queueARN).name()}, Action: GrantAction, Resource: queueARN,
		Condition: map[string]map[string]string{"ArnEquals": {"aws:SourceArn": topicARN}},
	}
}

// String is the statement as JSON.
func (g Grant) String() string {
	text, err := json.Marshal(g)
	if err != nil {
		panic(err) // it is made of strings
	}
	return string(text)
}
