package report

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed08532102/iniesta/bench/measure"
)

// Column is one figure of a result.
type Column struct {
	Name   string
	figure func(measure.Result) float64
	format string // of the figure
	spread bool   // shows minimum and maximum
}

var (
	perSecond    = Column{"messages/s", func(r measure.Result) float64 { return r.PerSecond }, "%.0f", true}
	cpu          = Column{"CPU µs/message", func(r measure.Result) float64 { return micro(r.CPU) }, "%.0f", true}
	cpuShare     = Column{"CPU % of a core", func(r measure.Result) float64 { return r.CPUShare * 100 }, "%.2f", true}
	calls        = Column{"calls/1,000", func(r measure.Result) float64 { return r.Calls }, "%.0f", true}
	callsPerHour = Column{"calls/hour", func(r measure.Result) float64 { return r.CallsPerHour }, "%.0f", true}
	commands     = Column{"Redis commands", func(r measure.Result) float64 { return r.Commands }, "%.2f", false}
	roundTrips   = Column{"Redis round trips", func(r measure.Result) float64 { return r.RoundTrips }, "%.2f", true}
	allocs       = Column{"allocs/message", func(r measure.Result) float64 { return r.Allocs }, "%.0f", false}
	peakRSS      = Column{"peak RSS MiB", func(r measure.Result) float64 { return r.PeakRSS / (1 << 20) }, "%.0f", true}
	p50          = Column{"p50 ms", func(r measure.Result) float64 { return milli(r.P50) }, "%.2f", true}
	p99          = Column{"p99 ms", func(r measure.Result) float64 { return milli(r.P99) }, "%.1f", true}
	goroutines   = Column{"goroutines", func(r measure.Result) float64 { return r.Goroutines }, "%.0f", false}
	growth       = Column{"goroutines more", func(r measure.Result) float64 { return r.NewGoroutines }, "%.0f", false}
)

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// cell is the median of a row's rounds, with minimum and maximum.
func (c Column) cell(r *Row) string {
	if len(r.Results) == 0 {
		return ""
	}
	values := c.values(r)
	text := fmt.Sprintf(c.format, median(values))
	if !c.spread || len(values) == 1 {
		return text
	}
	return fmt.Sprintf("%s ("+c.format+"–"+c.format+")", text, slices.Min(values), slices.Max(values))
}

func (c Column) values(r *Row) []float64 {
	values := make([]float64, len(r.Results))
	for i, result := range r.Results {
		values[i] = c.figure(result)
	}
	return values
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Ratio compares a figure of two rows, round by round.
type Ratio struct {
	Text   string // what it is, and what is aimed at
	Of, To string // rows by name
	column Column
}

func (t *Table) ratios() []string {
	var lines []string
	for _, r := range t.Ratios {
		of, to := t.row(r.Of), t.row(r.To)
		if of == nil || to == nil || len(of.Results) == 0 {
			continue
		}
		var values []float64
		for i, value := range r.column.values(of) {
			if other := r.column.values(to)[i]; other != 0 {
				values = append(values, value/other)
			}
		}
		if len(values) == 0 {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %.2f (%.2f–%.2f)", r.Text, median(values), slices.Min(values), slices.Max(values)))
	}
	return lines
}

func (t *Table) row(name string) *Row {
	i := slices.IndexFunc(t.Rows, func(r *Row) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return t.Rows[i]
}
