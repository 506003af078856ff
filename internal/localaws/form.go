package localaws

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxFields is how many parameters a form may have: a batch of ten messages with ten attributes each has
// five hundred.
const maxFields = 2000

// form is a call in the query protocol.
type form struct {
	operation string
	sqs       bool
	input     []byte // as the JSON protocol would have had it
}

// readForm turns the parameters of the query protocol, such as
// MessageAttributes.entry.1.Value.DataType=String, into JSON. A path such as /000000000000/orders names a queue.
func readForm(query, body, path string) (form, error) {
	values, err := url.ParseQuery(strings.Trim(query+"&"+body, "&"))
	if err != nil || len(values) > maxFields {
		return form{}, errSerialization
	}
	f := form{operation: values.Get("Action"), sqs: values.Get("Version") == sqsVersion}
	if queuePath.MatchString(path) {
		f.sqs = true
		if !values.Has("QueueUrl") {
			values.Set("QueueUrl", path)
		}
	}
	tree := make(map[string]any)
	for name, texts := range values {
		if texts[0] == "" && slices.Contains(lists, name) {
			continue // an empty list is written so
		}
		if !plant(tree, strings.Split(name, "."), texts[0]) {
			return form{}, errSerialization
		}
	}
	var input any
	if f.sqs {
		input = unflatten(tree)
	} else {
		input = fold(tree)
	}
	f.input, err = json.Marshal(input)
	return f, err
}

var queuePath = regexp.MustCompile(`^/[0-9]{12}/[A-Za-z0-9_.-]+/?$`)

// lists are the parameters that are lists or maps.
var lists = []string{
	"AttributeName", "AttributeNames", "MessageAttributeName", "MessageAttributeNames", "MessageSystemAttributeName",
	"MessageSystemAttributeNames", "Attribute", "Attributes", "MessageAttribute", "MessageAttributes", "MessageSystemAttributes",
	"Entries", "SendMessageBatchRequestEntry", "DeleteMessageBatchRequestEntry", "ChangeMessageVisibilityBatchRequestEntry",
	"PublishBatchRequestEntries", "Tag", "Tags", "TagKey", "TagKeys", "AWSAccountId", "AWSAccountIds", "ActionName", "Actions",
}

// plant puts a value at a path. It fails where the path goes through a value.
func plant(tree map[string]any, path []string, value string) bool {
	if len(path) > 10 {
		return false
	}
	if len(path) == 1 {
		_, taken := tree[path[0]]
		tree[path[0]] = value
		return !taken
	}
	next, there := tree[path[0]]
	if !there {
		next = make(map[string]any)
		tree[path[0]] = next
	}
	branch, ok := next.(map[string]any)
	return ok && plant(branch, path[1:], value)
}

// fold makes lists of "member.1", "member.2", and maps of "entry.1.key", "entry.1.value".
func fold(tree map[string]any) any {
	for name, child := range tree {
		if branch, ok := child.(map[string]any); ok {
			tree[name] = fold(branch)
		}
	}
	if len(tree) != 1 {
		return tree
	}
	if members, ok := tree["member"].(map[string]any); ok {
		return inOrder(members)
	}
	if entries, ok := tree["entry"].(map[string]any); ok {
		return asMap(inOrder(entries))
	}
	return tree
}

// inOrder lists what is numbered, by number.
func inOrder(numbered map[string]any) []any {
	numbers := make([]int, 0, len(numbered))
	for text := range numbered {
		if n, err := strconv.Atoi(text); err == nil && strconv.Itoa(n) == text {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	list := make([]any, len(numbers))
	for i, n := range numbers {
		list[i] = numbered[strconv.Itoa(n)]
	}
	return list
}

// asMap reads entries of a key or Name, and a value or Value.
func asMap(entries []any) map[string]any {
	object := make(map[string]any, len(entries))
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		for _, names := range [][2]string{{"key", "value"}, {"Key", "Value"}, {"Name", "Value"}} {
			if key, ok := entry[names[0]].(string); ok {
				object[key] = entry[names[1]]
			}
		}
	}
	return object
}
