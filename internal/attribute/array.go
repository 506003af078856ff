package attribute

import (
	"fmt"
	"reflect"
	"strings"
	"unicode/utf16"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// arrayValue writes a list as Python's ujson does: no spaces, slashes escaped, nothing but ASCII, and floats
// that can be told from integers.
func arrayValue(list any) (Value, error) {
	compact, err := jsonbody.Encode(withFloats(reflect.ValueOf(list), 0))
	if err != nil {
		return Value{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
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
