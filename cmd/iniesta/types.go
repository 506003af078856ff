package main

import (
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newInitializationType() *cobra.Command {
	return &cobra.Command{
		Use:   "initialization-type",
		Short: "Print what the service is",
		Long:  "Print INIESTA_INITIALIZATION_TYPE as Python's iniesta does.",
		Example: `  $ INIESTA_INITIALIZATION_TYPE=EVENT_POLLING,SNS_PRODUCER iniesta initialization-type
  InitializationTypes.SNS_PRODUCER|EVENT_POLLING`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.NoLocks)
			if err != nil {
				return err
			}
			types, err := iniesta.ParseInitializationTypes(c.InitializationType...)
			if err != nil {
				return err
			}
			_, err = terminal.Fprintf(cmd.OutOrStdout(), "%s\n", types)
			return err
		},
	}
}
