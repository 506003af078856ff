package terminal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// EncodeJSON writes a value as JSON, with a newline at the end, indented where indent is not empty. What Escape would
// escape is in the form that JSON has for it, so that a parser reads the same text.
func EncodeJSON(w io.Writer, v any, indent string) error {
	return encode(w, v, indent, visible)
}

// EncodeASCII is EncodeJSON with every character beyond ASCII escaped, as Python's json.dumps does.
func EncodeASCII(w io.Writer, v any) error {
	return encode(w, v, "", func(r rune) bool { return r >= ' ' && r <= '~' })
}

func encode(w io.Writer, v any, indent string, stays func(rune) bool) error {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	var out strings.Builder
	for _, r := range plain.String() { // valid UTF-8, whatever it was made of
		if r == '\n' || stays(r) { // a newline is between values: those in texts are escaped
			out.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&out, `\u%04x`, unit)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}
