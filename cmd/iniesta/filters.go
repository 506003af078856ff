package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/sqs"
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
			fmt.Fprintln(cmd.OutOrStdout(), pythonPolicy(policy))
			return nil
		},
	}
}

// pythonPolicy is the policy as Python's json.dumps writes it: spaced, and in ASCII.
func pythonPolicy(policy sqs.FilterPolicy) string {
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(policy)) {
		var rules []string
		for _, r := range policy[key] {
			if r.Prefix != "" {
				rules = append(rules, `{"prefix": `+asciiText(r.Prefix)+"}")
				continue
			}
			rules = append(rules, asciiText(r.Exact))
		}
		keys = append(keys, asciiText(key)+": ["+strings.Join(rules, ", ")+"]")
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// asciiText is a string in JSON as Python's json.dumps writes it.
func asciiText(text string) string {
	var encoded, ascii strings.Builder
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string encodes
	for _, r := range strings.TrimSuffix(encoded.String(), "\n") {
		if r < 0x7F {
			ascii.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&ascii, `\u%04x`, unit)
		}
	}
	return ascii.String()
}
