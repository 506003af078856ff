package chaos

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// draw draws each series as a share of its mean, so that they fit into one picture.
func draw(path string, samples []sample) error {
	p := plot.New()
	p.Title.Text = "What a consumer holds, relative to its mean"
	p.X.Label.Text, p.Y.Label.Text, p.Y.Min = "minutes", "share of the mean", 0
	var lines []any
	for _, name := range []string{"heap in MiB", "goroutines", "file descriptors", "memory of a Redis in MiB"} {
		of, sum := series[name], 0.0
		for _, s := range samples {
			sum += of(s)
		}
		points := make(plotter.XYs, len(samples))
		for i, s := range samples {
			points[i] = plotter.XY{X: s.at / 60, Y: of(s) * float64(len(samples)) / sum}
		}
		lines = append(lines, name, points)
	}
	p.Legend.Top = false
	if err := plotutil.AddLines(p, lines...); err != nil {
		return err
	}
	p.Y.Min, p.Y.Max = 0, max(p.Y.Max, 1.5)
	return p.Save(18*vg.Centimeter, 9*vg.Centimeter, path)
}
