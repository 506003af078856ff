package main

import (
	"cmp"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/internal/terminal"
	"github.com/seed08532102/iniesta/sqs"
)

func newSend() *cobra.Command {
	var body, event, group string
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send a message to the service's queue",
		Long: `Send a message to the service's queue, to try things out: it is handled by the default handler, or by that of
--event. What is printed is what Python's iniesta prints.`,
		Example: `  iniesta send -m '{"id": 7}'
  iniesta send -e UserUpdated.user -m '{"id": 7}'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client := sqs.New(sqs.WithoutLocks()) // to send needs no lock nodes
			if err := client.Initialize(cmd.Context()); err != nil {
				return err
			}
			defer client.Close(cmd.Context())
			m, err := client.CreateMessage(cmp.Or(body, "{}"))
			if err != nil {
				return err
			}
			if event != "" {
				if err := m.AddRawEvent(event); err != nil {
					return err
				}
			}
			if group != "" {
				if err := m.SetGroup(group); err != nil {
					return err
				}
			}
			if err := m.Send(cmd.Context()); err != nil {
				return err
			}
			_, err = terminal.Fprintf(cmd.OutOrStdout(), "Message Sent\nMessageId: %s\n", m.MessageID)
			return err
		},
	}
	cmd.Flags().StringVarP(&body, "message", "m", "{}", "message body to send to SQS; an empty one is {}")
	cmd.Flags().StringVarP(&event, "event", "e", "", "event of the message, as it is")
	cmd.Flags().StringVar(&group, "group", "", "message group, which a FIFO queue requires")
	return cmd
}
