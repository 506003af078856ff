// Package port reads a Python service that uses iniesta and writes the skeleton of a Go one: what it registers,
// publishes and sets, with the Python body of each handler as a comment. It follows the service's modules without
// running them; what only running shows is named with its file and line, and left to a person.
package port

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options say what to port.
type Options struct {
	Dir     string                        // the Python service
	Out     string                        // for the Go module; has to be empty or missing
	Module  string                        // the Go module's path
	Version string                        // of the library that it requires; empty leaves that to go mod tidy
	Replace string                        // a directory with the library, instead
	Exclude []string                      // patterns of files and directories to leave out
	Python  string                        // the program; python3 where it is empty
	Check   func(map[string]string) error // of settings
}

// Result is what was found, written and left.
type Result struct {
	Service *Service
	Written []string // names in Out
	Left    []Left
}

// Run ports a service. Where it returns an error, nothing was written.
func Run(ctx context.Context, o Options) (*Result, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("porting %s: %w", o.Dir, err)
	}
	if err := mustBeEmpty(o.Out); err != nil {
		return nil, fmt.Errorf("porting %s: %w", o.Dir, err)
	}
	files, err := readSources(ctx, dir, o.Exclude, o.Python)
	if err != nil {
		return nil, fmt.Errorf("porting %s: %w", o.Dir, reason(err))
	}
	if len(files.modules) == 0 {
		return nil, fmt.Errorf("porting %s: there are no Python files in it", o.Dir)
	}
	service := follow(files.modules, filepath.ToSlash(dir))
	service.environment(files)
	written, left, err := service.write(o)
	if err != nil {
		return nil, fmt.Errorf("porting %s: %w", o.Dir, err)
	}
	r := &Result{Service: service, Left: ordered(slices.Concat(files.left, service.Left, left))}
	for name := range written {
		r.Written = append(r.Written, name)
	}
	slices.Sort(r.Written)
	if err := save(o.Out, r.Written, written); err != nil {
		return nil, fmt.Errorf("porting %s: %w", o.Dir, err)
	}
	return r, nil
}

func (o Options) name() string { return printable(filepath.Base(filepath.Clean(o.Dir))) }

func ordered(all []Left) []Left {
	slices.SortStableFunc(all, func(a, b Left) int {
		if c := strings.Compare(a.At.File, b.At.File); c != 0 {
			return c
		}
		return a.At.Line - b.At.Line
	})
	return slices.Compact(all)
}

// mustBeEmpty refuses a directory with anything in it.
func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("--out %s: %w", dir, reason(err))
	case len(entries) > 0:
		return fmt.Errorf("--out %s is not empty: name a directory that is, or is not there yet", dir)
	}
	return nil
}

// save writes the files, and takes back those it wrote where one fails. No file that is there is written over.
func save(dir string, names []string, content map[string]string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	var done []string
	defer func() {
		if err != nil {
			for _, name := range done {
				_ = root.Remove(name) // the first error says more
			}
		}
	}()
	for _, name := range names {
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return err
		}
		done = append(done, name)
		_, err = f.WriteString(content[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
