package jsonbody

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seed08532102/iniesta/internal/guard"
)

// Encode writes v as JSON, on one line and with <, > and & as they are. A MarshalJSON that panics is an
// error.
func Encode(v any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := guard.Call("its MarshalJSON", func() error { return encoder.Encode(v) }); err != nil {
		return "", fmt.Errorf("a %T cannot be written as JSON: %w", v, err)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}
