// Scale simulates fleets of consumers on one queue, and writes docs/scale.md.
//
//	cd bench && go run ./scale -document ../docs/scale.md
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	document := flag.String("document", "", "the document to write the tables into, with the plots beside it")
	seed := flag.Uint64("seed", 1, "of the events")
	flag.Parse()
	if err := run(*document, *seed); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(document string, seed uint64) error {
	steady, drained, rolled := steadyLoads(seed), backlogs(seed), deployments(seed)
	text := steady.table() + "\n" + drained.table() + "\n" + rolled.table()
	if document == "" {
		fmt.Println(text)
		return nil
	}
	folder := filepath.Dir(document)
	if err := steady.plot(filepath.Join(folder, "scale-calls.svg")); err != nil {
		return err
	}
	if err := drained.plot(filepath.Join(folder, "scale-backlog.svg")); err != nil {
		return err
	}
	return fill(document, text)
}
