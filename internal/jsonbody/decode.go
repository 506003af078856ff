// Package jsonbody reads the JSON of message bodies and attributes.
package jsonbody

import (
	"encoding/json"
	"io"
	"strings"
)

// Decode decodes text, which is one JSON value and nothing else, into v, as json.Unmarshal does, but with
// every digit of every number: where v has an any, a number in it is a json.Number.
func Decode(text string, v any) error {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(v)
	switch {
	case err == nil && strings.Trim(text[decoder.InputOffset():], " \t\r\n") == "":
		return nil
	case err == nil, err == io.EOF, err == io.ErrUnexpectedEOF:
		// More than one value, or less: Unmarshal says which, and where.
		if e := json.Unmarshal([]byte(text), new(json.RawMessage)); e != nil {
			return e
		}
	}
	return err
}

// IsNull reports whether text is the JSON value null.
func IsNull(text string) bool { return strings.Trim(text, " \t\r\n") == "null" }
