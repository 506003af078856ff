// Package python reads Python source: its syntax tree as the module ast of the user's own Python makes it, so that
// what their Python understands is understood here. Nothing of the source is imported or run.
package python

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

//go:embed trees.py
var script string

// patience is what the tree of one file may take.
const patience = 30 * time.Second

// maxAnswer is what the tree of one file may be large, in bytes.
const maxAnswer = 512 << 20

// File is a Python file that was read.
type File struct {
	Text string // decoded, as the file's byte order mark or coding declaration says
	Tree *Node  // a Module
}

// SyntaxError is what Python finds wrong with a file.
type SyntaxError struct {
	Line, Column int // from 1; 0 where Python does not say
	Reason       string
}

// Error is Python's reason.
func (e *SyntaxError) Error() string { return e.Reason }

// Parser is a Python process that reads one file after the other. It is not safe for use by several goroutines.
type Parser struct {
	program string
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

// NewParser finds the Python program, "python3" or "python" where program is empty, and checks that it is 3.8 or later.
func NewParser(ctx context.Context, program string) (*Parser, error) {
	found, err := find(program)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	version, err := command(ctx, found, "-c", "import sys; print(sys.version_info[0] * 1000 + sys.version_info[1])").Output()
	if err != nil {
		return nil, fmt.Errorf("asking %s for its version: %w", found, err)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(string(version))); err != nil || n < 3008 {
		return nil, fmt.Errorf("%s is older than Python 3.8: name another with --python", found)
	}
	return &Parser{program: found}, nil
}

func find(program string) (string, error) {
	if program != "" {
		return exec.LookPath(program)
	}
	for _, name := range []string{"python3", "python"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("python3 is not in the path: install Python 3.8 or later, which reads the service, or name it with --python")
}

// command is Python without the user's site packages, environment variables and working directory.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, program, append([]string{"-I", "-S"}, args...)...)
	c.Dir = os.TempDir()
	return c
}

// Parse reads one file. The error is a *SyntaxError where Python does not understand it.
func (p *Parser) Parse(ctx context.Context, source []byte) (*File, error) {
	if err := p.start(ctx); err != nil {
		return nil, err
	}
	late := time.AfterFunc(patience, func() { _ = p.process.Process.Kill() })
	answer, err := p.ask(source)
	if !late.Stop() && err != nil {
		err = fmt.Errorf("takes Python longer than %s", patience)
	}
	if err != nil {
		_ = p.Close() // the next file gets a new process
		return nil, refusal(ctx, err)
	}
	return read(answer)
}

// refusal is of the file, unless ctx ended.
func refusal(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &SyntaxError{Reason: "Python gave up on it: " + err.Error()}
}

func (p *Parser) start(ctx context.Context) error {
	if p.process != nil {
		return nil
	}
	c := command(ctx, p.program, "-c", script)
	in, err := c.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.program, err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.program, err)
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.program, err)
	}
	p.process, p.in, p.out = c, in, bufio.NewReader(out)
	return nil
}

func (p *Parser) ask(source []byte) ([]byte, error) {
	if _, err := fmt.Fprintf(p.in, "%d\n", len(source)); err != nil {
		return nil, err
	}
	if _, err := p.in.Write(source); err != nil {
		return nil, err
	}
	line, err := p.out.ReadString('\n')
	if err != nil {
		return nil, err
	}
	size, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || size < 0 || size > maxAnswer {
		return nil, fmt.Errorf("its tree is larger than %d MiB", maxAnswer>>20)
	}
	answer := make([]byte, size)
	_, err = io.ReadFull(p.out, answer)
	return answer, err
}

func read(answer []byte) (*File, error) {
	var a struct {
		Tree, Text   json.RawMessage
		Error        string
		Line, Column int
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return nil, &SyntaxError{Reason: "its tree cannot be read: " + err.Error()}
	}
	if a.Error != "" {
		return nil, &SyntaxError{a.Line, a.Column, a.Error}
	}
	f := &File{Tree: &Node{}}
	if err := errors.Join(json.Unmarshal(a.Tree, f.Tree), json.Unmarshal(a.Text, &f.Text)); err != nil {
		return nil, &SyntaxError{Reason: "its tree cannot be read: " + err.Error()}
	}
	return f, nil
}

// Close ends the process. The parser can be used on.
func (p *Parser) Close() error {
	if p.process == nil {
		return nil
	}
	process := p.process
	p.process = nil
	_ = p.in.Close()
	_ = process.Process.Kill()
	_ = process.Wait() // it was killed
	return nil
}
