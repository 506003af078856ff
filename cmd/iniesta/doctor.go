package main

import (
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newDoctor() *cobra.Command {
	var asJSON, python bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check the service's set-up, and say what to do about what is wrong",
		Long: `Check all that a service checks when it starts, and more: settings, topic, queue, subscription, filter policy,
permission, dead-letter queue, the queue's settings against the service's, whether these credentials may delete
messages and change their visibility timeout (asked with a receipt handle that belongs to none), and each lock node:
whether it answers, is a server of its own and accepts the writes of a lock, how fast it is and what its clock says.
Nothing is changed but for a key of its own on each lock node, which it removes.

While a service is ported from Python, --python adds what its consumers need that receive from the same queue: the
lock nodes that they use, what they ask for when they start, and how long they leave alone what was handled here.
An environment with a variable of insanic, the framework of such services, has the same effect.

Each check is a line: ok, warning or failed, and the cure. The exit status is 1 if any failed.`,
		Example: `  iniesta doctor
  iniesta doctor --python
  iniesta doctor --env-file production.env --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts := []iniesta.Option{iniesta.WithLogger(slog.New(slog.DiscardHandler))}
			if python || slices.ContainsFunc(os.Environ(), ofInsanic) {
				opts = append(opts, iniesta.WithPython())
			}
			findings := iniesta.Diagnose(cmd.Context(), opts...)
			if err := show(cmd.OutOrStdout(), findings, asJSON); err != nil {
				return err
			}
			if slices.ContainsFunc(findings, func(f iniesta.Finding) bool { return f.Status == iniesta.Failed }) {
				return errSaid
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a JSON array")
	cmd.Flags().BoolVar(&python, "python", false, "consumers in Python receive from the same queue")
	return cmd
}

// ofInsanic reports whether a variable of the environment is one that a Python service reads its settings from.
func ofInsanic(variable string) bool { return strings.HasPrefix(variable, "INSANIC_") }

// diagnosis is a finding in JSON.
type diagnosis struct {
	Check  string         `json:"check"`
	Status iniesta.Status `json:"status"`
	Text   string         `json:"text"`
	Cure   string         `json:"cure,omitempty"`
}

func show(out io.Writer, findings []iniesta.Finding, asJSON bool) error {
	if asJSON {
		all := make([]diagnosis, len(findings))
		for i, f := range findings {
			all[i] = diagnosis{f.Check, f.Status, f.Text, f.Cure}
		}
		return terminal.EncodeJSON(out, all, "  ")
	}
	colours := map[iniesta.Status]*color.Color{
		iniesta.OK: color.New(color.FgGreen), iniesta.Warning: color.New(color.FgYellow), iniesta.Failed: color.New(color.FgRed),
	}
	for _, f := range findings {
		text := oneLine(f.Text)
		if f.Cure != "" {
			text += ": " + f.Cure
		}
		status := terminal.Styled(colours[f.Status].Sprintf("%-8s", f.Status))
		if _, err := terminal.Fprintf(out, "%s %-18s %s\n", status, f.Check, text); err != nil {
			return err
		}
	}
	return nil
}
