package report

import (
	"fmt"
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

var peers = []string{"sdk", "sdk-redsync", "sdk-autopipe", "gocloud", "python", "iniesta", "iniesta-nolocks"}

var load = []Column{perSecond, cpu, calls, commands, roundTrips, allocs, peakRSS, p50, p99}

const (
	often = 5 // rounds of the tables that say most
	some  = 3
)

func each(kinds []string, c measure.Case) []*Row {
	var rows []*Row
	for _, kind := range kinds {
		rows = append(rows, row(names[kind], kind, c))
	}
	return rows
}

func row(name, kind string, c measure.Case) *Row {
	c.Kind = kind
	return &Row{Name: name, Case: c}
}

// Tables are all there are.
func Tables() []*Table {
	return []*Table{
		throughput(), latency(), trickle(), stream(), pickup(), idle(), tail(), memory(),
		byLatency(), byConcurrency(), byBody(), byHandler(), byLockNodes(),
	}
}

func throughput() *Table {
	return &Table{
		Name: "throughput", Title: "Throughput, API latency 0", Columns: load, Rounds: often,
		Rows: each(peers, measure.Case{}),
		Ratios: []Ratio{
			{"throughput to the bare SDK loop (aim: at least 0.75)", names["iniesta"], names["sdk"], perSecond},
			{"CPU per message to the bare SDK loop (aim: at most 1.5)", names["iniesta"], names["sdk"], cpu},
			{"CPU per message to gocloud.dev (aim: below 1)", names["iniesta"], names["gocloud"], cpu},
		},
	}
}

func latency() *Table {
	const ms10 = 10 * time.Millisecond
	rows := each(peers, measure.Case{Latency: ms10})
	rows = append(rows, row("iniesta, concurrency 200", "iniesta", measure.Case{Latency: ms10, Concurrency: 200}))
	return &Table{
		Name: "latency", Title: "Throughput, API latency 10 ms", Columns: load, Rounds: often, Rows: rows,
		Ratios: []Ratio{
			{"throughput to gocloud.dev (aim: at least 1.1)", names["iniesta"], names["gocloud"], perSecond},
			{"the same with concurrency 200 (aim: at least 1.2)", "iniesta, concurrency 200", names["gocloud"], perSecond},
			{"throughput to the Python algorithm (aim: at least 100)", names["iniesta"], names["python"], perSecond},
		},
	}
}

func trickle() *Table {
	return &Table{
		Name: "trickle", Title: "A trickle of 20 messages a second, API latency 10 ms", Rounds: some,
		Columns: []Column{perSecond, cpu, calls, roundTrips, p50, p99},
		Rows:    each([]string{"sdk", "gocloud", "python", "iniesta"}, measure.Case{Latency: 10 * time.Millisecond, Rate: 20, Measured: 6 * time.Second}),
		Ratios:  []Ratio{{"API calls to gocloud.dev (aim: below 1)", names["iniesta"], names["gocloud"], calls}},
	}
}

func stream() *Table {
	c := measure.Case{Latency: 10 * time.Millisecond, Rate: 100, Random: true, Measured: 6 * time.Second}
	more := c
	more.Rate = 1000
	return &Table{
		Name: "stream", Title: "A stream at random times without a backlog, API latency 10 ms", Rounds: some,
		Columns: []Column{perSecond, cpu, calls, roundTrips, p50, p99},
		Rows:    []*Row{row("100 messages a second", "iniesta", c), row("1,000 messages a second", "iniesta", more)},
	}
}

func pickup() *Table {
	return &Table{
		Name: "pickup", Title: "From send to handler start, 5 messages a second at an idle consumer, API latency 0", Rounds: some,
		Columns: []Column{p50, p99},
		Rows:    each([]string{"sdk", "gocloud", "iniesta"}, measure.Case{Rate: 5, Measured: 10 * time.Second}),
	}
}

func idle() *Table {
	return &Table{
		Name: "idle", Title: "An empty queue for a minute", Rounds: 1,
		Columns: []Column{callsPerHour, cpuShare, goroutines, growth},
		Rows:    each([]string{"iniesta"}, measure.Case{Idle: true, Measured: time.Minute}),
	}
}

func tail() *Table {
	c := measure.Case{Handler: time.Millisecond, Measured: 10 * time.Second}
	slow := c
	slow.SlowOne = 9 * time.Second
	return &Table{
		Name: "tail", Title: "Handlers of 1 ms, with and without one among them that takes 9 s", Rounds: some,
		Columns: []Column{perSecond, p50, p99},
		Rows:    []*Row{row("all take 1 ms", "iniesta", c), row("one takes 9 s", "iniesta", slow)},
		Ratios:  []Ratio{{"throughput (aim: at least 0.95)", "one takes 9 s", "all take 1 ms", perSecond}},
	}
}

func memory() *Table {
	big := measure.Case{Body: 256 << 10, Handler: 10 * time.Millisecond}
	few := big
	few.Concurrency = 10
	return &Table{
		Name: "memory", Title: "Memory", Rounds: some, Columns: []Column{perSecond, peakRSS},
		Rows: []*Row{
			row("bursts of 1,000, each drained before the next", "iniesta", measure.Case{Rate: 4000, Burst: 1000, Measured: 10 * time.Second}),
			row("a backlog that never ends", "iniesta", measure.Case{Measured: 10 * time.Second}),
			row("bodies of 256 KiB, concurrency 10", "iniesta", few),
			row("bodies of 256 KiB, concurrency 100", "iniesta", big),
		},
		Ratios: []Ratio{{"peak RSS of an endless backlog to bursts (aim: within 10 %)",
			"a backlog that never ends", "bursts of 1,000, each drained before the next", peakRSS}},
	}
}

var short = []Column{perSecond, cpu, calls, roundTrips, peakRSS, p50, p99}

func sweep(name, title string) *Table {
	return &Table{Name: name, Title: title, Rounds: some, Columns: short}
}

func (t *Table) add(setting, kind string, c measure.Case) {
	c.Measured = 2 * time.Second
	t.Rows = append(t.Rows, row(setting+": "+names[kind], kind, c))
}

func byLatency() *Table {
	t := sweep("by-latency", "By API latency")
	for _, ms := range []int{0, 1, 10, 50} {
		for _, kind := range []string{"sdk", "sdk-autopipe", "gocloud", "python", "iniesta"} {
			t.add(fmt.Sprint(ms, " ms"), kind, measure.Case{Latency: time.Duration(ms) * time.Millisecond})
		}
	}
	return t
}

func byConcurrency() *Table {
	t := sweep("by-concurrency", "By concurrency, API latency 10 ms, handlers of 10 ms")
	for _, n := range []int{10, 100, 1000} {
		for _, kind := range []string{"gocloud", "iniesta"} {
			t.add(fmt.Sprint(n), kind, measure.Case{Latency: 10 * time.Millisecond, Handler: 10 * time.Millisecond, Concurrency: n})
		}
	}
	return t
}

func byBody() *Table {
	t := sweep("by-body", "By size of the body, API latency 0")
	for _, size := range []int{200, 4 << 10, 64 << 10} {
		for _, kind := range []string{"sdk", "gocloud", "iniesta"} {
			t.add(fmt.Sprint(size, " B"), kind, measure.Case{Body: size})
		}
	}
	return t
}

func byHandler() *Table {
	t := sweep("by-handler", "By time of a handler, API latency 10 ms")
	for _, ms := range []int{0, 1, 10, 100} {
		for _, kind := range []string{"sdk", "gocloud", "iniesta"} {
			t.add(fmt.Sprint(ms, " ms"), kind, measure.Case{Latency: 10 * time.Millisecond, Handler: time.Duration(ms) * time.Millisecond})
		}
	}
	return t
}

func byLockNodes() *Table {
	t := sweep("by-lock-nodes", "By number of lock nodes, API latency 0")
	for _, n := range []int{1, 3, 5} {
		for _, kind := range []string{"sdk-autopipe", "iniesta"} {
			t.add(fmt.Sprint(n), kind, measure.Case{LockNodes: n})
		}
	}
	return t
}
