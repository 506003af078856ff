package port

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const goodHandler = "from iniesta.sqs import SQSClient\n@SQSClient.handler('A.b')\ndef f(message): ...\n"

func TestWhatCannotBeReadIsNamedAndNothingIsWritten(t *testing.T) {
	needPython(t)
	for name, test := range map[string]struct {
		content string
		want    string
	}{
		"a syntax error":                {"def f(:\n", "bad.py:1:7: invalid syntax"},
		"Python 2":                      {"print 'x'\n", "bad.py:1:1: Missing parentheses"},
		"tabs and spaces":               {"if 1:\n\tx\n        y\n", "bad.py:3"},
		"a null byte":                   {"x = 1\x00\n", "null bytes"},
		"bytes that are no UTF-8":       {"x = '\xff\xfe'\n", "bad.py"},
		"an encoding that is not there": {"# -*- coding: klingon -*-\n", "unknown encoding: klingon"},
		"ten megabytes":                 {strings.Repeat("x = 1\n", 2_000_000), "bad.py: larger than 1 MiB"},
		"deep parentheses":              {strings.Repeat("(", 5000) + strings.Repeat(")", 5000), "bad.py:1"},
		"deep operators":                {strings.Repeat("-", 200_000) + "1", "bad.py: nested too deeply"},
		"a long sum":                    {"x = " + strings.Repeat("1+", 30_000) + "1", "bad.py: nested too deeply"},
		"deep blocks":                   {deepBlocks(150), "bad.py"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
			put(t, filepath.Join(dir, "bad.py"), []byte(test.content))
			put(t, filepath.Join(dir, "good.py"), []byte(goodHandler))
			_, err := Run(t.Context(), Options{Dir: dir, Out: out, Module: "example.com/x"})
			require.ErrorContains(t, err, test.want)
			assert.ErrorContains(t, err, "--exclude")
			assert.Less(t, len(err.Error()), 1000)
			assert.NoDirExists(t, out)

			result, err := Run(t.Context(), Options{Dir: dir, Out: out, Module: "example.com/x", Exclude: []string{"bad.py"}})
			require.NoError(t, err)
			assert.Len(t, result.Service.Handlers, 1)
			assert.Contains(t, result.Left, Left{Place{File: "bad.py"}, "left out by --exclude"})
		})
	}
}

func deepBlocks(n int) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(strings.Repeat(" ", i) + "if x:\n")
	}
	return out.String() + strings.Repeat(" ", n) + "pass\n"
}

func TestUnusualFilesAreReadAsPythonReadsThem(t *testing.T) {
	needPython(t)
	for name, content := range map[string]string{
		"byte order mark":    "\ufeff" + goodHandler,
		"coding declaration": "# -*- coding: latin-1 -*-\n# caf\xe9\n" + goodHandler,
		"carriage returns":   strings.ReplaceAll(goodHandler, "\n", "\r\n"),
		"old Macintosh":      strings.ReplaceAll(goodHandler, "\n", "\r"),
		"no line end":        strings.TrimSuffix(goodHandler, "\n"),
		"tabs":               strings.ReplaceAll(goodHandler, ": ...", ":\n\tif message:\n\t\treturn 1\n\t\x0c\n"),
		"control characters": goodHandler + "    # \x01\x1b[31m \u202e \u2028 */ \n",
	} {
		t.Run(name, func(t *testing.T) {
			dir, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
			put(t, filepath.Join(dir, "h.py"), []byte(content))
			result, err := Run(t.Context(), Options{Dir: dir, Out: out, Module: "example.com/x"})
			require.NoError(t, err)
			require.Len(t, result.Service.Handlers, 1)
			assert.Equal(t, "A.b", result.Service.Handlers[0].Binds[0].Event)
			written, err := os.ReadFile(filepath.Join(out, "h.go"))
			require.NoError(t, err)
			assert.Contains(t, string(written), `sqs.Handler(f, "A.b")`)
			assert.NotContains(t, string(written), "\x1b")
			assert.NotContains(t, string(written), "\u202e")
		})
	}
}

func TestWhatLiesOutsideOfTheDirectoryIsNotRead(t *testing.T) {
	needPython(t)
	outside, dir := t.TempDir(), t.TempDir()
	put(t, filepath.Join(outside, "secret.py"), []byte(goodHandler))
	put(t, filepath.Join(dir, "own.py"), []byte("x = 1\n"))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "directory")))
	require.NoError(t, os.Symlink(".", filepath.Join(dir, "loop")))
	out := filepath.Join(t.TempDir(), "out")
	result, err := Run(t.Context(), Options{Dir: dir, Out: out, Module: "example.com/x"})
	require.NoError(t, err)
	assert.Empty(t, result.Service.Handlers)
	assert.Contains(t, result.Left, Left{Place{File: "directory"}, "a link that leads to nothing inside the directory: not read"})

	require.NoError(t, os.Symlink(filepath.Join(outside, "secret.py"), filepath.Join(dir, "link.py")))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "other.env")))
	_, err = Run(t.Context(), Options{Dir: dir, Out: filepath.Join(t.TempDir(), "out"), Module: "example.com/x"})
	require.ErrorContains(t, err, "link.py: a link that leads to nothing inside the directory")
}

func TestOnlyAnEmptyDirectoryIsWrittenTo(t *testing.T) {
	needPython(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "h.py"), []byte(goodHandler))
	full := t.TempDir()
	put(t, filepath.Join(full, "mine"), nil)
	_, err := Run(t.Context(), Options{Dir: dir, Out: full, Module: "example.com/x"})
	require.ErrorContains(t, err, "is not empty")
	_, err = Run(t.Context(), Options{Dir: dir, Out: filepath.Join(full, "mine"), Module: "example.com/x"})
	require.ErrorContains(t, err, "not a directory")
	_, err = Run(t.Context(), Options{Dir: dir, Out: t.TempDir(), Module: "example.com/x"})
	require.NoError(t, err)
	_, err = Run(t.Context(), Options{Dir: filepath.Join(dir, "nowhere"), Out: full + "2", Module: "example.com/x"})
	require.ErrorContains(t, err, "no such file")
	_, err = Run(t.Context(), Options{Dir: t.TempDir(), Out: full + "2", Module: "example.com/x"})
	require.ErrorContains(t, err, "no Python files")
	_, err = Run(t.Context(), Options{Dir: filepath.Join(dir, "h.py"), Out: full + "2", Module: "example.com/x"})
	require.ErrorContains(t, err, "not a directory")
	_, err = Run(t.Context(), Options{Dir: dir, Out: full + "2", Module: "example.com/x", Python: "no-such-python"})
	require.ErrorContains(t, err, "no-such-python")
	assert.NoDirExists(t, full+"2")
}

// Nothing of a service runs: not its modules, and not one of the names of Python's own.
func TestNothingOfTheServiceIsRun(t *testing.T) {
	needPython(t)
	dir := t.TempDir()
	mark := filepath.Join(dir, "ran")
	evil := []byte("open(" + quoted(mark) + ", 'w').close()\n")
	for _, name := range []string{"ast.py", "json.py", "tokenize.py", "sitecustomize.py", "app.py", "__init__.py"} {
		put(t, filepath.Join(dir, name), evil)
	}
	t.Chdir(dir)
	t.Setenv("PYTHONPATH", dir)
	t.Setenv("PYTHONSTARTUP", filepath.Join(dir, "app.py"))
	_, err := Run(t.Context(), Options{Dir: dir, Out: filepath.Join(t.TempDir(), "out"), Module: "example.com/x"})
	require.NoError(t, err)
	assert.NoFileExists(t, mark)
}

func TestProgramsThatWouldNotEndAreFollowedToABound(t *testing.T) {
	needPython(t)
	dir := t.TempDir()
	put(t, filepath.Join(dir, "h.py"), []byte(goodHandler+`
def forever(n):
    return forever(n + 1) or forever(n)
forever(0)
x = [a for a in range(2000) for b in range(2000) for c in range(2000)]
while True:
    x = x + x
class A: pass
class A(A):
    def __getattr__(self, name): return self.other
A().x
text = "x"
for a in "abcdefghijklmnopqrstuvwxyz":
    text = text + text
import h
def either(x):
    if x:
        return 1
    return 2
@SQSClient.handler("Z.b")
def z(message): ...
`))
	var report bytes.Buffer
	result, err := Run(t.Context(), Options{Dir: dir, Out: filepath.Join(t.TempDir(), "out"), Module: "example.com/x"})
	require.NoError(t, err)
	result.Print(&report, "out")
	assert.Contains(t, report.String(), "A.b")
	assert.Contains(t, report.String(), "Z.b")
	assert.Contains(t, report.String(), "h.py:8: it takes too long to be followed")
	assert.NotContains(t, report.String(), "fault of this command")
}
