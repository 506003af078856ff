// Iniesta is the command line of the library: it shows what a service is, publishes and sends for tests,
// finds out what is wrong with a set-up and makes it, runs AWS and Redis on this machine for development,
// and looks after queues.
//
//	go install github.com/seed08532102/iniesta/cmd/iniesta@latest
//	iniesta doctor
package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/seed08532102/iniesta/internal/terminal"
)

func main() {
	if err := run(); err != nil {
		if !errors.Is(err, errSaid) {
			_, _ = terminal.Fprintf(os.Stderr, "iniesta: %s\n", oneLine(err.Error())) // there is nowhere else to say it
		}
		os.Exit(1)
	}
}

func run() error {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the program at once
	return newRoot().ExecuteContext(ctx)
}

// errSaid ends the program with a failure that was printed already.
var errSaid = errors.New("failed")

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' }), "; ")
}
