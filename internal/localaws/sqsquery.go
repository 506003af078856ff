package localaws

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// SQS in the query protocol is what SDKs of before 2024 speak, such as that of a Python service which is
// to be ported. Requests are turned into those of the JSON protocol, and answers from them.

const (
	sqsNamespace = "http://queue.amazonaws.com/doc/2012-11-05/"
	sqsVersion   = "2012-11-05"
)

// flattened are the parameters that are numbered, with their names in the JSON protocol.
var flattened = map[string]string{
	"AttributeName": "AttributeNames", "MessageAttributeName": "MessageAttributeNames", "MessageSystemAttributeName": "MessageSystemAttributeNames",
	"SendMessageBatchRequestEntry": "Entries", "DeleteMessageBatchRequestEntry": "Entries", "ChangeMessageVisibilityBatchRequestEntry": "Entries",
	"Attribute": "Attributes", "MessageAttribute": "MessageAttributes", "MessageSystemAttribute": "MessageSystemAttributes",
	"Tag": "Tags", "TagKey": "TagKeys", "AWSAccountId": "AWSAccountIds", "ActionName": "Actions",
}

// numeric are the parameters that are numbers.
var numeric = []string{"DelaySeconds", "MaxNumberOfMessages", "MaxNumberOfMessagesPerSecond", "MaxResults", "VisibilityTimeout", "WaitTimeSeconds"}

// unflatten makes the JSON protocol's input of the query protocol's.
func unflatten(tree map[string]any) map[string]any {
	input := make(map[string]any, len(tree))
	for name, value := range tree {
		if plural, ok := flattened[name]; ok {
			if branch, ok := value.(map[string]any); ok {
				input[plural] = unflattenList(plural, inOrder(branch))
				continue
			}
		}
		if text, ok := value.(string); ok && slices.Contains(numeric, name) {
			if _, err := strconv.Atoi(text); err == nil {
				value = json.Number(text)
			}
		}
		input[name] = value
	}
	return input
}

func unflattenList(name string, list []any) any {
	if strings.HasSuffix(name, "Attributes") || name == "Tags" {
		return asMap(list)
	}
	for i, item := range list {
		if entry, ok := item.(map[string]any); ok {
			list[i] = unflatten(entry)
		}
	}
	return list
}

// repeated are the lists of answers, with the element that each item has.
var repeated = map[string]string{
	"QueueUrls": "QueueUrl", "queueUrls": "QueueUrl", "Messages": "Message", "Failed": "BatchResultErrorEntry", "Results": "ListMessageMoveTasksResultEntry",
}

// respondSQS answers in XML what the JSON protocol would have had in JSON.
func respondSQS(w http.ResponseWriter, operation string, out any) {
	encoded, err := json.Marshal(out)
	if err != nil {
		panic(err) // every output is made of strings and numbers
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		panic(err) // it was encoded just now
	}
	respondResult(w, sqsNamespace, operation, func(e *xml.Encoder) error {
		object, ok := tree.(map[string]any)
		if !ok {
			return nil
		}
		return writeObject(e, operation+"Result", object, operation)
	})
}

func writeObject(e *xml.Encoder, name string, object map[string]any, operation string) error {
	start := element(name)
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if err := writeValue(e, key, object[key], operation); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

func writeValue(e *xml.Encoder, key string, value any, operation string) error {
	switch v := value.(type) {
	case map[string]any:
		if singular, ok := strings.CutSuffix(key, "s"); ok && strings.HasSuffix(key, "Attributes") {
			return writeNamed(e, singular, "Name", v, operation)
		}
		if key == "Tags" {
			return writeNamed(e, "Tag", "Key", v, operation)
		}
		return writeObject(e, key, v, operation)
	case []any:
		item, ok := repeated[key]
		if !ok { // Successful
			item = operation + "ResultEntry"
		}
		for _, each := range v {
			if err := writeValue(e, item, each, operation); err != nil {
				return err
			}
		}
		return nil
	}
	return e.EncodeElement(value, element(key))
}

// writeNamed writes a map as entries of a key, called Name or Key, and a Value.
func writeNamed(e *xml.Encoder, name, called string, entries map[string]any, operation string) error {
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if err := writeObject(e, name, map[string]any{called: key, "Value": entries[key]}, operation); err != nil {
			return err
		}
	}
	return nil
}
