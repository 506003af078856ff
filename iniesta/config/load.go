package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Load reads the settings from the environment, but those without use: they have their defaults. It returns
// every bad value in one error; see Error.
func Load(without ...Unused) (Config, error) {
	return LoadFrom(env.ToMap(os.Environ()), without...)
}

// LoadFrom reads the settings from a map of their names, as Load does from the environment. Quotes around a whole
// value are taken off: docker run --env-file leaves them on.
func LoadFrom(environment map[string]string, without ...Unused) (Config, error) {
	set := make(map[string]string, len(environment))
	for name, value := range environment {
		if value = unquoted(value); value != "" && !unused(without, name) {
			set[name] = value
		}
	}
	c, err := parse(set)
	if err != nil {
		// What could be read is checked as well, so that nobody mends one value a time.
		return Config{}, fmt.Errorf("reading the settings: %w", joinDistinct(err, c.problems(without)))
	}
	if err := c.Validate(without...); err != nil {
		return Config{}, fmt.Errorf("reading the settings: %w", err)
	}
	return c, nil
}

// parse reads what is set over the defaults. Where a value cannot be read its default stands.
func parse(set map[string]string) (Config, error) {
	if set == nil {
		set = map[string]string{}
	}
	var problems []error
	for {
		var c Config
		err := env.ParseWithOptions(&c, env.Options{Environment: set, FuncMap: parsers})
		if err == nil {
			return c, errors.Join(problems...)
		}
		bad := badSettings(err, set)
		problems = append(problems, bad...)
		if len(bad) == 0 {
			return c, err
		}
	}
}

// badSettings turns env's errors into ours and takes the values they are about out of set.
func badSettings(err error, set map[string]string) []error {
	aggregate, ok := errors.AsType[env.AggregateError](err)
	if !ok {
		return nil
	}
	var problems []error
	for _, e := range aggregate.Errors {
		parseError, ok := errors.AsType[env.ParseError](e)
		if !ok {
			continue
		}
		name := settingOf(parseError.Name)
		if _, ok := set[name]; !ok {
			continue
		}
		problems = append(problems, &Error{Setting: name, Value: printable(name, set[name]), Reason: reasonOf(name, parseError.Err)})
		delete(set, name)
	}
	return problems
}

// reasonOf says in plain words why a value could not be read.
func reasonOf(name string, err error) string {
	if reason, ok := errors.AsType[reason](err); ok {
		return string(reason)
	}
	switch fieldOf(name).Type.Kind() {
	case reflect.Int:
		return "it is not a whole number; " + ranges[name]
	case reflect.Bool:
		return "it is neither true nor false"
	}
	return "it cannot be read"
}

// reason is an error of our own parsers, which names no value.
type reason string

func (r reason) Error() string { return string(r) }

var parsers = map[reflect.Type]env.ParserFunc{
	reflect.TypeFor[time.Duration](): func(text string) (any, error) { return parseDuration(text) },
	reflect.TypeFor[[]string]():      func(text string) (any, error) { return parseList(text) },
	reflect.TypeFor[[]RedisURL]():    func(text string) (any, error) { return parseRedisURLs(text) },
	reflect.TypeFor[Secret]():        func(text string) (any, error) { return NewSecret(text), nil },
}

func parseDuration(text string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		const most = float64(1<<63-1) / float64(time.Second)
		if n != n || n > most/2 || n < -most/2 {
			return 0, reason("it is out of range")
		}
		if n == -1 {
			return WindowAuto, nil
		}
		return time.Duration(n * float64(time.Second)), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, reason("it is not a number of seconds, nor a duration such as 500ms")
	}
	return d, nil
}

func parseList(text string) ([]string, error) {
	var items []string
	if strings.HasPrefix(text, "[") {
		if err := json.Unmarshal([]byte(text), &items); err != nil {
			return nil, reason("it is not a JSON array of strings")
		}
	} else {
		items = strings.Split(text, ",")
	}
	list := make([]string, 0, len(items))
	for _, item := range items {
		if item = unquoted(item); item != "" {
			list = append(list, item)
		}
	}
	return list, nil
}

// unquoted is a value without the spaces and the quotes around it. Quotes that are not a pair around the whole stay.
func unquoted(text string) string {
	text = strings.TrimSpace(text)
	for _, quote := range []string{`"`, `'`} {
		inner, begins := strings.CutPrefix(text, quote)
		inner, ends := strings.CutSuffix(inner, quote)
		if begins && ends && !strings.Contains(inner, quote) {
			return strings.TrimSpace(inner)
		}
	}
	return text
}

func parseRedisURLs(text string) ([]RedisURL, error) {
	list, err := parseList(text)
	if err != nil {
		return nil, err
	}
	urls := make([]RedisURL, len(list))
	for i, item := range list {
		urls[i] = NewRedisURL(item)
	}
	return urls, nil
}

// fieldOf finds the field of a setting.
func fieldOf(setting string) reflect.StructField {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if field.Tag.Get("env") == setting {
			return field
		}
	}
	return reflect.StructField{Type: reflect.TypeFor[string]()}
}

// settingOf finds the setting of a field.
func settingOf(field string) string {
	f, _ := reflect.TypeFor[Config]().FieldByName(field)
	return f.Tag.Get("env")
}

// joinDistinct leaves out what is said of a setting twice.
func joinDistinct(first error, more []error) error {
	said := make(map[string]bool)
	for _, e := range unjoin(first) {
		if bad, ok := errors.AsType[*Error](e); ok {
			said[bad.Setting] = true
		}
	}
	all := []error{first}
	for _, e := range more {
		if bad, ok := errors.AsType[*Error](e); !ok || !said[bad.Setting] {
			all = append(all, e)
		}
	}
	return errors.Join(all...)
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
