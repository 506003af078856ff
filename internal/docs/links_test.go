package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// documents are the project's Markdown files.
func documents(t *testing.T) []string {
	var found []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		found = append(found, files...)
	}
	require.Greater(t, len(found), 8)
	return found
}

func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

var (
	link    = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]*))?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// anchors are the fragments of a document's headings, as GitHub makes them.
func anchors(text string) map[string]bool {
	found := make(map[string]bool)
	for _, h := range heading.FindAllStringSubmatch(text, -1) {
		found[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")] = true
	}
	return found
}

func TestEveryLinkLeadsToAFileAndAHeading(t *testing.T) {
	for _, document := range documents(t) {
		for _, l := range link.FindAllStringSubmatch(read(t, document), -1) {
			target, fragment := l[1], l[2]
			if strings.Contains(target, "://") {
				continue
			}
			path := document
			if target != "" {
				path = filepath.Join(filepath.Dir(document), target)
			}
			if _, err := os.Stat(path); !assert.NoError(t, err, "%s links to %s", document, target) {
				continue
			}
			if fragment != "" {
				assert.True(t, anchors(read(t, path))[fragment], "%s links to %s#%s", document, target, fragment)
			}
		}
	}
}

// named is a path of this project in a document.
var named = regexp.MustCompile("`((?:sqs|sns|iniesta|internal|docs|bench|cmd|examples)/[A-Za-z0-9_./-]+)`")

func TestEveryPathThatADocumentNamesExists(t *testing.T) {
	count := 0
	for _, document := range documents(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, document), -1) {
			count++
			_, err := os.Stat(filepath.Join(root, m[1]))
			assert.NoError(t, err, "%s names %s", document, m[1])
		}
	}
	assert.Greater(t, count, 40)
}

var enginesFile = regexp.MustCompile("`([a-z_]+\\.go)`")

// A file that the page on the architecture does not explain, or that is left out of the reading order, is found late.
func TestTheArchitectureHasEveryFileOfTheEngine(t *testing.T) {
	page, order := read(t, filepath.Join(root, "docs/architecture.md")), read(t, filepath.Join(root, "CONTRIBUTING.md"))
	for _, m := range enginesFile.FindAllStringSubmatch(page, -1) {
		_, err := os.Stat(filepath.Join(root, "internal/consumer", m[1]))
		assert.NoError(t, err, "the page names %s", m[1])
	}
	files, err := filepath.Glob(filepath.Join(root, "internal/consumer/*.go"))
	require.NoError(t, err)
	aside := map[string]bool{"bench.go": true, "errors.go": true, "counters.go": true, "extend_heap.go": true}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		assert.True(t, strings.Contains(page, name), "docs/architecture.md does not have %s", name)
		assert.True(t, aside[name] || strings.Contains(order, name), "CONTRIBUTING.md does not have %s", name)
	}
}
