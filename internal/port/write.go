package port

import (
	"fmt"
	"go/format"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const libraryPath = "github.com/seed08532102/iniesta"

// output is the Go module that is written.
type output struct {
	service *Service
	options Options
	names   *names
	files   []*goFile // of Python modules
	types   map[*class]*structType
	left    []Left // of writing
	written map[string]string

	routeLines []string
	publishes  bool // a route does
}

// goFile is a Go file and its test.
type goFile struct {
	name        string
	module      *module
	code, test  strings.Builder
	uses, tests map[string]bool // imports
}

func (s *Service) write(o Options) (map[string]string, []Left, error) {
	w := &output{service: s, options: o, names: newNames(), types: map[*class]*structType{}, written: map[string]string{}}
	for _, name := range []string{"main.go", "main_test.go"} {
		w.names.taken[name] = true
	}
	w.handlers()
	w.routes()
	w.messages()
	if err := w.mainFiles(); err != nil {
		return nil, nil, err
	}
	for _, f := range w.files {
		if err := w.source(f.name+".go", f.uses, f.code.String()); err != nil {
			return nil, nil, err
		}
		if f.test.Len() == 0 {
			continue
		}
		if err := w.source(f.name+"_test.go", f.tests, f.test.String()); err != nil {
			return nil, nil, err
		}
	}
	w.written["go.mod"] = o.goMod()
	w.environment()
	return w.written, w.left, nil
}

// source formats a Go file.
func (w *output) source(name string, uses map[string]bool, body string) error {
	var std, own []string
	for path := range uses {
		if strings.Contains(path, ".") {
			own = append(own, strconv.Quote(path))
		} else {
			std = append(std, strconv.Quote(path))
		}
	}
	slices.Sort(std)
	slices.Sort(own)
	var text strings.Builder
	if name != "main.go" {
		text.WriteString("package main\n\n")
	}
	imports := "import (\n" + strings.Join(std, "\n") + "\n\n" + strings.Join(own, "\n") + "\n)\n\n"
	if name == "main.go" {
		head, rest, _ := strings.Cut(body, "package main\n")
		text.WriteString(head + "package main\n\n" + imports + rest)
	} else {
		text.WriteString(imports + body)
	}
	formatted, err := format.Source([]byte(text.String()))
	if err != nil {
		return fmt.Errorf("writing %s: the generated code is not valid, which is a fault of this command: %w", name, err)
	}
	w.written[name] = string(formatted)
	return nil
}

// file is the Go file of a Python module.
func (w *output) file(m *module) *goFile {
	for _, f := range w.files {
		if f.module == m {
			return f
		}
	}
	name := m.name
	if name == "" || name == "__main__" {
		name = "service"
	}
	f := &goFile{name: w.names.fileName(name), module: m, uses: map[string]bool{}, tests: map[string]bool{}}
	w.files = append(w.files, f)
	return f
}

func (w *output) leave(at Place, format string, args ...any) {
	w.left = append(w.left, Left{at, fmt.Sprintf(format, args...)})
}

// comment writes lines as a comment, whatever is in them.
func comment(lines ...string) string {
	var out strings.Builder
	for _, line := range lines {
		out.WriteString(strings.TrimRight("// "+printable(line), " ") + "\n")
	}
	return out.String()
}

// pythonLines writes Python as a block of a comment.
func pythonLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("//\n")
	for _, line := range lines {
		out.WriteString(strings.TrimRight("//\t"+printable(line), " \t") + "\n")
	}
	return out.String()
}

// printable shows what Go does not allow in a source, or an editor does not show, as an escape.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return r
		case r == '\n':
			return ' '
		case r == unicode.ReplacementChar, !unicode.IsPrint(r) && r != ' ':
			return '·'
		}
		return r
	}, line)
}

// note is a line for a person.
func note(format string, args ...any) string {
	return comment("", "PORT: "+oneLine(fmt.Sprintf(format, args...)))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// quoted is a Go string. Go's own quotes take whatever a Python text has.
func quoted(s string) string { return strconv.Quote(s) }

func quotedAll(all []string) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = quoted(s)
	}
	return strings.Join(out, ", ")
}
