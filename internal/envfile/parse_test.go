package envfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestValuesAreTakenLiterally(t *testing.T) {
	for text, want := range map[string]string{
		"A=b":                      "b",
		"A = b ":                   "b",
		"  export A=b":             "b",
		"export\tA=b":              "b",
		"A=":                       "",
		"A=b=c":                    "b=c",
		"A=b c":                    "b c",
		"A=b # comment":            "b",
		"A=b#c":                    "b#c",
		"A=# comment":              "",
		"A=$27 ${B} $(id) `id` \\": "$27 ${B} $(id) `id` \\",
		`A=b"c"`:                   `b"c"`,
		"A='b # $C \\n'":           `b # $C \n`,
		"A='b' # comment":          "b",
		"A='b\nc'":                 "b\nc",
		`A="b \"c\" \\ \n \x $D"`:  "b \"c\" \\ \n \\x $D",
		`A="\$D"`:                  "$D",
		"A=\"b\r\nc\"\r\n":         "b\nc",
		"\ufeffA=b":                "b",
		"A=b\r\n":                  "b",
		"A=x\nA=b":                 "b",
		"# A=x\n\n \t\nA=b\n":      "b",
		"A=é漢":                     "é漢",
		"A=[\"b\",\"c\"]":          `["b","c"]`,
	} {
		values, err := Parse([]byte(text))
		require.NoError(t, err, "%q", text)
		assert.Equal(t, map[string]string{"A": want}, values, "%q", text)
	}
	values, err := Parse([]byte("A='1\n2'\nB=3"))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"A": "1\n2", "B": "3"}, values)
}

func TestErrorsNameTheLineAndShowNothingOfIt(t *testing.T) {
	const secret = "TOPSECRET"
	for text, want := range map[string]string{
		"A=1\n" + secret:              "line 2: it is not NAME=value",
		"\n\n" + secret + "\nA=1":     "line 3: it is not NAME=value",
		"A='1\n2'\n" + secret:         "line 3: it is not NAME=value",
		"A=\"" + secret:               "line 1: its quote is not closed",
		"A=1\nB='" + secret + "\nC=2": "line 2: its quote is not closed",
		"A='1'" + secret:              "line 1: something follows its closing quote",
		"A='1'#" + secret:             "line 1: something follows its closing quote",
		"A-" + secret + "=1":          "line 1: before the = there is no name",
		"1" + secret + "=1":           "line 1: before the = there is no name",
		"=" + secret:                  "line 1: before the = there is no name",
		"set A " + secret + "=1":      "line 1: before the = there is no name",
		"A=\xff" + secret:             "it is no text in UTF-8",
		"A=\x00" + secret:             "it is no text in UTF-8",
		"\xff\xfeA\x00=\x00" + secret: "it is no text in UTF-8",
		"\ufeff\ufeffA=" + secret:     "line 1: before the = there is no name",
		"A=1\n\x1b[31mB=" + secret:    "line 2: before the = there is no name",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want, "%q", text)
		assert.NotContains(t, err.Error(), secret, "%q", text)
	}
}

func TestReadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "service.env")
	_, err := Read(path)
	assert.ErrorIs(t, err, os.ErrNotExist)
	assert.Equal(t, 1, strings.Count(err.Error(), path))
	require.NoError(t, os.WriteFile(path, []byte("A=1\nB"), 0o600))
	_, err = Read(path)
	assert.EqualError(t, err, "reading --env-file "+path+": line 2: it is not NAME=value")
	require.NoError(t, os.WriteFile(path, []byte("A=1\n"), 0o600))
	values, err := Read(path)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"A": "1"}, values)
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("export A='b' # c\r\nB=\"\\n\nc\"\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := Parse(text)
		if err != nil {
			return
		}
		for name := range values {
			assert.True(t, isName(name))
		}
	})
}
