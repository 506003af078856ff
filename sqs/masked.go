package sqs

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// String names the message, without its body.
func (m Message) String() string {
	return fmt.Sprintf("message %s (event %q, received %d times)", m.MessageID, m.Event(), m.ReceiveCount())
}

// Format prints String under every verb: a message that is printed by mistake does not show its body.
func (m Message) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, m.String()) } // fmt has nowhere to report a failed write

// GoString is String.
func (m Message) GoString() string { return m.String() }

// LogValue logs the message without its body.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("sqs_message_id", m.MessageID),
		slog.String("iniesta_pass", m.Event()),
		slog.Int("receive_count", m.ReceiveCount()),
	)
}

// MarshalJSON writes what LogValue logs. To keep a message, write RawBody and the attributes.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID       string `json:"sqs_message_id"`
		Event    string `json:"iniesta_pass"`
		Received int    `json:"receive_count"`
	}{m.MessageID, m.Event(), m.ReceiveCount()})
}

// MarshalText is String, for encoders of YAML, XML and the like.
func (m Message) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// MarshalJSON writes the text of Error, as slog does, and nothing of what a cause holds.
func (e HandlerError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// MarshalJSON writes the text of Error, without the value and the stack.
func (e PanicError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }
