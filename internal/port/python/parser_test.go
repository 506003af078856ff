package python

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func parser(t *testing.T) *Parser {
	p, err := NewParser(t.Context(), "")
	if err != nil && os.Getenv("INIESTA_REQUIRE_SERVERS") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func TestTheSyntaxOfPythonIsReadAndPlacesAreKept(t *testing.T) {
	p := parser(t)
	for name, source := range map[string]string{
		"FunctionDef":      "@a.b(1)\ndef f(x: int, /, y=1, *z, k: str = 'a', **more) -> None: ...",
		"AsyncFunctionDef": "async def f():\n    async for a in b: await a\n    async with a as b: yield",
		"NamedExpr":        "if (n := 1) > 0: pass",
		"JoinedStr":        "f'{a!r:>{b}} {c}'",
		"ClassDef":         "class A(B, metaclass=M): x: int = 1",
		"Lambda":           "lambda *a, k=1: a",
		"DictComp":         "{a: b for a, b in c if a}",
	} {
		f, err := p.Parse(t.Context(), []byte(source))
		require.NoError(t, err, name)
		assert.Equal(t, source, f.Text)
		found := 0
		f.Tree.Walk(func(n *Node) bool {
			if n.Is(name) {
				found++
				assert.Positive(t, n.Line)
				assert.GreaterOrEqual(t, n.EndLine, n.Line)
			}
			return true
		})
		assert.Positive(t, found, name)
	}
}

func TestFieldsOfNodes(t *testing.T) {
	f, err := parser(t).Parse(t.Context(), []byte("from ..a import b as c, d\nx = {**y, 'k': 1_000}\nglobal g, h\n"))
	require.NoError(t, err)
	body := f.Tree.Nodes("body")
	assert.Equal(t, 2, body[0].Int("level"))
	assert.Equal(t, "a", body[0].Text("module"))
	assert.Equal(t, "c", body[0].Nodes("names")[0].Text("asname"))
	keys := body[1].Node("value").Nodes("keys")
	assert.Nil(t, keys[0])
	assert.Equal(t, "k", keys[1].Text("text"))
	assert.Equal(t, "1000", body[1].Node("value").Nodes("values")[1].Text("text"))
	assert.Equal(t, []string{"g", "h"}, body[2].Texts("names"))
	var none *Node
	assert.Empty(t, none.Node("a").Nodes("b"))
	assert.Empty(t, none.Text("a")+none.Node("b").Text("c"))
	assert.Zero(t, none.Int("a"))
}

func TestAFileIsReadAfterOneThatPythonRefusesOrDiesOf(t *testing.T) {
	p := parser(t)
	var refused *SyntaxError
	_, err := p.Parse(t.Context(), []byte("def f(:"))
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, 1, refused.Line)
	_, err = p.Parse(t.Context(), []byte("x = 1"))
	require.NoError(t, err)
	require.NoError(t, p.process.Process.Kill())
	_, err = p.Parse(t.Context(), []byte("x = 2"))
	require.ErrorAs(t, err, &refused)
	f, err := p.Parse(t.Context(), []byte("x = 3"))
	require.NoError(t, err)
	assert.Equal(t, "x = 3", f.Text)
}

func TestAContextEndsTheProcess(t *testing.T) {
	p := parser(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := p.Parse(ctx, []byte("x = 1"))
	require.NoError(t, err)
	cancel()
	_ = p.process.Wait() // the context kills it
	_, err = p.Parse(ctx, []byte("x = 2"))
	assert.True(t, errors.Is(err, context.Canceled), err)
}

func TestWhatIsNoPythonIsRefused(t *testing.T) {
	_, err := NewParser(t.Context(), "no-such-python")
	require.ErrorContains(t, err, "no-such-python")
	_, err = NewParser(t.Context(), "false")
	require.ErrorContains(t, err, "asking")
	_, err = NewParser(t.Context(), "echo")
	require.ErrorContains(t, err, "older than Python 3.8")
}
