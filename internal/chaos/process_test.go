package chaos

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// The test binary is also the programs that the tests run: this variable says which.
const (
	roleVariable   = "INIESTA_CHAOS_ROLE"
	ledgerVariable = "INIESTA_CHAOS_LEDGER"
)

const (
	event       = "Chaos.event"
	handlerTime = 50 * time.Millisecond
	concurrency = 20 // of each consumer
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "consumer":
		err = consume()
	case "aws":
		err = serve()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// consume is a service with the package-level defaults, which ends with the test at the latest.
func consume() error {
	go endWithParent()
	file, err := os.OpenFile(os.Getenv(ledgerVariable), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	note := func(what, body string) { // a short write to a file in append mode is whole
		fmt.Fprintf(file, "%d %d %s %s\n", time.Now().UnixNano(), os.Getpid(), what, body)
	}
	every, err := time.ParseDuration(os.Getenv(mixedVariable))
	soaking := err == nil
	if soaking {
		go report(every)
	}
	err = sqs.AddHandler(func(ctx context.Context, m *sqs.Message) (err error) {
		note(began, m.RawBody)
		if soaking {
			what := failed // also for a panic
			defer func() { note(what, m.RawBody) }()
			if err = mixed(ctx); err == nil {
				what = succeeded
			}
			return err
		}
		select {
		case <-time.After(handlerTime):
			note(succeeded, m.RawBody)
			return nil
		case <-ctx.Done():
			note(failed, m.RawBody)
			return context.Cause(ctx)
		}
	}, event)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	note(began, ready)
	return sqs.Run(ctx)
}

// serve is an SQS.
func serve() error {
	server := localaws.New()
	defer server.Close()
	url, err := server.Start()
	if err != nil {
		return err
	}
	fmt.Println(url)
	endWithParent()
	return nil
}

// endWithParent ends the process when the test has ended, however it did.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// process is one that a test runs.
type process struct {
	t       *testing.T
	command *exec.Cmd
	stdin   io.Closer
	out     *bufio.Reader
	ended   chan struct{}
}

func startProcess(t *testing.T, role string, environment ...string) *process {
	t.Helper()
	p := &process{t: t, command: exec.Command(os.Args[0]), ended: make(chan struct{})}
	p.command.Env = append(append(os.Environ(), environment...), roleVariable+"="+role)
	log, err := os.Create(filepath.Join(t.TempDir(), role+".log"))
	require.NoError(t, err)
	p.command.Stderr = log
	out, err := p.command.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	p.stdin, err = p.command.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, p.command.Start())
	go func() {
		defer close(p.ended)
		_ = p.command.Wait() // a kill is no error here
	}()
	t.Cleanup(func() {
		p.kill()
		log.Close()
		if t.Failed() {
			p.show(log.Name())
		}
	})
	return p
}

// show prints the end of what a process logged.
func (p *process) show(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		p.t.Log(err)
		return
	}
	lines := strings.SplitAfter(string(text), "\n")
	p.t.Logf("the end of %s of %d:\n%s", filepath.Base(path), p.command.Process.Pid, strings.Join(lines[max(0, len(lines)-15):], ""))
}

// line reads a line of the output.
func (p *process) line() string {
	text, err := p.out.ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSpace(text)
}

func (p *process) pid() int { return p.command.Process.Pid }

func (p *process) signal(s syscall.Signal) { require.NoError(p.t, p.command.Process.Signal(s)) }

// kill is kill -9.
func (p *process) kill() {
	_ = p.command.Process.Kill() // fails where it has ended
	<-p.ended
}

// terminate is what a platform does to a container, and waits for the end.
func (p *process) terminate() {
	p.signal(syscall.SIGTERM)
	<-p.ended
}
