// Report asks a server what the table of AWS's answers asks, and prints where it answers otherwise:
//
//	go run ./internal/localaws/conformance/report http://127.0.0.1:4566
package main

import (
	"flag"
	"fmt"
	"net/http"
	"os"

	"github.com/seed08532102/iniesta/internal/localaws/conformance"
)

func main() {
	least := flag.Int("least", 0, "rows that have to agree; with fewer the exit code is 1")
	quiet := flag.Bool("quiet", false, "print the figure alone")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: report [-least N] [-quiet] URL")
		os.Exit(2)
	}
	client, agree, cases := &http.Client{Transport: &http.Transport{}}, 0, conformance.Cases()
	for _, c := range cases {
		r := c.Run(client, flag.Arg(0))
		if r.Agrees() {
			agree++
			continue
		}
		if !*quiet {
			fmt.Printf("%s: %s\n  AWS:  %s %q\n  here: %s %q\n", c.About, c.What, c.Want, c.Text, r.Got, r.Message)
		}
	}
	fmt.Printf("%d of %d rows are as AWS has them.\n", agree, len(cases))
	if agree < *least {
		os.Exit(1)
	}
}
