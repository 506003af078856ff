package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/provision"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newSetup() *cobra.Command {
	var apply bool
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Show or make the topic, queue, subscription and permission of the settings",
		Long: `Show the AWS calls that would make what the settings ask for and is not there: the topic, the queue and its
dead-letter queue, the subscription with the filter policy, and a statement in the queue's policy that lets
the topic send. With --apply they are made.

It is safe to run twice: what is there is left as it is. Of a queue's policy only the statement that setup
wrote itself is ever changed. A subscription whose filter policy is another one than that of
INIESTA_SQS_CONSUMER_FILTERS is changed.`,
		Example: `  iniesta setup
  iniesta setup --apply --env-file staging.env`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.NoLocks)
			if err != nil {
				return err
			}
			s, err := openServices(cmd.Context(), c)
			if err != nil {
				return err
			}
			return setUp(cmd.Context(), cmd.OutOrStdout(), s, c, apply)
		},
	}
	cmd.Flags().BoolVar(&apply, "apply", false, "make the calls")
	return cmd
}

// setUp shows or makes what the settings ask for and is not there.
func setUp(ctx context.Context, out io.Writer, s *services, c config.Config, apply bool) error {
	if err := c.Required(); err != nil {
		return err
	}
	spec, err := specOf(c)
	if err != nil {
		return err
	}
	calls, err := provision.Run(ctx, s.queues, s.topics, spec, apply, out)
	switch {
	case err != nil:
		return err
	case calls == 0:
		_, err = terminal.Fprintf(out, "Nothing to do.\n")
	case apply:
		_, err = terminal.Fprintf(out, "Done: %d calls.\n", calls)
	default:
		_, err = terminal.Fprintf(out, "%d calls to make: run it again with --apply.\n", calls)
	}
	return err
}

// specOf is what the types of the settings need.
func specOf(c config.Config) (spec provision.Spec, err error) {
	types, err := iniesta.ParseInitializationTypes(c.InitializationType...)
	if err != nil {
		return spec, err
	}
	if types&(iniesta.SNS_PRODUCER|iniesta.EVENT_POLLING) != 0 {
		spec.TopicARN = c.GlobalTopicARN
	}
	if types&(iniesta.QUEUE_POLLING|iniesta.EVENT_POLLING) != 0 {
		if spec.Queue, err = c.ResolvedQueueName(); err != nil {
			return spec, err
		}
	}
	if types.Has(iniesta.EVENT_POLLING) {
		spec.Subscribed = true
		spec.Filter, err = filter.Parse(c.EventKey, c.ConsumerFilters)
	}
	return spec, err
}
