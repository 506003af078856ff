package localaws

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// attributeValue is a message attribute on the wire.
type attributeValue struct {
	DataType    string
	StringValue *string `json:",omitempty"`
	BinaryValue []byte  `json:",omitempty"`
}

func (v attributeValue) check(name string) error {
	base, _, _ := strings.Cut(v.DataType, ".")
	switch {
	case name == "" || len(name) > 256:
		return invalidValue("MessageAttributes", "The message attribute name must have 1 to 256 characters.")
	case v.DataType == "":
		return invalidValue("MessageAttributes", "The message attribute '%s' must contain non-empty message attribute type.", name)
	case base != "String" && base != "Number" && base != "Binary":
		return invalidValue("MessageAttributes", "The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", name)
	case base == "Binary" && len(v.BinaryValue) == 0, base != "Binary" && (v.StringValue == nil || *v.StringValue == ""):
		return invalidValue("MessageAttributes", "The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", name, base)
	}
	return nil
}

// md5OfAttributes is the digest that clients compare: over the attributes by name, each as length and
// text of the name and of the type, a byte for string (1) or binary (2), and length and value.
func md5OfAttributes(attributes map[string]attributeValue) string {
	if len(attributes) == 0 {
		return ""
	}
	var text []byte
	add := func(part []byte) {
		text = binary.BigEndian.AppendUint32(text, uint32(len(part)))
		text = append(text, part...)
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		v := attributes[name]
		add([]byte(name))
		add([]byte(v.DataType))
		if v.StringValue != nil {
			text = append(text, 1)
			add([]byte(*v.StringValue))
		} else {
			text = append(text, 2)
			add(v.BinaryValue)
		}
	}
	sum := md5.Sum(text)
	return hex.EncodeToString(sum[:])
}
