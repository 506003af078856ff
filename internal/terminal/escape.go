// Package terminal prints text of messages, servers and files so that it is shown and never obeyed: nothing in it
// moves the cursor, changes the direction of writing, begins a line of its own, or is run by a shell.
package terminal

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Escape writes what cannot be seen as strconv.Quote does: control characters (C0, C1, newlines and tabs among them),
// format characters (those that change the direction of writing among them) and bytes that are no UTF-8. All other text
// stays as it is, backslashes too.
func Escape(text string) string {
	return escape(text, visible)
}

// Lines is Escape for a text of several lines: newlines and tabs stay.
func Lines(text string) string {
	return escape(text, func(r rune) bool { return r == '\n' || r == '\t' || visible(r) })
}

// Joiners have no shape of their own, and are part of words in several scripts, and of emoji.
const (
	nonJoiner = '\u200C'
	joiner    = '\u200D'
)

func visible(r rune) bool { return unicode.IsGraphic(r) || r == nonJoiner || r == joiner }

func escape(text string, stays func(rune) bool) string {
	if utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return !stays(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case stays(r):
			b.WriteRune(r)
		default:
			b.WriteString(escaped(r))
		}
		text = text[size:]
	}
	return b.String()
}

func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r <= 0xFFFF:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}
