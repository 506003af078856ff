// Package envfile reads files of settings, a line NAME=value each, as docker run --env-file, systemd and shells have
// them. Values are taken literally: nothing is expanded. Errors name the line and never show what is in it, which may
// be a secret.
package envfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"
)

// Read reads a file. The last of several values of a name counts.
func Read(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		if e, ok := errors.AsType[*fs.PathError](err); ok {
			err = e.Err // path is there already
		}
		return nil, fmt.Errorf("reading --env-file %s: %w", path, err)
	}
	values, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading --env-file %s: %w", path, err)
	}
	return values, nil
}

// Parse reads the text of a file:
//
//	NAME=value           # a comment, after a space; the spaces around a value are not part of it
//	export NAME=value    # as shells have it
//	NAME='any $value #'  # as it is, over several lines too
//	NAME="a \"value\""   # \" \\ \n \r \t and \$ are escapes, other backslashes stay
func Parse(text []byte) (map[string]string, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, errors.New("it is no text in UTF-8")
	}
	r := &reader{rest: strings.ReplaceAll(string(text), "\r\n", "\n"), line: 1}
	values := make(map[string]string)
	for r.rest != "" {
		line := r.line
		name, value, err := r.next()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		if name != "" {
			values[name] = value
		}
	}
	return values, nil
}

// reader is what is left of a file.
type reader struct {
	rest string
	line int
}

// next reads a line, or several where a quote goes on. The name is empty where the line has none.
func (r *reader) next() (name, value string, err error) {
	r.skip(spaces)
	if r.rest == "" || r.rest[0] == '\n' || r.rest[0] == '#' {
		r.endLine()
		return "", "", nil
	}
	end := strings.IndexAny(r.rest, "=\n")
	if end < 0 || r.rest[end] != '=' {
		return "", "", errors.New("it is not NAME=value")
	}
	name = strings.Trim(r.rest[:end], spaces)
	if after, found := strings.CutPrefix(name, "export"); found && strings.TrimLeft(after, spaces) != after {
		name = strings.TrimLeft(after, spaces)
	}
	if !isName(name) {
		return "", "", errors.New("before the = there is no name: letters, digits and underscores, and no digit first")
	}
	r.rest = r.rest[end+1:]
	r.skip(spaces)
	if r.rest != "" && (r.rest[0] == '\'' || r.rest[0] == '"') {
		value, err = r.quoted(r.rest[0])
		return name, value, err
	}
	return name, r.unquoted(), nil
}

const spaces = " \t\v\f"

func (r *reader) skip(set string) { r.rest = strings.TrimLeft(r.rest, set) }

// endLine leaves out the rest of the line, and returns it.
func (r *reader) endLine() string {
	before, after, _ := strings.Cut(r.rest, "\n")
	r.rest = after
	r.line++
	return before
}

func (r *reader) unquoted() string {
	value := r.endLine()
	for i := range len(value) {
		if value[i] == '#' && (i == 0 || strings.IndexByte(spaces, value[i-1]) >= 0) {
			value = value[:i]
			break
		}
	}
	return strings.Trim(value, spaces+"\r")
}

// quoted reads to the closing quote, and what follows it on its line.
func (r *reader) quoted(quote byte) (string, error) {
	var b strings.Builder
	for i := 1; i < len(r.rest); i++ {
		c := r.rest[i]
		if c == quote {
			r.line += strings.Count(r.rest[:i], "\n")
			r.rest = r.rest[i+1:]
			return b.String(), r.afterQuote()
		}
		if c == '\\' && quote == '"' && i+1 < len(r.rest) {
			if escape := strings.IndexByte(`"\nrt$`, r.rest[i+1]); escape >= 0 {
				b.WriteByte("\"\\\n\r\t$"[escape])
				i++
				continue
			}
		}
		b.WriteByte(c)
	}
	return "", errors.New("its quote is not closed")
}

func (r *reader) afterQuote() error {
	rest := r.endLine()
	trimmed := strings.Trim(rest, spaces+"\r")
	if trimmed == "" || trimmed[0] == '#' && rest[0] != '#' {
		return nil
	}
	return errors.New("something follows its closing quote")
}

func isName(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return text != ""
}
