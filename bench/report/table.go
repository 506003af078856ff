// Package report says what is measured, and prints it.
package report

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed08532102/iniesta/bench/measure"
)

// Table is a set of cases that are compared with each other.
type Table struct {
	Name    string
	Title   string
	Rounds  int // how often it is measured, unless fewer are asked for
	Columns []Column
	Rows    []*Row
	Ratios  []Ratio
}

// Row is one case with its results, one a round.
type Row struct {
	Name    string
	Case    measure.Case
	Results []measure.Result
}

// Measure measures every row once more.
func (t *Table) Measure(ctx context.Context, b *measure.Bench) error {
	for _, row := range t.Rows {
		result, err := b.Run(ctx, row.Case)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", t.Name, row.Name, err)
		}
		row.Results = append(row.Results, result)
	}
	return nil
}

// Keep drops the rows of other consumers.
func (t *Table) Keep(kinds []string) {
	t.Rows = slices.DeleteFunc(t.Rows, func(r *Row) bool { return !slices.Contains(kinds, r.Case.Kind) })
}

// Named picks tables by name, all of them where there are no names.
func Named(tables []*Table, names []string) ([]*Table, error) {
	if len(names) == 0 {
		return tables, nil
	}
	var chosen []*Table
	for _, name := range names {
		i := slices.IndexFunc(tables, func(t *Table) bool { return t.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no table %q", name)
		}
		chosen = append(chosen, tables[i])
	}
	return chosen, nil
}

// Write prints the table for people.
func (t *Table) Write(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n\n", t.Title)
	out := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprint(out, "\t")
	for _, c := range t.Columns {
		fmt.Fprintf(out, "%s\t", c.Name)
	}
	fmt.Fprintln(out)
	for _, row := range t.Rows {
		fmt.Fprintf(out, "%s\t", row.Name)
		for _, c := range t.Columns {
			fmt.Fprintf(out, "%s\t", c.cell(row))
		}
		fmt.Fprintln(out)
	}
	for _, line := range t.ratios() {
		fmt.Fprintln(out, line)
	}
	return out.Flush()
}

// Markdown is the table for a document.
func (t *Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n| |", t.Title)
	for _, c := range t.Columns {
		fmt.Fprintf(&b, " %s |", c.Name)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(t.Columns)) + "\n")
	for _, row := range t.Rows {
		fmt.Fprintf(&b, "| %s |", row.Name)
		for _, c := range t.Columns {
			fmt.Fprintf(&b, " %s |", c.cell(row))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, line := range t.ratios() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	return b.String()
}
