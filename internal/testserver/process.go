package testserver

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"
)

// process is a server in a process of its own.
type process struct {
	t       testing.TB
	command func() *exec.Cmd
	address string
	running *exec.Cmd
}

// start runs the command and waits until its port answers.
func (p *process) start() {
	p.t.Helper()
	p.running = p.command()
	if err := p.running.Start(); err != nil {
		p.t.Fatalf("starting %s: %v", p.running.Path, err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", p.address, time.Second)
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s did not answer on %s: %v", p.running.Path, p.address, err)
		}
		<-time.After(10 * time.Millisecond) // a process that starts can only be asked again
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.running.Process.Signal(s); err != nil {
		p.t.Fatalf("sending %s to %s: %v", s, p.running.Path, err)
	}
}

// kill ends the process, if it runs, and waits for it.
func (p *process) kill() {
	if p.running == nil {
		return
	}
	_ = p.running.Process.Kill() // fails only where it has ended
	_ = p.running.Wait()         // reports the kill
	p.running = nil
}
