package localaws

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// accessPolicy is a policy as AddPermission and RemovePermission change it. What else a policy has stays as it is.
type accessPolicy struct {
	Version   string
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage // each as it was written
}

// permission is a statement that AddPermission adds.
type permission struct {
	Sid, Effect string
	Principal   struct{ AWS any }
	Action      any
	Resource    string
}

// The actions that permissions can be given for.
var (
	queueActions = []string{
		"AddPermission", "ChangeMessageVisibility", "CreateQueue", "DeleteMessage", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl",
		"ListDeadLetterSourceQueues", "ListQueues", "PurgeQueue", "ReceiveMessage", "RemovePermission", "SendMessage", "SetQueueAttributes",
	}
	topicActions = []string{
		"AddPermission", "DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish", "Receive", "RemovePermission",
		"SetTopicAttributes", "Subscribe",
	}
)

func readPolicy(text, id string) accessPolicy {
	p := accessPolicy{Version: "2008-10-17", ID: id}
	if text != "" {
		_ = json.Unmarshal([]byte(text), &p) // was checked when it was set
	}
	return p
}

func (p accessPolicy) find(label string) int {
	return slices.IndexFunc(p.Statement, func(raw json.RawMessage) bool {
		var s struct{ Sid string }
		return json.Unmarshal(raw, &s) == nil && s.Sid == label
	})
}

// allow adds a statement that lets accounts do actions.
func (p *accessPolicy) allow(label, service, resource string, accounts, actions []string) {
	statement := permission{Sid: label, Effect: "Allow", Resource: resource}
	var principals, names []string
	for _, account := range accounts {
		if account != "*" {
			account = "arn:aws:iam::" + account + ":root"
		}
		principals = append(principals, account)
	}
	for _, action := range actions {
		names = append(names, service+":"+action)
	}
	statement.Principal.AWS, statement.Action = oneOrAll(principals), oneOrAll(names)
	p.Statement = append(p.Statement, encode(statement))
}

func (p accessPolicy) text() string { return string(encode(p)) }

func encode(value any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // it is made of strings
	}
	return bytes.TrimSpace(out.Bytes())
}

func oneOrAll(texts []string) any {
	if len(texts) == 1 {
		return texts[0]
	}
	return texts
}

// checkPermission refuses what both services refuse, each with an error of its own.
func checkPermission(label string, accounts, actions, known []string) (wrong, value string) {
	for _, account := range accounts {
		if account != "*" && !accountID.MatchString(account) {
			return "AWSAccountIds", account
		}
	}
	for _, action := range actions {
		if action != "*" && !slices.Contains(known, action) {
			return "ActionName", action
		}
	}
	if !entryID.MatchString(label) {
		return "Label", label
	}
	return "", ""
}

func (r *request) addQueuePermission(in *struct {
	QueueUrl, Label        string
	AWSAccountIds, Actions []string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if len(in.AWSAccountIds) == 0 {
		return nil, missingParameter("AWSAccountIds")
	}
	if len(in.Actions) == 0 {
		return nil, missingParameter("Actions")
	}
	if wrong, value := checkPermission(in.Label, in.AWSAccountIds, in.Actions, queueActions); wrong != "" {
		return nil, invalidValue(wrong, value, "Please refer to the appropriate WSDL for a list of valid values.")
	}
	q.lock()
	defer q.unlock()
	p := readPolicy(q.attributes["Policy"], q.arn+"/SQSDefaultPolicy")
	if p.find(in.Label) >= 0 {
		return nil, invalidValue("Label", in.Label, "Already exists.")
	}
	p.allow(in.Label, "SQS", q.arn, in.AWSAccountIds, in.Actions)
	q.attributes["Policy"], q.modified = p.text(), time.Now()
	q.touchQueue()
	return nil, nil
}

func (r *request) removeQueuePermission(in *struct{ QueueUrl, Label string }) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.lock()
	defer q.unlock()
	p := readPolicy(q.attributes["Policy"], "")
	i := p.find(in.Label)
	if i < 0 {
		return nil, invalidValue("Label", in.Label, "can't find label.")
	}
	p.Statement = slices.Delete(p.Statement, i, i+1)
	q.touchQueue()
	if q.modified = time.Now(); len(p.Statement) == 0 {
		delete(q.attributes, "Policy")
		return nil, nil
	}
	q.attributes["Policy"] = p.text()
	return nil, nil
}

func (r *request) addTopicPermission(in *struct {
	TopicArn, Label          string
	AWSAccountId, ActionName []string
}) (any, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	wrong, value := checkPermission(in.Label, in.AWSAccountId, in.ActionName, topicActions)
	switch {
	case wrong == "ActionName":
		return nil, invalidParameter("Policy statement action out of service scope!")
	case wrong != "":
		return nil, invalidParameter("%s Reason: %s is not valid", wrong, printable(value))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := readPolicy(t.policy(), "")
	if p.find(in.Label) >= 0 {
		return nil, invalidParameter("Statement already exists")
	}
	p.allow(in.Label, "SNS", t.arn, in.AWSAccountId, in.ActionName)
	t.attributes["Policy"] = p.text()
	t.save()
	return nil, nil
}

func (r *request) removeTopicPermission(in *struct{ TopicArn, Label string }) (any, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := readPolicy(t.policy(), "")
	if i := p.find(in.Label); i >= 0 {
		p.Statement = slices.Delete(p.Statement, i, i+1)
	}
	t.attributes["Policy"] = p.text()
	t.save()
	return nil, nil
}
