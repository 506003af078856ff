package report

import (
	"time"

	"github.com/seed08532102/iniesta/bench/measure"
)

// names are what the consumers are called in tables.
var names = map[string]string{
	"sdk":             "bare SDK loop, 16 pollers, no locks",
	"sdk-redsync":     "the same, redsync as it comes",
	"sdk-autopipe":    "the same, redsync, auto-pipelining",
	"gocloud":         "gocloud.dev awssnssqs, 100 in flight, no locks",
	"python":          "the Python algorithm",
	"iniesta":         "iniesta",
	"iniesta-nolocks": "iniesta, without locks",
}

var peers = []string{"sdk", "sdk-redsync", "sdk-autopipe", "gocloud", "python", "iniesta"}

var load = []Column{perSecond, cpu, calls, commands, roundTrips, allocs, peakRSS, p50, p99}

func each(kinds []string, c measure.Case) []*Row {
	var rows []*Row
	for _, kind := range kinds {
		c.Kind = kind
		rows = append(rows, &Row{Name: names[kind], Case: c})
	}
	return rows
}

// Tables are all there are.
func Tables() []*Table {
	return []*Table{throughput(), latency(), trickle()}
}

func throughput() *Table {
	return &Table{
		Name: "throughput", Title: "Throughput, API latency 0", Columns: load,
		Rows: each(append(peers, "iniesta-nolocks"), measure.Case{}),
		Ratios: []Ratio{
			{"throughput to the bare SDK loop, at least 0.75", names["iniesta"], names["sdk"], perSecond},
			{"CPU to the bare SDK loop, at most 1.5", names["iniesta"], names["sdk"], cpu},
			{"CPU to gocloud.dev, below 1", names["iniesta"], names["gocloud"], cpu},
		},
	}
}

func latency() *Table {
	rows := each(peers, measure.Case{Latency: 10 * time.Millisecond})
	rows = append(rows, &Row{
		Name: "iniesta, concurrency 200",
		Case: measure.Case{Kind: "iniesta", Latency: 10 * time.Millisecond, Concurrency: 200},
	})
	return &Table{
		Name: "latency", Title: "Throughput, API latency 10 ms", Columns: load, Rows: rows,
		Ratios: []Ratio{
			{"throughput to gocloud.dev, at least 1.1", names["iniesta"], names["gocloud"], perSecond},
			{"with concurrency 200, at least 1.2", "iniesta, concurrency 200", names["gocloud"], perSecond},
			{"throughput to the Python algorithm, at least 100", names["iniesta"], names["python"], perSecond},
		},
	}
}

func trickle() *Table {
	return &Table{
		Name: "trickle", Title: "A trickle: 20 messages a second, API latency 10 ms", Columns: []Column{perSecond, cpu, calls, roundTrips, p50, p99},
		Rows: each([]string{"sdk", "gocloud", "python", "iniesta"}, measure.Case{Latency: 10 * time.Millisecond, Rate: 20}),
		Ratios: []Ratio{
			{"API calls to gocloud.dev, below 1", names["iniesta"], names["gocloud"], calls},
		},
	}
}
