package sns

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// String names the message, without its body.
func (m Message) String() string { return fmt.Sprintf("message %s (event %q)", m.MessageID, m.Event()) }

// Format prints String under every verb: a message that is printed by mistake does not show its body.
func (m Message) Format(f fmt.State, _ rune) { _, _ = fmt.Fprint(f, m.String()) } // fmt has nowhere to report a failed write

// LogValue logs the message without its body.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(slog.String("sns_message_id", m.MessageID), slog.String("event", m.Event()))
}

// MarshalJSON writes what LogValue logs.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		ID    string `json:"sns_message_id"`
		Event string `json:"event"`
	}{m.MessageID, m.Event()})
}

// MarshalText is String, for encoders of YAML, XML and the like.
func (m Message) MarshalText() ([]byte, error) { return []byte(m.String()), nil }
