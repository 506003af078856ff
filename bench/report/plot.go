package report

import (
	"fmt"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

type drawing struct{ title, file string }

// draw draws what was measured: throughput by API latency, and CPU per message.
func draw(folder string, tables []*Table) ([]drawing, error) {
	var drawn []drawing
	for _, t := range tables {
		var p *plot.Plot
		var err error
		switch t.Name {
		case "by-latency":
			p, err = lines(t)
		case "throughput":
			p, err = bars(t)
		default:
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("drawing %s: %w", t.Name, err)
		}
		d := drawing{p.Title.Text, "benchmarks-" + t.Name + ".svg"}
		if err := p.Save(18*vg.Centimeter, 10*vg.Centimeter, filepath.Join(folder, d.file)); err != nil {
			return nil, fmt.Errorf("drawing %s: %w", t.Name, err)
		}
		drawn = append(drawn, d)
	}
	return drawn, nil
}

// lines draws the throughput of each consumer over the latency of the API.
func lines(t *Table) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "Throughput by API latency"
	p.X.Label.Text, p.Y.Label.Text = "API latency, ms", "messages/s"
	p.Y.Min = 0
	p.Legend.Top = true
	points := map[string]plotter.XYs{}
	var kinds []string
	for _, r := range t.Rows {
		if !slices.Contains(kinds, r.Case.Kind) {
			kinds = append(kinds, r.Case.Kind)
		}
		points[r.Case.Kind] = append(points[r.Case.Kind], plotter.XY{X: milli(r.Case.Latency), Y: median(perSecond.values(r))})
	}
	var arguments []any
	for _, kind := range kinds {
		arguments = append(arguments, names[kind], points[kind])
	}
	return p, plotutil.AddLinePoints(p, arguments...)
}

// bars draws the CPU that each consumer takes for a message.
func bars(t *Table) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = "CPU of the consumer for a message, API latency 0"
	p.X.Label.Text = "µs"
	var values plotter.Values
	var labels []string
	for _, r := range slices.Backward(t.Rows) {
		values = append(values, median(cpu.values(r)))
		labels = append(labels, r.Name)
	}
	chart, err := plotter.NewBarChart(values, 14)
	if err != nil {
		return nil, err
	}
	chart.Horizontal = true
	chart.Color = plotutil.Color(2)
	p.Add(chart)
	p.NominalY(labels...)
	return p, nil
}
