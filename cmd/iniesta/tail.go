package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/provision"
	"github.com/seed08532102/iniesta/internal/terminal"
)

func newTail() *cobra.Command {
	var events []string
	var most int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Show events of the topic as they pass",
		Long: `Show the events of the topic as they pass, until Ctrl-C. They come through a queue and a subscription of their
own, which are removed at the end: no service gets fewer messages, or notices.`,
		Example: `  iniesta tail
  iniesta tail --event 'UserUpdated.*' --event OrderPlaced.shop
  iniesta tail --json --max 100 > events.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(config.NoLocks)
			if err != nil {
				return err
			}
			if c.GlobalTopicARN == "" {
				return errors.New("no topic is set: set INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN to its ARN")
			}
			policy, err := filter.Parse(c.EventKey, events)
			if err != nil {
				return fmt.Errorf("--event %w", err)
			}
			s, err := openServices(cmd.Context(), c)
			if err != nil {
				return err
			}
			t := &tail{services: s, topicARN: c.GlobalTopicARN, filter: policy, most: most, notes: cmd.ErrOrStderr(),
				view: &messageView{out: cmd.OutOrStdout(), eventKey: c.EventKey, asJSON: asJSON}}
			return t.run(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVar(&events, "event", nil, "show only this event, Event.service or Event.*; may be repeated")
	cmd.Flags().IntVar(&most, "max", 0, "end after so many events; 0 for no end")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each event as a line of JSON")
	return cmd
}

// tail is a temporary queue that is subscribed to the topic.
type tail struct {
	*services
	topicARN     string
	filter       filter.Policy
	most         int
	view         *messageView
	notes        io.Writer
	queueURL     string
	subscription string
}

// run makes the queue, shows what comes, and removes all of it again, however it ends.
func (t *tail) run(ctx context.Context) (err error) {
	defer func() {
		if e := t.remove(context.WithoutCancel(ctx)); e != nil {
			err = errors.Join(err, e)
		}
	}()
	if err := t.subscribe(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	if _, err := terminal.Fprintf(t.notes, "Listening to %s\n", t.topicARN); err != nil {
		return err
	}
	return t.show(ctx)
}

func (t *tail) subscribe(ctx context.Context) error {
	name := "iniesta-tail-" + uuid.NewString()
	attributes := map[string]string{"MessageRetentionPeriod": "60"} // should it be left behind, it stays small
	if strings.HasSuffix(t.topicARN, ".fifo") {
		name += ".fifo"
		attributes["FifoQueue"] = "true"
	}
	created, err := t.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		return fmt.Errorf("creating the queue %s: %w", name, err)
	}
	t.queueURL = aws.ToString(created.QueueUrl)
	q := &provision.Queue{Name: name, URL: t.queueURL}
	if err := q.Refresh(ctx, t.queues); err != nil {
		return err
	}
	policy, err := provision.Allow("", t.topicARN, q.ARN())
	if err != nil {
		return err
	}
	if _, err := t.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &q.URL, Attributes: map[string]string{"Policy": policy}}); err != nil {
		return fmt.Errorf("letting the topic send to %s: %w", name, err)
	}
	wanted := map[string]string{"RawMessageDelivery": "true"}
	if len(t.filter) > 0 {
		wanted["FilterPolicy"] = t.filter.String()
	}
	out, err := t.topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: &t.topicARN, Protocol: aws.String("sqs"), Endpoint: aws.String(q.ARN()),
		Attributes: wanted, ReturnSubscriptionArn: true})
	if err != nil {
		return fmt.Errorf("subscribing to %s: %w", t.topicARN, err)
	}
	t.subscription = aws.ToString(out.SubscriptionArn)
	return nil
}

// show receives and deletes until ctx ends or enough was shown.
func (t *tail) show(ctx context.Context) error {
	for shown := 0; ctx.Err() == nil; {
		out, err := t.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &t.queueURL, MaxNumberOfMessages: 10, WaitTimeSeconds: 20,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiving events: %w", err)
		}
		for i := range out.Messages {
			if err := t.view.show(&out.Messages[i]); err != nil {
				return err
			}
			if shown++; shown == t.most {
				return nil
			}
		}
		if err := t.forget(ctx, out.Messages); err != nil {
			return err
		}
	}
	return nil
}

func (t *tail) forget(ctx context.Context, messages []types.Message) error {
	if len(messages) == 0 {
		return nil
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &t.queueURL}
	for i, m := range messages {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	if _, err := t.queues.DeleteMessageBatch(ctx, in); err != nil && ctx.Err() == nil {
		return fmt.Errorf("deleting what was shown: %w", err)
	}
	return nil
}

// remove ends the subscription, then deletes the queue.
func (t *tail) remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var errs []error
	if t.subscription != "" {
		if _, err := t.topics.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &t.subscription}); err != nil {
			errs = append(errs, fmt.Errorf("the subscription %s is left, remove it: %w", t.subscription, err))
		}
	}
	if t.queueURL != "" {
		if _, err := t.queues.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &t.queueURL}); err != nil {
			errs = append(errs, fmt.Errorf("the queue %s is left, delete it: %w", t.queueURL, err))
		}
	}
	return errors.Join(errs...)
}
