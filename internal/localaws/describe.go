package localaws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// describe is a message as a receive answers with it.
func describe(m *message, in *receiveInput) receivedMessage {
	out := receivedMessage{
		MessageId: m.id, ReceiptHandle: m.handle(), Body: m.body, MD5OfBody: m.md5,
		Attributes: m.systemAttributes(slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)),
	}
	out.MessageAttributes = chosen(m.attributes, in.MessageAttributeNames)
	if len(out.MessageAttributes) > 0 {
		out.MD5OfMessageAttributes = m.md5Attrs
		if len(out.MessageAttributes) < len(m.attributes) {
			out.MD5OfMessageAttributes = md5OfAttributes(out.MessageAttributes)
		}
	}
	return out
}

// systemAttributes are those of the names asked for; "All" is all.
func (m *message) systemAttributes(names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	all := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.firstReceived.UnixMilli(), 10),
		"SentTimestamp":                    strconv.FormatInt(m.sentAt.UnixMilli(), 10),
		"SenderId":                         m.sender,
	}
	if m.group != "" {
		all["MessageGroupId"] = m.group
	}
	if m.source != "" {
		all["DeadLetterQueueSourceArn"] = m.source
	}
	if m.trace != "" {
		all[traceHeader] = m.trace
	}
	if m.dedup != "" {
		all["MessageDeduplicationId"] = m.dedup
		all["SequenceNumber"] = sequenceText(m.sequence)
	}
	if slices.Contains(names, "All") {
		return all
	}
	for name := range all {
		if !slices.Contains(names, name) {
			delete(all, name)
		}
	}
	return all
}

// chosen are the message attributes of the names asked for: a name, a prefix "name.*", or "All", "*" or
// ".*" for all.
func chosen(attributes map[string]attributeValue, names []string) map[string]attributeValue {
	if len(attributes) == 0 || len(names) == 0 {
		return nil
	}
	if slices.ContainsFunc(names, func(name string) bool { return name == "All" || name == "*" || name == ".*" }) {
		return attributes
	}
	some := make(map[string]attributeValue)
	for name, value := range attributes {
		for _, wanted := range names {
			prefix, isPrefix := strings.CutSuffix(wanted, ".*")
			if name == wanted || isPrefix && strings.HasPrefix(name, prefix) {
				some[name] = value
			}
		}
	}
	return some
}

// handle is the receipt handle of a message's newest receive. Its form says which receive it was, so
// that an older one is known as such.
func (m *message) handle() string {
	return fmt.Sprintf("%s#%d", m.id, m.handles)
}

// parseHandle reads a receipt handle.
func parseHandle(handle string) (id string, number int, err error) {
	id, digits, ok := strings.Cut(handle, "#")
	number, convErr := strconv.Atoi(digits)
	if !ok || convErr != nil || number < 1 || uuid.Validate(id) != nil {
		return "", 0, invalidHandle(handle)
	}
	return id, number, nil
}
