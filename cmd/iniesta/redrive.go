package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/provision"
)

// redriveOptions are the flags of redrive.
type redriveOptions struct {
	queue     string
	most      int // 0 for all
	rate      int // messages a second, 0 for as fast as it goes
	dryRun    bool
	byMessage bool
	worker    bool
}

func newRedrive() *cobra.Command {
	var o redriveOptions
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Bring dead letters back to their queue",
		Long: `Bring the messages of the dead-letter queue back to the service's queue.

SQS does it itself where it offers that (StartMessageMoveTask); the task goes on should this program be
killed, and running it again shows it. With --max, and where SQS does not offer it, messages are sent one
by one (ten to a call), and deleted from the dead-letter queue once SQS has confirmed that they were sent.
That is done in a process of its own, which finishes what it has begun also when this one is killed. Should the
machine fail between a message's sending and its deletion, running redrive again sends it a second time; a
FIFO queue knows it by its deduplication id, for five minutes.

Ctrl-C ends it with nothing half done.`,
		Example: `  iniesta redrive --dry-run
  iniesta redrive --rate 50
  iniesta redrive --queue iniesta-production-shop --max 1`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load()
			if err != nil {
				return err
			}
			s, err := openServices(cmd.Context(), c)
			if err != nil {
				return err
			}
			r, err := newRedriver(cmd.Context(), s, c, o)
			if err != nil {
				return err
			}
			r.out = cmd.OutOrStdout()
			return r.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&o.queue, "queue", "", "another queue than the service's: the one to bring messages back to")
	cmd.Flags().IntVar(&o.most, "max", 0, "how many messages to bring back at most; 0 for all")
	cmd.Flags().IntVar(&o.rate, "rate", 0, "how many messages a second at most; 0 for as fast as it goes")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&o.byMessage, "by-message", false, "send one by one, also where SQS would do it itself")
	cmd.Flags().BoolVar(&o.worker, "worker", false, "")
	_ = cmd.Flags().MarkHidden("worker") // fails for a flag that is not there
	return cmd
}

// deadLetterQueue finds the dead-letter queue of a queue.
func (s *services) deadLetterQueue(ctx context.Context, q *provision.Queue) (*provision.Queue, error) {
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if json.Unmarshal([]byte(q.Attributes["RedrivePolicy"]), &redrive) != nil || redrive.Target == "" {
		return nil, fmt.Errorf("the queue %s has no dead-letter queue: iniesta setup --apply gives it one", q.Name)
	}
	return provision.FindQueue(ctx, s.queues, provision.NameOf(redrive.Target))
}

func newRedriver(ctx context.Context, s *services, c config.Config, o redriveOptions) (*redriver, error) {
	if o.most < 0 || o.rate < 0 {
		return nil, errors.New("--max and --rate are numbers of messages, 0 for no limit")
	}
	q, err := s.serviceQueue(ctx, c, o.queue, false)
	if err != nil {
		return nil, err
	}
	dead, err := s.deadLetterQueue(ctx, q)
	if err != nil {
		return nil, err
	}
	return &redriver{services: s, options: o, source: q, dead: dead}, nil
}
