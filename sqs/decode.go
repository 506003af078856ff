package sqs

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// Decode decodes the JSON body into v, a pointer. Where v has an any, a number in it is a json.Number, which
// has every digit. A body of null is an error unless v points to what can be nil: a pointer, a map, a slice
// or an any. Payloads of handlers are decoded so too.
//
// The error names the message, its event, the type and the field, and nothing of the body. It wraps that of
// encoding/json or of the type's own UnmarshalJSON, whose texts may quote the body: errors.As reaches them.
func (m *Message) Decode(v any) error {
	err := jsonbody.Decode(m.RawBody, v)
	if err == nil && jsonbody.IsNull(m.RawBody) {
		err = refuseNull(reflect.TypeOf(v).Elem())
	}
	if err != nil {
		return fmt.Errorf("sqs: decoding message %s (event %q) into %T: %w", m.MessageID, m.Event(), v, &decodeError{err})
	}
	return nil
}

// nullError is a null for a type that has no nil: encoding/json leaves a zero value, which nobody sent.
type nullError struct{ target reflect.Type }

func (e *nullError) Error() string {
	return fmt.Sprintf("the body is null, and %s cannot be nil: take *%[1]s where null is meant", e.target)
}

func refuseNull(target reflect.Type) error {
	switch target.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return nil
	}
	return &nullError{target}
}

// decodeError is an error of a decoder without what it quotes.
type decodeError struct{ err error }

// Error says where and why, not what.
func (e *decodeError) Error() string {
	switch plain := e.err.(type) {
	case *nullError:
		return plain.Error()
	case *json.InvalidUnmarshalError:
		return "it has to be a pointer that is not nil"
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](e.err); ok {
		return fmt.Sprintf("it is not JSON from byte %d on", syntax.Offset)
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](e.err); ok {
		kind, _, _ := strings.Cut(mismatch.Value, " ") // of a number that does not fit its digits follow
		if mismatch.Field == "" {
			return fmt.Sprintf("a JSON %s cannot be a %s", kind, mismatch.Type)
		}
		return fmt.Sprintf("a JSON %s cannot be the field %s of type %s", kind, mismatch.Field, mismatch.Type)
	}
	return fmt.Sprintf("a value was refused (%T)", e.err)
}

// Unwrap returns the decoder's error.
func (e *decodeError) Unwrap() error { return e.err }
