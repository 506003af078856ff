package localaws

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// attributeValue is a message attribute on the wire.
type attributeValue struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`

	StringListValues []string `json:",omitempty"` // which neither service supports
	BinaryListValues [][]byte `json:",omitempty"`
}

// traceHeader is the only system attribute that a message can be sent with.
const traceHeader = "AWSTraceHeader"

// traced gives an entry the trace of its request, where it has none of its own.
func (e *sendEntry) traced(header string) {
	if _, own := e.MessageSystemAttributes[traceHeader]; own || header == "" {
		return
	}
	e.trace = header
}

// checkMessageAttributes refuses what SQS refuses.
func checkMessageAttributes(attributes map[string]attributeValue) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if err := checkAttributeName(name); err != nil {
			return err
		}
		if err := attributes[name].check(name); err != nil {
			return err
		}
	}
	return nil
}

func checkAttributeName(name string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return invalid("Message (user) attribute name cannot be empty.")
	case len(name) > 256:
		return invalid("Message (user) attribute names must be shorter than 256 Bytes")
	case strings.IndexFunc(name, func(r rune) bool { return !inName(r) }) >= 0:
		return invalid("Message (user) attributes name can only contain upper and lower score characters, digits, periods, hyphens and underscores. ")
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.") || name[0] == '.' || name[len(name)-1] == '.':
		return invalid("You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for internal use. Additionally, they cannot start or end with '.'.")
	case strings.Contains(name, ".."):
		return invalid("Message (user) attribute name cannot have successive '.' characters.")
	}
	return nil
}

// inName reports whether a rune can be in a name. AWS was seen to take umlauts, which it does not document.
func inName(r rune) bool {
	return r == '_' || r == '-' || r == '.' || r <= 0x17F && (unicode.IsLetter(r) || r >= '0' && r <= '9')
}

func (v attributeValue) check(name string) error {
	base, _, _ := strings.Cut(v.DataType, ".")
	switch {
	case len(v.StringListValues)+len(v.BinaryListValues) > 0:
		return legacy("UnsupportedOperation", "Message attribute list values in SendMessage operation are not supported.")
	case v.DataType == "":
		return invalid("The message attribute '%s' must contain non-empty message attribute type.", name)
	case len(v.DataType) > 256:
		return invalid("Message (user) attribute types must be shorter than 256 Bytes")
	case base != "String" && base != "Number" && base != "Binary":
		return invalid("The type of message (user) attribute '%s' is invalid. You must use only the following supported type prefixes: Binary, Number, String.", name)
	case base == "Binary" && len(v.BinaryValue) == 0, base != "Binary" && text(v.StringValue) == "":
		return invalid("Message (user) attribute '%s' must contain a non-empty value of type '%s'.", name, base)
	case base != "Binary" && !carried(text(v.StringValue)):
		return invalid("Message (user) attribute '%s' has a value with characters outside the allowed set.", name)
	case base == "Number" && !isNumber(text(v.StringValue)):
		return invalid("Can't cast the value of message (user) attribute '%s' to a number.", name)
	}
	return nil
}

// isNumber reports whether a text is a number in decimal.
func isNumber(text string) bool {
	if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return false
	}
	_, _, err := big.ParseFloat(text, 10, 64, big.ToNearestEven)
	return err == nil
}

func checkSystemAttributes(attributes map[string]attributeValue) error {
	for name, v := range attributes {
		if name != traceHeader {
			return invalid("Message system attribute name '%s' is invalid.", name)
		}
		if v.DataType != "String" || text(v.StringValue) == "" {
			return invalid("The message system attribute '%s' must contain a non-empty value of type 'String'.", name)
		}
	}
	return nil
}

func sizeOf(attributes map[string]attributeValue) int {
	size := 0
	for name, v := range attributes {
		size += len(name) + len(v.DataType) + len(v.BinaryValue) + len(text(v.StringValue))
	}
	return size
}

// isArray reports whether a text is the JSON of a String.Array: strings, numbers, true, false and null.
func isArray(text string) bool {
	var list []any
	decoder := json.NewDecoder(strings.NewReader(text))
	if !utf8.ValidString(text) || decoder.Decode(&list) != nil || list == nil || decoder.More() {
		return false
	}
	return !slices.ContainsFunc(list, func(item any) bool {
		switch item.(type) {
		case []any, map[string]any:
			return true
		}
		return false
	})
}
