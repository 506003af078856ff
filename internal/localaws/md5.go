package localaws

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
)

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
