package config

import (
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

// GoString is String.
func (c Config) GoString() string { return c.String() }

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
