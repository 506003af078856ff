package attribute

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf16"
)

// arrayValue writes a list as Python's ujson does: no spaces, slashes escaped, nothing but ASCII, and floats
// that can be told from integers.
func arrayValue(list any) (Value, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(withFloats(reflect.ValueOf(list), 0)); err != nil {
		return Value{}, fmt.Errorf("%w: the list cannot be written as JSON: %w", ErrInvalid, err)
	}
	compact := strings.TrimSuffix(text.String(), "\n")
	if compact == "null" {
		compact = "[]" // a nil slice is an empty list
	}
	return Value{DataType: Array, StringValue: asciiJSON(compact)}, nil
}

func asciiJSON(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case r == '/':
			out.WriteString(`\/`)
		case r < 0x80:
			out.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&out, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
