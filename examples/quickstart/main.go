// Quickstart shows a consumer at work: it sends a stream of events to a queue and prints what happens
// to each.
//
//	go run ./examples/quickstart
//
// needs nothing but Go: SQS and three Redis nodes run inside the program. The same program runs
// against real servers:
//
//	go run ./examples/quickstart -endpoint http://localhost:4566 -queue orders -redis redis://localhost:6379/1,redis://localhost:6380/1,redis://localhost:6381/1
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sqs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	settings, embedded, err := parse(args)
	if err != nil {
		return err
	}
	if embedded {
		servers, err := startServers(ctx, &settings)
		if err != nil {
			return err
		}
		defer servers.Close()
	}
	show := newShow(out)
	if err := register(); err != nil {
		return err
	}
	if err := sqs.Initialize(ctx, sqs.WithConfig(settings), sqs.WithLogger(slog.New(show))); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sqs.SQSClient.Close(context.WithoutCancel(ctx))) }()
	show.handlers(sqs.DefaultRegistry.Handlers())
	if err := sqs.StartReceivingMessages(ctx); err != nil {
		return err
	}
	before := sqs.SQSClient.Stats()
	sent, err := sendEvents(ctx)
	if err != nil && ctx.Err() == nil {
		return err
	}
	waitForAll(ctx, before.Deleted+int64(sent))
	show.line("", "stopping: what runs is finished, what was received is settled")
	if err := sqs.StopReceivingMessages(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	show.summary(sent, sqs.SQSClient.Stats())
	return nil
}

// parse reads the flags. Without them everything runs inside the program.
func parse(args []string) (settings config.Config, embedded bool, err error) {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	endpoint := flags.String("endpoint", "", "URL of an SQS server; empty for one inside the program")
	queue := flags.String("queue", "iniesta-quickstart", "the queue, which has to exist on a server of yours")
	nodes := flags.String("redis", "", "URLs of the lock nodes, comma separated; empty for three inside the program")
	if err := flags.Parse(args); err != nil {
		return config.Config{}, false, err
	}
	embedded = *endpoint == ""
	if embedded != (*nodes == "") {
		return config.Config{}, false, errors.New("-endpoint and -redis go together: give both, or neither to run everything inside the program")
	}
	settings = config.Default()
	if !embedded { // credentials and region of the environment count
		if settings, err = config.Load(); err != nil {
			return config.Config{}, false, err
		}
	}
	settings.SQSEndpointURL, settings.QueueName, settings.ServiceName = *endpoint, *queue, "shop"
	settings.ReceiveWaitTime = time.Second // so that the program ends soon
	if *nodes != "" {
		settings.LockNodes = nil
		for url := range strings.SplitSeq(*nodes, ",") {
			settings.LockNodes = append(settings.LockNodes, config.NewRedisURL(strings.TrimSpace(url)))
		}
	}
	return settings, embedded, settings.Validate()
}

// waitForAll waits until so many messages are deleted.
func waitForAll(ctx context.Context, deleted int64) {
	timeout := time.After(30 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for sqs.SQSClient.Stats().Deleted < deleted {
		select {
		case <-ctx.Done():
			return
		case <-timeout:
			return
		case <-tick.C:
		}
	}
}
