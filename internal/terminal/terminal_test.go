package terminal

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatCannotBeSeenIsEscaped(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"{\"a\": \"b\\n\"} é 漢字 👩\u200d💻 नमस्ते می\u200cخواهم\u3000": "{\"a\": \"b\\n\"} é 漢字 👩\u200d💻 नमस्ते می\u200cخواهم\u3000",
		"a\nb\r\tc":                       `a\nb\r\tc`,
		"\x1b[2J\x07\x00\x7f":             `\x1b[2J\x07\x00\x7f`,
		"\u0085\u009b31m":                 `\u0085\u009b31m`,
		"\u202aa\u202b\u202c\u202d\u202e": `\u202aa\u202b\u202c\u202d\u202e`,
		"\u2066\u2067\u2068\u2069":        `\u2066\u2067\u2068\u2069`,
		"\u200e\u200f\u061c":              `\u200e\u200f\u061c`,
		"\u2028\u2029\ufeff\u200b":        `\u2028\u2029\ufeff\u200b`,
		"\U000e0041":                      `\U000e0041`,
		"a\xffb\xc3":                      `a\xffb\xc3`,
		"\ufffd":                          "\ufffd",
	} {
		assert.Equal(t, want, Escape(text), "%q", text)
	}
	assert.Equal(t, "a\n\tb\\x1b\\u202e", Lines("a\n\tb\x1b\u202e"))
}

func TestJSONIsEscapedAndReadTheSame(t *testing.T) {
	value := map[string]string{"b": "é<&> \u009b31m\u202e\x7f\n\U000e0041", "a": "漢"}
	for want, encode := range map[string]func(*bytes.Buffer) error{
		`{"a":"漢","b":"é<&> \u009b31m\u202e\u007f\n\udb40\udc41"}` + "\n":                      func(b *bytes.Buffer) error { return EncodeJSON(b, value, "") },
		"{\n  \"a\": \"漢\",\n  \"b\": \"é<&> \\u009b31m\\u202e\\u007f\\n\\udb40\\udc41\"\n}\n": func(b *bytes.Buffer) error { return EncodeJSON(b, value, "  ") },
		`{"a":"\u6f22","b":"\u00e9<&> \u009b31m\u202e\u007f\n\udb40\udc41"}` + "\n":            func(b *bytes.Buffer) error { return EncodeASCII(b, value) },
	} {
		var out bytes.Buffer
		require.NoError(t, encode(&out))
		assert.Equal(t, want, out.String())
		var read map[string]string
		require.NoError(t, json.Unmarshal(out.Bytes(), &read))
		assert.Equal(t, value, read)
	}
	assert.Error(t, EncodeJSON(&bytes.Buffer{}, func() {}, ""))
}

type named string

func (n named) String() string { return string(n) }

func TestFprintfEscapesWhatItIsGiven(t *testing.T) {
	var out bytes.Buffer
	_, err := Fprintf(&out, "%s\n%v|%v|%d|%s\n", "a\nb", errors.New("\x1b["), named("\u202e"), 7, Styled("\x1b[31m"))
	require.NoError(t, err)
	assert.Equal(t, "a\\nb\n\\x1b[|\\u202e|7|\x1b[31m\n", out.String())
}

func TestAShellReadsAQuotedTextAsItIs(t *testing.T) {
	assert.Equal(t, "arn:aws:sns:us-east-1:000000000000:events", ShellQuote("arn:aws:sns:us-east-1:000000000000:events"))
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	for _, text := range []string{"", "a b", "$(touch x)", "`id`", `"$HOME"`, "it's", `'; id; '`, `\`, "!!", "a\nb", "~", "#x", "*", "a&b|c;d>e<f", "é", "=ls"} {
		out, err := exec.Command(sh, "-c", "export A="+ShellQuote(text)+"; printf '%s.' \"$A\"").Output()
		require.NoError(t, err, "%q", text)
		assert.Equal(t, text+".", string(out))
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		out := Escape(text)
		assert.True(t, utf8.ValidString(out))
		assert.Less(t, strings.IndexFunc(out, func(r rune) bool { return !visible(r) }), 0)
		assert.Equal(t, out, Escape(out))
	})
}
