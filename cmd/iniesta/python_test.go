package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/filter"
)

func TestTextIsWrittenAsPythonWritesIt(t *testing.T) {
	for _, tt := range []struct{ text, dumps, ujson string }{
		{"plain", `"plain"`, `"plain"`},
		{"a/b", `"a/b"`, `"a\/b"`},
		{"é☕😀", `"\u00e9\u2615\ud83d\ude00"`, `"\u00e9\u2615\ud83d\ude00"`},
		{"<&>", `"<&>"`, `"<&>"`},
		{`q"\`, `"q\"\\"`, `"q\"\\"`},
		{"\x00\b\t\n\f\r", `"\u0000\b\t\n\f\r"`, `"\u0000\b\t\n\f\r"`},
		{"\x7f\u2028", `"\u007f\u2028"`, "\"\x7f" + `\u2028"`},
		{`\u007f`, `"\\u007f"`, `"\\u007f"`},
	} {
		assert.Equal(t, tt.dumps, asciiText(tt.text))
		assert.Equal(t, tt.ujson, ujsonText(tt.text))
	}
}

func TestFiltersArePrintedAsPythonPrintsThem(t *testing.T) {
	for want, filters := range map[string][]string{
		`{}`: nil,
		`{"iniesta_pass": ["\u00e9.x", {"prefix": "<&>."}, "a/b.c", "a/b.c"]}`: {"é.x", "<&>.*", "a/b.c", "a/b.c"},
	} {
		policy, err := filter.Parse("iniesta_pass", filters)
		assert.NoError(t, err)
		assert.Equal(t, want, spaced(asciiText(policy)))
	}
}
