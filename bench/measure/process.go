package measure

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"time"
)

// process is a child that is killed by its own process id.
type process struct {
	command *exec.Cmd
	output  *bufio.Reader
}

func start(name string, arguments ...string) (*process, error) {
	command := exec.Command(name, arguments...)
	command.Stderr = os.Stderr
	pipe, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", name, err)
	}
	return &process{command, bufio.NewReader(pipe)}, nil
}

// startSelf starts this program with a subcommand.
func startSelf(arguments ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("looking for this program: %w", err)
	}
	return start(self, arguments...)
}

func (p *process) stop() {
	_ = p.command.Process.Kill() // has ended already
	_, _ = io.Copy(io.Discard, p.output)
	_ = p.command.Wait() // was killed
}

// freePort is a port of 127.0.0.1 that nothing listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// answers waits until something listens on address.
func answers(address string) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waiting for %s: %w", address, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
