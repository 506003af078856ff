package port

import (
	"fmt"
	"path"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// Place is a line of a file of the service.
type Place struct {
	File string
	Line int // 0 is the whole file
}

// String is file:line.
func (p Place) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// module is a Python module.
type module struct {
	file      string // in the directory, with slashes
	name      string // dotted, of the directory
	tree      *python.Node
	lines     []string
	scope     *scope
	state     int // of its evaluation: one of the constants below
	isPackage bool
	imported  bool // by another one
}

const (
	notRun = iota
	running
	run
)

func newModule(file string, f *python.File) *module {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(f.Text, "\ufeff"))
	name, isPackage := strings.CutSuffix(strings.TrimSuffix(file, ".py"), "/__init__")
	if name == "__init__" {
		name, isPackage = "", true
	}
	return &module{
		file: file, name: strings.ReplaceAll(name, "/", "."), isPackage: isPackage,
		tree: f.Tree, lines: strings.Split(text, "\n"),
	}
}

func (m *module) at(n *python.Node) Place { return Place{m.file, n.Line} }

// source is the text of a node on one line, shortened.
func (m *module) source(n *python.Node) string {
	text := strings.Join(strings.Fields(m.text(n)), " ")
	if runes := []rune(text); len(runes) > 120 {
		text = string(runes[:117]) + "..."
	}
	return text
}

// text is the text of a node as it is in the file.
func (m *module) text(n *python.Node) string {
	if n == nil || n.Line < 1 || n.EndLine > len(m.lines) {
		return ""
	}
	lines := append([]string(nil), m.lines[n.Line-1:n.EndLine]...)
	last := len(lines) - 1
	lines[last] = lines[last][:min(n.EndColumn, len(lines[last]))]
	lines[0] = lines[0][min(n.Column, len(lines[0])):]
	return strings.Join(lines, "\n")
}

// block is the text of a definition with its decorators, moved to the left.
func (m *module) block(n *python.Node) []string {
	first := n.Line
	for _, decorator := range n.Nodes("decorator_list") {
		first = min(first, decorator.Line)
	}
	if first < 1 || n.EndLine > len(m.lines) {
		return nil
	}
	lines := append([]string(nil), m.lines[first-1:n.EndLine]...)
	indent := lines[0][:len(lines[0])-len(strings.TrimLeft(lines[0], " \t\f"))]
	if n.Is("Lambda") { // it begins in the middle of a line
		return strings.Split(m.text(n), "\n")
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(strings.TrimPrefix(line, indent), " \t\f")
	}
	return lines
}

// packageName is the package that relative imports start from.
func (m *module) packageName() string {
	if m.isPackage {
		return m.name
	}
	if i := strings.LastIndexByte(m.name, '.'); i >= 0 {
		return m.name[:i]
	}
	return ""
}

// modules finds modules by the names that imports use.
type modules struct {
	byName map[string]*module
	roots  []string // prefixes of names that are directories and no packages
}

func newModules(all []*module, dir string) *modules {
	m := &modules{byName: map[string]*module{}}
	packages := map[string]bool{}
	for _, mod := range all {
		m.byName[mod.name] = mod
		if mod.isPackage {
			packages[path.Dir(mod.file)] = true
		}
	}
	if base := path.Base(dir); packages["."] || !packages[base] {
		for _, mod := range all { // the directory itself may be the package
			name := strings.TrimSuffix(base+"."+mod.name, ".")
			if m.byName[name] == nil {
				m.byName[name] = mod
			}
		}
	}
	seen := map[string]bool{}
	for _, mod := range all {
		for d := path.Dir(mod.file); d != "." && !seen[d]; d = path.Dir(d) {
			seen[d] = true
			if !packages[d] && (path.Base(d) == "src" || holdsPackage(d, packages)) {
				m.roots = append(m.roots, strings.ReplaceAll(d, "/", ".")+".")
			}
		}
	}
	return m
}

func holdsPackage(dir string, packages map[string]bool) bool {
	for p := range packages {
		if path.Dir(p) == dir {
			return true
		}
	}
	return false
}

// find returns the module of a dotted name, nil where the directory has none.
func (m *modules) find(name string) *module {
	if found := m.byName[name]; found != nil {
		return found
	}
	for _, root := range m.roots {
		if found := m.byName[root+name]; found != nil {
			return found
		}
	}
	return nil
}

// holds reports whether modules of the directory have names below name.
func (m *modules) holds(name string) bool {
	for known := range m.byName {
		if strings.HasPrefix(known, name+".") {
			return true
		}
		for _, root := range m.roots {
			if strings.HasPrefix(known, root+name+".") {
				return true
			}
		}
	}
	return false
}
