// Command bench measures consumers of SQS side by side: this library, the bare SDK, and what a user
// would otherwise pick. It starts a stub of SQS and redis-servers as processes of their own on
// 127.0.0.1, runs each consumer in a process of its own, all of them in turn and several times over,
// and prints medians with minimum and maximum.
//
//	go run .                            # every table, in half an hour
//	go run . -document ../docs/benchmarks.md   # and its results into that file, with plots
//	go run . -tables throughput -rounds 3
//	go run . -kinds iniesta -tables throughput -profile cpu.pprof
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/bench/consumer"
	"github.com/seed08532102/iniesta/bench/measure"
	"github.com/seed08532102/iniesta/bench/report"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bench: ")
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(arguments []string) error {
	if len(arguments) > 0 {
		switch arguments[0] {
		case "stub":
			return runStub(arguments[1:])
		case "consume":
			return runConsumer(arguments[1:])
		}
	}
	return runTables(arguments)
}

func runTables(arguments []string) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	rounds := flags.Int("rounds", 100, "the most rounds of a table")
	warmup := flags.Duration("warmup", time.Second, "before anything is counted")
	measured := flags.Duration("measured", 3*time.Second, "that are counted")
	only := flags.String("tables", "", "of these names, separated by commas; all where empty")
	kinds := flags.String("kinds", "", "consumers, separated by commas; those of each table where empty")
	profile := flags.String("profile", "", "a file for the CPU profile of the last consumer")
	document := flags.String("document", "", "a Markdown file whose results are replaced, with the plots beside it")
	_ = flags.Parse(arguments) // exits

	tables, err := choose(report.Tables(), split(*only), split(*kinds))
	if err != nil {
		return err
	}
	b, err := measure.New(*warmup, *measured)
	if err != nil {
		return err
	}
	defer b.Close()
	b.Profile = *profile
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	for round := range *rounds {
		for _, t := range tables {
			if round >= t.Rounds {
				continue
			}
			log.Printf("round %d of %d: %s", round+1, min(*rounds, t.Rounds), t.Name)
			if err := t.Measure(ctx, b); err != nil {
				return err
			}
		}
	}
	for _, t := range tables {
		if err := t.Write(os.Stdout); err != nil {
			return err
		}
	}
	if *document == "" {
		return nil
	}
	return report.Document(*document, tables)
}

// choose keeps the tables and the consumers that are asked for.
func choose(tables []*report.Table, names, kinds []string) ([]*report.Table, error) {
	chosen, err := report.Named(tables, names)
	if err != nil {
		return nil, err
	}
	if len(kinds) > 0 {
		for _, t := range chosen {
			t.Keep(kinds)
		}
	}
	return chosen, nil
}

func runConsumer(arguments []string) error {
	flags := flag.NewFlagSet("consume", flag.ExitOnError)
	kind := flags.String("kind", "iniesta", "one of "+strings.Join(consumer.Kinds(), ", "))
	endpoint := flags.String("endpoint", "", "URL of the stub")
	redis := flags.String("redis", "", "addresses of the lock nodes, separated by commas")
	concurrency := flags.Int("concurrency", 100, "messages in flight")
	pollers := flags.Int("pollers", 16, "of the SDK loops")
	var t consumer.Timing
	flags.DurationVar(&t.Warmup, "warmup", time.Second, "before anything is counted")
	flags.DurationVar(&t.Measured, "measured", 4*time.Second, "that are counted")
	flags.DurationVar(&t.Handler, "handler", 0, "time of each handler")
	flags.DurationVar(&t.SlowOne, "slow-one", 0, "time of one handler")
	flags.StringVar(&t.Profile, "profile", "", "a file for a CPU profile")
	_ = flags.Parse(arguments) // exits
	s := consumer.Settings{Endpoint: *endpoint, Redis: split(*redis), Pollers: *pollers, Concurrency: *concurrency}
	if err := consumer.Measure(*kind, s, t); err != nil {
		return fmt.Errorf("consuming as %s: %w", *kind, err)
	}
	return nil
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
