// Package attribute is the one encoding of message attributes, for SQS and SNS alike: the same bytes
// that Python's iniesta writes, so that consumers of both read each other's messages.
package attribute

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// The data types that SQS and SNS know. Each may be followed by a dot and a label of one's own, as in
// "Number.int", which says nothing to them.
const (
	String = "String"
	Number = "Number"
	Binary = "Binary"
	Array  = "String.Array"
)

// ErrInvalid is matched by every refusal of a name or a value.
var ErrInvalid = errors.New("invalid message attribute")

// Value is an encoded attribute.
type Value struct {
	DataType    string
	StringValue string // of every type but Binary
	BinaryValue []byte
}

// Size is what the attribute counts against the limit of a message, with its name.
func (v Value) Size(name string) int {
	return len(name) + len(v.DataType) + len(v.StringValue) + len(v.BinaryValue)
}

// Encode turns a Go value into an attribute: a string into String, numbers of every kind and
// json.Number into Number, []byte into Binary, other slices and arrays into String.Array. A bool is
// refused, since neither service has a type for it.
func Encode(value any) (Value, error) {
	switch v := value.(type) {
	case string:
		return stringValue(v)
	case json.Number:
		return numberValue(v)
	case []byte:
		if len(v) == 0 {
			return Value{}, fmt.Errorf("%w: the value is empty", ErrInvalid)
		}
		return Value{DataType: Binary, BinaryValue: v}, nil
	}
	r := reflect.ValueOf(value)
	switch {
	case !r.IsValid():
		return Value{}, fmt.Errorf("%w: the value is nil", ErrInvalid)
	case r.Kind() == reflect.String:
		return stringValue(r.String())
	case r.CanInt():
		return Value{DataType: Number, StringValue: strconv.FormatInt(r.Int(), 10)}, nil
	case r.CanUint():
		return Value{DataType: Number, StringValue: strconv.FormatUint(r.Uint(), 10)}, nil
	case r.CanFloat():
		return floatValue(r.Float(), r.Type().Bits())
	case r.Kind() == reflect.Slice, r.Kind() == reflect.Array:
		return arrayValue(value)
	}
	return Value{}, fmt.Errorf("%w: a %T cannot be sent: use a string, a number, a list or []byte", ErrInvalid, value)
}

// Decode turns an attribute into a Go value by its data type up to the first dot: a string for
// String, a json.Number for Number, []byte for Binary. A String.Array is a []any where it is JSON, with a
// json.Number for each number in it, and else its text.
func Decode(v Value) any {
	base, label, _ := strings.Cut(v.DataType, ".")
	switch base {
	case Binary:
		return v.BinaryValue
	case Number:
		return json.Number(v.StringValue)
	}
	if label == "Array" {
		var list []any
		if jsonbody.Decode(v.StringValue, &list) == nil && list != nil {
			return list
		}
	}
	return v.StringValue
}

// CheckName refuses what cannot be an attribute's name: 1 to 256 letters, digits, underscores, hyphens
// and single inner dots, not beginning with AWS. or Amazon.
func CheckName(name string) error {
	problem := ""
	switch lower := strings.ToLower(name); {
	case name == "":
		problem = "it is empty"
	case len(name) > 256:
		problem = fmt.Sprintf("it has %d characters, at most 256 are allowed", len(name))
	case strings.IndexFunc(name, notInName) >= 0:
		problem = "only letters, digits, '_', '-' and '.' are allowed"
	case strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon."):
		problem = "names that begin with AWS. or Amazon. are reserved"
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, ".."):
		problem = "dots stand singly and inside"
	}
	if problem == "" {
		return nil
	}
	return fmt.Errorf("%w: name %q: %s", ErrInvalid, name, problem)
}

func notInName(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	return !letter && !(r >= '0' && r <= '9') && !strings.ContainsRune("_-.", r)
}

// CheckText refuses what SQS and SNS do not carry in a body or a string attribute: bytes that are not
// UTF-8, and control characters other than tab, line feed and carriage return.
func CheckText(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("it is not UTF-8: send it as Binary, or encode it as base64")
	}
	if i := strings.IndexFunc(text, notCarried); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		return fmt.Errorf("character %U at byte %d is not allowed: only tab, line feed, carriage return and what is above U+001F is, but U+FFFE and U+FFFF", r, i)
	}
	return nil
}

func notCarried(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func stringValue(text string) (Value, error) {
	if text == "" {
		return Value{}, fmt.Errorf("%w: the value is empty", ErrInvalid)
	}
	if err := CheckText(text); err != nil {
		return Value{}, fmt.Errorf("%w: the value: %w", ErrInvalid, err)
	}
	return Value{DataType: String, StringValue: text}, nil
}
