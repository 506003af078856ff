package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/provision"
	"github.com/seed08532102/iniesta/internal/redrive"
	"github.com/seed08532102/iniesta/internal/terminal"
)

// redriveOptions are the flags of redrive.
type redriveOptions struct {
	queue     string
	most      int // 0 for all
	rate      int // messages a second, 0 for as fast as it goes
	dryRun    bool
	byMessage bool
}

func newRedrive() *cobra.Command {
	var o redriveOptions
	cmd := &cobra.Command{
		Use:   "redrive",
		Short: "Bring dead letters back to their queue",
		Long: `Bring the messages of the dead-letter queue back to the service's queue.

SQS moves the messages of a standard queue itself where it offers that (StartMessageMoveTask). Its task goes on
should this program be killed, and running redrive again shows it. With --max or --by-message, for FIFO queues and
where SQS does not offer tasks, this program sends the messages one by one (ten to a call), and deletes each from
the dead-letter queue once SQS has confirmed that it was sent. The messages of a FIFO queue get a new deduplication
id: with their own they would vanish in the five minutes that SQS remembers it for.

Each message comes back at least once. Ctrl-C and SIGTERM end redrive when what it has received is moved, within
half a minute; Ctrl-C again ends it at once. What was moved until then stays moved, and running redrive again goes
on with the rest. Should the process be killed between a message's sending and its deletion, the message is in both
queues, and the next run sends it a second time (a FIFO queue drops the second one for five minutes). Messages that
were received then are hidden for a minute.`,
		Example: `  iniesta redrive --dry-run
  iniesta redrive --rate 50
  iniesta redrive --queue iniesta-production-shop --max 1`,
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
			r, err := newRedriver(cmd.Context(), s, c, o)
			if err != nil {
				return err
			}
			r.out = cmd.OutOrStdout()
			signal.Ignore(syscall.SIGPIPE) // whoever reads the progress may be gone
			return r.run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&o.queue, "queue", "", "another queue than the service's: the one to bring messages back to")
	cmd.Flags().IntVar(&o.most, "max", 0, "how many messages to bring back at most; 0 for all")
	cmd.Flags().IntVar(&o.rate, "rate", 0, "how many messages a second at most; 0 for as fast as it goes")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&o.byMessage, "by-message", false, "send one by one, also where SQS would do it itself")
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

// redriver brings messages back from the dead-letter queue, and shows how far it is.
type redriver struct {
	*services
	options redriveOptions
	source  *provision.Queue // where they failed, and go back to
	dead    *provision.Queue
	out     io.Writer
}

func (r *redriver) say(format string, args ...any) { _, _ = terminal.Fprintf(r.out, format, args...) } // nobody may read it

func (r *redriver) run(ctx context.Context) error {
	inFlight := r.dead.Attributes["ApproximateNumberOfMessagesNotVisible"]
	if r.options.dryRun {
		r.describe()
		return nil
	}
	if r.waiting() == 0 && inFlight == "0" {
		r.say("%s is empty.\n", r.dead.Name)
		return nil
	}
	if inFlight != "0" {
		r.say("%s messages of %s are in flight, and stay for now.\n", inFlight, r.dead.Name)
	}
	if !r.options.byMessage && r.options.most == 0 && !r.dead.FIFO() {
		result, err := r.move((*redrive.Move).ByTask, ctx)
		if !errors.Is(err, redrive.ErrTasksNotOffered) {
			return r.conclude(result, err, "their queue, by the count of SQS")
		}
	}
	result, err := r.move((*redrive.Move).ByMessage, ctx)
	return r.conclude(result, err, r.source.Name)
}

func (r *redriver) move(how func(*redrive.Move, context.Context) (redrive.Result, error), ctx context.Context) (redrive.Result, error) {
	p := newProgress(r.out, r.expected())
	defer p.end()
	return how(&redrive.Move{
		API: r.queues, Dead: ends(r.dead), Source: ends(r.source), Most: r.options.most, Rate: r.options.rate, Progress: p.show,
	}, ctx)
}

func ends(q *provision.Queue) redrive.Queue {
	return redrive.Queue{Name: q.Name, URL: q.URL, ARN: q.ARN()}
}

// conclude says how it ended.
func (r *redriver) conclude(result redrive.Result, err error, where string) error {
	moved := fmt.Sprintf("%d messages are back in %s", result.Moved, where)
	switch {
	case result.Twice > 0:
		return fmt.Errorf("%s; %d were sent and could not be deleted from %s, so that they are in both: %s", moved, result.Twice, r.dead.Name, result.Reason)
	case errors.Is(err, redrive.ErrInterrupted):
		return fmt.Errorf("%w: %s, the rest is in %s", err, moved, r.dead.Name)
	case err != nil:
		return fmt.Errorf("%s: %w: the rest is in %s, try --by-message", moved, err, r.dead.Name)
	case result.Refused > 0:
		return fmt.Errorf("%s; %d were refused and stay in %s: %s", moved, result.Refused, r.dead.Name, result.Reason)
	}
	r.say("%s.\n", moved)
	return nil
}

// waiting is about how many messages can be received from the dead-letter queue.
func (r *redriver) waiting() int {
	n, _ := strconv.Atoi(r.dead.Attributes["ApproximateNumberOfMessages"]) // SQS answers with numbers
	return n
}

// expected is how many messages will be brought back.
func (r *redriver) expected() int {
	if r.options.most > 0 {
		return min(r.options.most, r.waiting())
	}
	return r.waiting()
}

func (r *redriver) describe() {
	r.say("%s has about %d messages, %s more are in flight.\n", r.dead.Name, r.waiting(), r.dead.Attributes["ApproximateNumberOfMessagesNotVisible"])
	pace := ""
	if r.options.rate > 0 {
		pace = fmt.Sprintf(", %d a second", r.options.rate)
	}
	r.say("%d would be brought back to %s%s. Nothing was done.\n", r.expected(), r.source.Name, pace)
}
