package sqs

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Decode decodes the JSON body into v, a pointer. The error names the message, its event, the type and the
// field, and nothing of the body. It wraps that of encoding/json or of the type's own UnmarshalJSON, whose
// texts may quote the body: errors.As reaches them.
func (m *Message) Decode(v any) error {
	if err := json.Unmarshal([]byte(m.RawBody), v); err != nil {
		return fmt.Errorf("sqs: decoding message %s (event %q) into %T: %w", m.MessageID, m.Event(), v, &decodeError{err})
	}
	return nil
}

// decodeError is an error of a decoder without what it quotes.
type decodeError struct{ err error }

// Error says where and why, not what.
func (e *decodeError) Error() string {
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
