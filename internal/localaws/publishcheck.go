package localaws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// check refuses what SNS refuses. Path names the attributes in the errors of their form.
func (e *publishEntry) check(t *topic, path string) error {
	switch {
	case e.Subject != nil && !validSubject(*e.Subject):
		return invalidParameter("Subject")
	case e.Message == "":
		return invalidParameter("Empty message")
	}
	if err := e.checkAttributes(path); err != nil {
		return err
	}
	switch {
	case e.size() > maxPublished:
		return invalidParameter("Message too long")
	case !carried(e.Message):
		return invalidParameter("Message Reason: it has characters outside the allowed set")
	}
	if _, err := e.textFor("sqs"); err != nil {
		return err
	}
	return e.checkFIFO(t)
}

// validSubject accepts up to a hundred characters without line breaks and control characters.
func validSubject(subject string) bool {
	n := len([]rune(subject))
	return n > 0 && n <= 100 && strings.IndexFunc(subject, unicode.IsControl) < 0 && carried(subject)
}

func (e *publishEntry) checkFIFO(t *topic) error {
	t.mu.Lock()
	byContent := t.attributes["ContentBasedDeduplication"] == "true"
	t.mu.Unlock()
	switch {
	case t.fifo && e.MessageGroupId == nil:
		return invalidParameter("The MessageGroupId parameter is required for FIFO topics")
	case t.fifo && e.MessageDeduplicationId == nil && !byContent:
		return invalidParameter("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case !t.fifo && e.MessageDeduplicationId != nil:
		return invalidParameter("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	}
	for _, id := range []struct {
		name  string
		value *string
	}{{"MessageGroupId", e.MessageGroupId}, {"MessageDeduplicationId", e.MessageDeduplicationId}} {
		if id.value != nil && !validID(*id.value) {
			return invalidParameter("%s Reason: it can only include alphanumeric and punctuation characters, 1 to 128 in length", id.name)
		}
	}
	return nil
}

func checkPublishBatch(t *topic, entries []publishEntry) error {
	if err := checkPublishIDs(entries); err != nil {
		return err
	}
	total := 0
	for i := range entries {
		total += entries[i].size()
		if err := entries[i].check(t, fmt.Sprintf("publishBatchRequestEntries.%d.member.messageAttributes", i+1)); err != nil && total <= maxPublished {
			return err
		}
	}
	if total > maxPublished {
		return refused("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	return nil
}

func checkPublishIDs(entries []publishEntry) error {
	if len(entries) == 0 {
		return refused("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	}
	if len(entries) > 10 {
		return refused("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	seen := make(map[string]bool)
	for i := range entries {
		id := entries[i].Id
		switch {
		case seen[id]:
			return refused("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
		case len(id) > 80:
			return refused("InvalidBatchEntryId", "The Id of a batch entry in the batch request is too long: %s", id)
		case !entryID.MatchString(id):
			return refused("InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: %s", id)
		}
		seen[id] = true
	}
	return nil
}

func (e *publishEntry) checkAttributes(path string) error {
	for _, name := range slices.Sorted(maps.Keys(e.MessageAttributes)) {
		v := e.MessageAttributes[name]
		if wrong := wrongPublishedName(name); wrong != "" {
			return refused("ParameterValueInvalid", "%s", wrong)
		}
		if v.DataType == "" {
			return refused("ValidationError", "1 validation error detected: Value null at '%s.%s.member.dataType' failed to satisfy constraint: Member must not be null", path, name)
		}
		if wrong := v.wrongPublished(name); wrong != "" {
			return refused("ParameterValueInvalid", "%s", wrong)
		}
	}
	return nil
}

func wrongPublishedName(name string) string {
	other := strings.IndexFunc(name, func(r rune) bool { return r > 0x7F || !inName(r) })
	switch {
	case name == "":
		return "The message attribute name cannot be empty."
	case len(name) > 256:
		return "Length of message attribute name must be less than 256 bytes."
	case other >= 0:
		return fmt.Sprintf("Invalid non-alphanumeric character '#x%X' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.", []rune(name[other:])[0])
	case name[0] == '.':
		return "Invalid message attribute name starting with character '.' was found."
	case name[len(name)-1] == '.':
		return "Invalid message attribute name ending with character '.' was found."
	case strings.Contains(name, ".."):
		return "Message attribute name can not have successive '.' character."
	}
	return ""
}

// wrongPublished says what is wrong with an attribute's type or value.
func (v attributeValue) wrongPublished(name string) string {
	base, label, labelled := strings.Cut(v.DataType, ".")
	hasText, hasBytes := text(v.StringValue) != "", len(v.BinaryValue) > 0
	switch {
	case base != "String" && base != "Number" && base != "Binary", labelled && label == "", len(v.DataType) > 256:
		return fmt.Sprintf("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case base == "Binary" && hasText:
		return fmt.Sprintf("The message attribute '%s' with type '%s' must use field 'Binary'.", name, v.DataType)
	case base != "Binary" && hasBytes:
		return fmt.Sprintf("The message attribute '%s' with type '%s' must use field 'String'.", name, v.DataType)
	case base == "Binary" && !hasBytes, base != "Binary" && !hasText:
		return fmt.Sprintf("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, v.DataType)
	case base == "Number" && !isNumber(*v.StringValue):
		return fmt.Sprintf("Could not cast message attribute '%s' value to number.", name)
	case v.DataType == "String.Array" && !isArray(*v.StringValue):
		return fmt.Sprintf("Message attribute '%s' of type 'String.Array' must be a JSON array of strings, numbers, true, false or null.", name)
	case base == "String" && !carried(*v.StringValue):
		return fmt.Sprintf("The message attribute '%s' has a value with characters outside the allowed set.", name)
	}
	return ""
}
