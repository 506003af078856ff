package port

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed08532102/iniesta/internal/port/python"
)

// Limits of what is read: larger files are data, and more of them are no service.
const (
	maxFile  = 1 << 20
	maxFiles = 5000
)

// sources are the files of a directory.
type sources struct {
	modules  []*module
	envFiles map[string]string // name to content
	others   map[string]string // configuration that is not read, and mentions a setting
	left     []Left            // what was not looked into
}

// readSources reads the directory, and never what lies outside of it. The error joins all files that cannot be read.
func readSources(ctx context.Context, dir string, exclude []string, pythonProgram string) (*sources, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	parser, err := python.NewParser(ctx, pythonProgram)
	if err != nil {
		return nil, err
	}
	defer parser.Close()
	r := &directory{root: root, parser: parser, exclude: exclude, sources: &sources{envFiles: map[string]string{}, others: map[string]string{}}}
	if err := fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error { return r.visit(ctx, name, entry, err) }); err != nil {
		return nil, err
	}
	if len(r.broken) > 0 {
		return nil, fmt.Errorf("%w; mend them, or leave them out with --exclude", errors.Join(r.broken...))
	}
	return r.sources, nil
}

type directory struct {
	root    *os.Root
	parser  *python.Parser
	exclude []string
	broken  []error
	*sources
}

func (r *directory) visit(ctx context.Context, name string, entry fs.DirEntry, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		r.broken = append(r.broken, fmt.Errorf("%s: %w", name, reason(err)))
		return skip(entry)
	case name == ".":
		return nil
	case r.excluded(name):
		r.leave(name, "left out by --exclude")
		return skip(entry)
	case entry.IsDir():
		return r.enter(name)
	case entry.Type()&fs.ModeSymlink != 0:
		return r.link(ctx, name)
	}
	return r.file(ctx, name, entry.Type())
}

func skip(entry fs.DirEntry) error {
	if entry != nil && entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

func (r *directory) leave(name, why string) { r.left = append(r.left, Left{Place{File: name}, why}) }

// excluded matches the whole name, a directory above it, or its last part.
func (r *directory) excluded(name string) bool {
	return slices.ContainsFunc(r.exclude, func(pattern string) bool {
		pattern = strings.TrimSuffix(path.Clean(filepath.ToSlash(pattern)), "/")
		whole, _ := path.Match(pattern, name)
		last, _ := path.Match(pattern, path.Base(name))
		return whole || last
	})
}

// enter leaves out directories that hold no code of the service.
func (r *directory) enter(name string) error {
	base := path.Base(name)
	_, err := r.root.Stat(path.Join(name, "pyvenv.cfg"))
	switch {
	case err == nil, strings.HasPrefix(base, "."), base == "__pycache__", base == "node_modules", base == "site-packages":
		return fs.SkipDir
	case base == "tests" || base == "test":
		r.leave(name, "tests are not ported: the generated ones take their place")
		return fs.SkipDir
	}
	return nil
}

// link reads a link to a file inside the directory, which Python imports as well.
func (r *directory) link(ctx context.Context, name string) error {
	info, err := r.root.Stat(name)
	switch {
	case err != nil && path.Ext(name) == ".py":
		r.broken = append(r.broken, fmt.Errorf("%s: a link that leads to nothing inside the directory", name))
	case err != nil:
		r.leave(name, "a link that leads to nothing inside the directory: not read")
	case info.IsDir():
		r.leave(name, "a link to a directory: not followed")
	default:
		return r.file(ctx, name, info.Mode().Type())
	}
	return nil
}

func (r *directory) file(ctx context.Context, name string, kind fs.FileMode) error {
	base := path.Base(name)
	switch {
	case path.Ext(base) == ".py" && isTest(base):
		r.leave(name, "a test, not ported: the generated ones take their place")
	case path.Ext(base) == ".py":
		return r.module(ctx, name, kind)
	case kind.IsRegular() && isEnvFile(base):
		return r.text(name, r.envFiles)
	case kind.IsRegular() && isConfiguration(base):
		return r.text(name, r.others)
	}
	return nil
}

func isTest(base string) bool {
	return base == "conftest.py" || strings.HasPrefix(base, "test_") || strings.HasSuffix(base, "_test.py")
}

func isEnvFile(base string) bool {
	return base == ".env" || strings.HasPrefix(base, ".env.") || path.Ext(base) == ".env"
}

func isConfiguration(base string) bool {
	switch path.Ext(base) {
	case ".yml", ".yaml", ".toml", ".ini", ".cfg", ".json", ".sh", ".conf", ".tf":
		return true
	}
	return strings.HasPrefix(base, "Dockerfile") || base == "Procfile" || base == "Makefile"
}

func (r *directory) module(ctx context.Context, name string, kind fs.FileMode) error {
	if len(r.modules) == maxFiles {
		return fmt.Errorf("more than %d Python files: port one service at a time, or leave directories out with --exclude", maxFiles)
	}
	source, err := r.read(name, kind)
	if err != nil {
		r.broken = append(r.broken, fmt.Errorf("%s: %w", name, err))
		return nil
	}
	file, err := r.parser.Parse(ctx, source)
	var syntax *python.SyntaxError
	switch {
	case errors.As(err, &syntax):
		r.broken = append(r.broken, fmt.Errorf("%s: %w", at(name, syntax), err))
	case err != nil:
		return err
	default:
		r.modules = append(r.modules, newModule(name, file))
	}
	return nil
}

func at(name string, e *python.SyntaxError) string {
	switch {
	case e.Line == 0:
		return name
	case e.Column == 0:
		return fmt.Sprintf("%s:%d", name, e.Line)
	}
	return fmt.Sprintf("%s:%d:%d", name, e.Line, e.Column)
}

func (r *directory) read(name string, kind fs.FileMode) ([]byte, error) {
	if !kind.IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := r.root.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, reason(err)
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("larger than %d MiB, which no module of a service is", maxFile>>20)
	}
	return content, nil
}

// text keeps what is small enough; the rest is not configuration.
func (r *directory) text(name string, into map[string]string) error {
	content, err := r.read(name, 0)
	if err == nil {
		into[name] = string(content)
	}
	return nil
}

// reason takes the path away, which the caller names.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
