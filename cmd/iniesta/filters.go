package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newFilterPolicies() *cobra.Command {
	return &cobra.Command{
		Use:   "filter-policies",
		Short: "Print the filter policy of the service's subscription",
		Long:  "Print INIESTA_SQS_CONSUMER_FILTERS in the format that SNS takes, as Python's iniesta does.",
		Example: `  $ INIESTA_SQS_CONSUMER_FILTERS='some.*' iniesta filter-policies
  {"iniesta_pass": [{"prefix": "some."}]}`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			policy, err := iniesta.FilterPolicies()
			if err != nil {
				return err
			}
			_, err = terminal.Fprintf(cmd.OutOrStdout(), "%s\n", spaced(asciiText(policy)))
			return err
		},
	}
}

// asciiText is JSON in ASCII, as Python's json.dumps writes it but for the spaces.
func asciiText(v any) string {
	var text strings.Builder
	if err := terminal.EncodeASCII(&text, v); err != nil {
		return err.Error() // policies and strings encode
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// spaced writes JSON as Python's json.dumps does: a space after each comma and colon.
func spaced(compact string) string {
	var out []byte
	inText, escaped := false, false
	for i := range len(compact) {
		c := compact[i]
		out = append(out, c)
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = inText
		case c == '"':
			inText = !inText
		case !inText && (c == ',' || c == ':'):
			out = append(out, ' ')
		}
	}
	return string(out)
}
