package porting

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// TestEveryGoExampleOfTheGuideIsCompiled finds each block of Go in the files of the examples, to the letter.
func TestEveryGoExampleOfTheGuideIsCompiled(t *testing.T) {
	paths, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var compiled strings.Builder
	for _, path := range append(paths, "../ported/main.go") {
		compiled.WriteString(read(t, path))
	}
	blocks := regexp.MustCompile("(?s)\n```go\n(.*?)```").FindAllStringSubmatch(read(t, "../../docs/porting.md"), -1)
	require.Greater(t, len(blocks), 10)
	for _, block := range blocks {
		for part := range strings.SplitSeq(block[1], "\n\n") {
			assert.Contains(t, compiled.String(), strings.TrimRight(part, "\n"))
		}
	}
}

// firstCells are the code spans in the first cell of each row of the guide's tables.
func firstCells(guide string) (spans []string) {
	code := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(guide) {
		if cells := strings.SplitN(line, "|", 3); len(cells) == 3 && cells[0] == "" {
			for _, span := range code.FindAllStringSubmatch(cells[1], -1) {
				spans = append(spans, span[1])
			}
		}
	}
	return spans
}

func TestEveryPublicNameOfThePythonLibraryHasARow(t *testing.T) {
	rows := firstCells(read(t, "../../docs/porting.md"))
	names := 0
	for line := range strings.Lines(read(t, "testdata/python-names.txt")) {
		name := strings.TrimSpace(line)
		if name == "" || strings.HasPrefix(name, "#") {
			continue
		}
		names++
		assert.True(t, slices.Contains(rows, name), "%s has no row", name)
	}
	assert.Greater(t, names, 100)
}

// TestTheGuideNamesWhatIsThere looks for every exported name that the guide mentions by its package.
func TestTheGuideNamesWhatIsThere(t *testing.T) {
	exported := map[string]bool{}
	for name, dir := range map[string]string{"sqs": "../../sqs", "sns": "../../sns", "iniesta": "../../iniesta", "config": "../../iniesta/config"} {
		for _, identifier := range exportedNames(t, dir) {
			exported[name+"."+identifier] = true
		}
	}
	mention := regexp.MustCompile(`\b(sqs|sns|iniesta|config)\.([A-Z]\w*)`)
	found := mention.FindAllString(withoutPython(read(t, "../../docs/porting.md")), -1)
	require.Greater(t, len(found), 50)
	for _, name := range found {
		assert.True(t, exported[name], "%s is not there", name)
	}
}

// withoutPython leaves out Python's own examples, and its settings module.
func withoutPython(guide string) string {
	guide = regexp.MustCompile("(?s)\n```python\n.*?```").ReplaceAllString(guide, "")
	return strings.ReplaceAll(guide, "config.INIESTA_CACHES", "")
}

func exportedNames(t *testing.T, dir string) (names []string) {
	paths, err := filepath.Glob(dir + "/*.go")
	require.NoError(t, err)
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names = append(names, d.Name.Name)
				}
			case *ast.GenDecl:
				names = append(names, specNames(d)...)
			}
		}
	}
	return names
}

func specNames(d *ast.GenDecl) (names []string) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			names = append(names, s.Name.Name)
		case *ast.ValueSpec:
			for _, name := range s.Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}
