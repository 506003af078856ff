package main

import (
	"fmt"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

const dollarsPerMillionCalls = 0.4 // of a standard queue in us-east-1, beyond the first million

func (l loads) table() string {
	t := "| messages a second | consumers | calls for a million | dollars for a million | Redis commands a second and node | found locked or done, of a million | wait p50 | wait p99 |\n|---|---|---|---|---|---|---|---|\n"
	for _, r := range l.rows {
		calls := r.counts.PerMillion(r.counts.Calls())
		t += fmt.Sprintf("| %s | %s | %s | %.2f | %s | %.0f | %s | %s |\n", whole(r.plan.Rate), whole(float64(r.plan.Consumers)), whole(calls), calls/1e6*dollarsPerMillionCalls,
			whole(float64(r.counts.Redis)/r.counts.Seconds), r.counts.PerMillion(r.counts.Contended), milliseconds(r.counts.Wait50), milliseconds(r.counts.Wait99))
	}
	return t
}

func (d drains) table() string {
	t := "| consumers | time for 10 million | messages a second | calls for a million | Redis commands a second and node |\n|---|---|---|---|---|\n"
	for _, r := range d.rows {
		t += fmt.Sprintf("| %s | %s | %s | %s | %s |\n", whole(float64(r.plan.Consumers)), duration(r.counts.Seconds), whole(float64(r.counts.Handled)/r.counts.Seconds),
			whole(r.counts.PerMillion(r.counts.Calls())), whole(float64(r.counts.Redis)/r.counts.Seconds))
	}
	return t
}

func (l rollings) table() string {
	t := "| restarts | messages a second | calls for a million | wait p50 | wait p99 | longest wait |\n|---|---|---|---|---|---|\n"
	for _, r := range l.rows {
		t += fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", r.name, whole(float64(r.counts.Handled)/r.counts.Seconds),
			whole(r.counts.PerMillion(r.counts.Calls())), milliseconds(r.counts.Wait50), milliseconds(r.counts.Wait99), milliseconds(r.counts.WaitWorst))
	}
	return t
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1000) }

func duration(seconds float64) string {
	if seconds < 120 {
		return fmt.Sprintf("%.0f s", seconds)
	}
	return fmt.Sprintf("%.1f min", seconds/60)
}

// whole writes a number with its thousands set apart.
func whole(n float64) string {
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// plot draws calls for a million messages over the load, a line for each size of fleet.
func (l loads) plot(path string) error {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "messages a second", "calls of SQS for a million messages"
	lines := map[int]plotter.XYs{}
	for _, r := range l.rows {
		lines[r.plan.Consumers] = append(lines[r.plan.Consumers], plotter.XY{X: r.plan.Rate, Y: r.counts.PerMillion(r.counts.Calls())})
	}
	return save(p, path, []int{1, 10, 100, 1000}, lines, " consumers")
}

// plot draws the time for a backlog over the size of the fleet.
func (d drains) plot(path string) error {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "consumers", "seconds for 10 million messages"
	points := make(plotter.XYs, len(d.rows))
	for i, r := range d.rows {
		points[i] = plotter.XY{X: float64(r.plan.Consumers), Y: r.counts.Seconds}
	}
	return save(p, path, []int{10_000_000}, map[int]plotter.XYs{10_000_000: points}, " messages")
}

func save(p *plot.Plot, path string, order []int, lines map[int]plotter.XYs, of string) error {
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Legend.Top = true
	var all []any
	for _, n := range order {
		all = append(all, whole(float64(n))+of, lines[n])
	}
	if err := plotutil.AddLinePoints(p, all...); err != nil {
		return fmt.Errorf("drawing %s: %w", path, err)
	}
	return p.Save(18*vg.Centimeter, 10*vg.Centimeter, path)
}

const (
	begin = "<!-- tables: written by make scale -->\n"
	end   = "<!-- end of tables -->"
)

// fill writes the tables into the document, between the two marks.
func fill(document, text string) error {
	old, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for tables: %q and %q", document, begin, end)
	}
	return os.WriteFile(document, []byte(before+begin+text+end+after), 0o644)
}
