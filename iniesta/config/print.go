package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
)

// String lists every setting as NAME=value, in the order of the fields, without secrets.
func (c Config) String() string {
	var lines []string
	c.each(func(name string, value any) { lines = append(lines, fmt.Sprintf("%s=%v", name, value)) })
	return strings.Join(lines, " ")
}

// Format prints String under every verb.
func (c Config) Format(f fmt.State, verb rune) { formatMasked(f, verb, c.String()) }

// MarshalJSON writes every setting by its name, without secrets. It is for people: a Config cannot be
// read back from it.
func (c Config) MarshalJSON() ([]byte, error) {
	settings := make(map[string]any)
	c.each(func(name string, value any) { settings[name] = value })
	return json.Marshal(settings)
}

// LogValue logs every setting by its name, without secrets.
func (c Config) LogValue() slog.Value {
	var attributes []slog.Attr
	c.each(func(name string, value any) { attributes = append(attributes, slog.Any(name, value)) })
	return slog.GroupValue(attributes...)
}

func (c Config) each(f func(name string, value any)) {
	values := reflect.ValueOf(c)
	for i := range values.NumField() {
		name, value := values.Type().Field(i).Tag.Get("env"), values.Field(i).Interface()
		switch v := value.(type) {
		case []string:
			value = strings.Join(v, ",")
		case []RedisURL:
			texts := make([]string, len(v))
			for i, u := range v {
				texts[i] = u.String()
			}
			value = strings.Join(texts, ",")
		case string:
			if strings.Contains(v, "://") {
				value = maskURL(v)
			}
		}
		f(name, value)
	}
}
