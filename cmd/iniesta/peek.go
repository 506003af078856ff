package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/provision"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newPeek() *cobra.Command {
	var queue string
	var most int
	var dead, asJSON bool
	cmd := &cobra.Command{
		Use:   "peek",
		Short: "Show messages of the queue without consuming them",
		Long: `Show messages of the service's queue, or with --dead of its dead-letter queue. They are not deleted, and are
visible again as soon as all are shown.

SQS has no way to look at a message but to receive it: each one shown counts as received once more, which
brings it nearer to the dead-letter queue. While they are shown nobody else receives them, nor the rest of
their FIFO groups.`,
		Example: `  iniesta peek --max 3
  iniesta peek --dead --json`,
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
			q, err := s.serviceQueue(cmd.Context(), c, queue, dead)
			if err != nil {
				return err
			}
			view := &messageView{out: cmd.OutOrStdout(), eventKey: c.EventKey, asJSON: asJSON}
			shown, err := s.peek(cmd.Context(), q, most, view)
			if err != nil {
				return err
			}
			_, err = terminal.Fprintf(cmd.ErrOrStderr(), "%d of about %s messages of %s shown\n", shown, q.Attributes["ApproximateNumberOfMessages"], q.Name)
			return err
		},
	}
	cmd.Flags().StringVar(&queue, "queue", "", "another queue than the service's")
	cmd.Flags().IntVar(&most, "max", 10, "how many messages to show at most")
	cmd.Flags().BoolVar(&dead, "dead", false, "look into the dead-letter queue")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each message as a line of JSON")
	return cmd
}

// serviceQueue is the queue of the settings or of a flag, or its dead-letter queue.
func (s *services) serviceQueue(ctx context.Context, c config.Config, name string, dead bool) (*provision.Queue, error) {
	account := ""
	if name == "" {
		named, err := c.Queue()
		if err != nil {
			return nil, err
		}
		name, account = named.Name, named.Account
	}
	q, err := provision.FindQueueOf(ctx, s.queues, name, account)
	if err != nil || !dead {
		return q, err
	}
	return s.deadLetterQueue(ctx, q)
}

const peekVisibility = 60 // seconds, should the program be killed

// peek receives messages, shows them and gives them back, whatever ends it.
func (s *services) peek(ctx context.Context, q *provision.Queue, most int, view *messageView) (shown int, err error) {
	var held []types.ChangeMessageVisibilityBatchRequestEntry
	seen := make(map[string]bool)
	defer func() {
		if e := s.giveBack(context.WithoutCancel(ctx), q, held); e != nil && err == nil {
			err = e
		}
	}()
	for shown < most && ctx.Err() == nil {
		out, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &q.URL, MaxNumberOfMessages: int32(min(most-shown, 10)), WaitTimeSeconds: 1, VisibilityTimeout: peekVisibility,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if ctx.Err() != nil {
			return shown, nil
		}
		if err != nil {
			return shown, fmt.Errorf("receiving from %s: %w", q.Name, err)
		}
		if len(out.Messages) == 0 {
			return shown, nil
		}
		for i := range out.Messages {
			m := &out.Messages[i]
			held = append(held, types.ChangeMessageVisibilityBatchRequestEntry{ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0})
			if seen[*m.MessageId] {
				continue
			}
			seen[*m.MessageId] = true
			if err := view.show(m); err != nil {
				return shown, err
			}
			shown++
		}
	}
	return shown, nil
}

// giveBack makes messages visible again, ten to a call.
func (s *services) giveBack(ctx context.Context, q *provision.Queue, held []types.ChangeMessageVisibilityBatchRequestEntry) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for len(held) > 0 {
		batch := held[:min(len(held), 10)]
		held = held[len(batch):]
		for i := range batch {
			id := strconv.Itoa(i)
			batch[i].Id = &id
		}
		_, err := s.queues.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &q.URL, Entries: batch})
		if err != nil {
			return fmt.Errorf("making messages of %s visible again, which they will be in %d s by themselves: %w", q.Name, peekVisibility, err)
		}
	}
	return nil
}
