// Package provision makes what a service needs in AWS: its topic, its queue with a dead-letter queue, the
// subscription with its filter policy, and the permission of the topic to send. It looks before each step,
// and leaves what is there as it is.
package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/policy"
	"github.com/seed08532102/iniesta/internal/subscription"
	"github.com/seed08532102/iniesta/internal/terminal"
)

// Spec is what there should be.
type Spec struct {
	TopicARN string        // empty for no topic
	Queue    string        // a name; empty for no queue
	Filter   filter.Policy // of the subscription
	// Subscribed has the queue subscribed to the topic.
	Subscribed bool
}

// Run shows each call that is missing on out, and makes it where apply says so. It returns how many there
// are.
func Run(ctx context.Context, queues *sqs.Client, topics *sns.Client, s Spec, apply bool, out io.Writer) (calls int, err error) {
	p := &plan{Spec: s, queues: queues, topics: topics, apply: apply, out: out}
	err = p.run(ctx)
	return p.calls, err
}

// plan is a Run.
type plan struct {
	Spec
	queues *sqs.Client
	topics *sns.Client
	apply  bool
	out    io.Writer
	calls  int
}

// Of the queues that are made.
const (
	maxReceives   = "5"
	retentionDead = "1209600" // seconds: the 14 days that SQS allows
)

func (p *plan) run(ctx context.Context) error {
	if p.TopicARN != "" {
		if err := p.topic(ctx); err != nil {
			return err
		}
	}
	if p.Queue == "" {
		return nil
	}
	q, err := p.queueAndDeadLetters(ctx)
	if err != nil || !p.Subscribed {
		return err
	}
	if err := p.permission(ctx, q); err != nil {
		return err
	}
	return p.subscription(ctx, q)
}

// call shows a call, and makes it where that was asked for.
func (p *plan) call(what string, arguments map[string]string, do func() error) error {
	p.calls++
	p.say("%s\n", what)
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		p.say("    %s = %s\n", name, arguments[name])
	}
	if !p.apply {
		return nil
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (p *plan) exists(what string) { p.say("%s is there\n", what) }

// say shows a line. Output that cannot be written stops no call.
func (p *plan) say(format string, args ...any) { _, _ = terminal.Fprintf(p.out, format, args...) }

func (p *plan) topic(ctx context.Context) error {
	topicARN := p.TopicARN
	_, err := p.topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topicARN})
	if err == nil {
		p.exists("the topic " + topicARN)
		return nil
	}
	if code := Code(err); code != "NotFound" && code != "NotFoundException" {
		return fmt.Errorf("looking for the topic %s: %w", topicARN, err)
	}
	attributes := map[string]string{}
	if strings.HasSuffix(topicARN, ".fifo") {
		attributes["FifoTopic"], attributes["ContentBasedDeduplication"] = "true", "true"
	}
	name := NameOf(topicARN)
	return p.call("sns:CreateTopic "+name, attributes, func() error {
		out, err := p.topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes})
		if err == nil && aws.ToString(out.TopicArn) != topicARN {
			return fmt.Errorf("it is now %s, and %s was asked for: set the one (INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN), or use the other's account",
				aws.ToString(out.TopicArn), topicARN)
		}
		return err
	})
}

// queueAndDeadLetters makes both queues. A queue that has a dead-letter queue keeps it.
func (p *plan) queueAndDeadLetters(ctx context.Context) (*Queue, error) {
	name := p.Queue
	q, err := p.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if q != nil && q.Attributes["RedrivePolicy"] != "" {
		p.exists("the queue " + name + " with its dead-letter queue")
		return q, nil
	}
	dead, err := p.ensure(ctx, deadName(name), map[string]string{"MessageRetentionPeriod": retentionDead})
	if err != nil {
		return nil, err
	}
	redrive := map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%q}`, dead.ARN(), maxReceives)}
	if q == nil {
		return p.ensure(ctx, name, redrive)
	}
	p.exists("the queue " + name)
	return q, p.setAttributes(ctx, q, redrive)
}

func deadName(queue string) string {
	if base, fifo := strings.CutSuffix(queue, ".fifo"); fifo {
		return base + "-dead.fifo"
	}
	return queue + "-dead"
}

// find finds a queue, nil where it does not exist.
func (p *plan) find(ctx context.Context, name string) (*Queue, error) {
	q, err := FindQueue(ctx, p.queues, name)
	if errors.Is(err, ErrNoQueue) {
		return nil, nil
	}
	return q, err
}

// ensure finds or makes a queue. One that is only shown has the ARN that it would have.
func (p *plan) ensure(ctx context.Context, name string, attributes map[string]string) (*Queue, error) {
	q, err := p.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if q != nil {
		p.exists("the queue " + name)
		return q, nil
	}
	if strings.HasSuffix(name, ".fifo") {
		attributes["FifoQueue"], attributes["ContentBasedDeduplication"] = "true", "true"
	}
	err = p.call("sqs:CreateQueue "+name, attributes, func() error {
		_, err := p.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.apply {
		return FindQueue(ctx, p.queues, name)
	}
	return &Queue{Name: name, Attributes: map[string]string{"QueueArn": p.expectedARN(name)}}, nil
}

// expectedARN is the ARN that a queue will have in the topic's account and region, as far as they are known.
func (p *plan) expectedARN(name string) string {
	region, account := p.queues.Options().Region, "ACCOUNT"
	if topic, err := arn.Parse(p.TopicARN); err == nil {
		account = topic.AccountID
	}
	return "arn:aws:sqs:" + region + ":" + account + ":" + name
}

func (p *plan) setAttributes(ctx context.Context, q *Queue, attributes map[string]string) error {
	return p.call("sqs:SetQueueAttributes "+q.Name, attributes, func() error {
		_, err := p.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &q.URL, Attributes: attributes})
		return err
	})
}

// permission lets the topic send to the queue, beside all that the queue's policy says already.
func (p *plan) permission(ctx context.Context, q *Queue) error {
	current, err := policy.Parse(q.Attributes["Policy"])
	if err != nil {
		return fmt.Errorf("%s: %w", q.Name, err)
	}
	now := current.TopicMaySend(p.TopicARN, q.ARN())
	if now.Decision == policy.Yes {
		p.exists("the permission of the topic to send")
		return nil
	}
	changed, err := Allow(q.Attributes["Policy"], p.TopicARN, q.ARN())
	if err != nil {
		return err
	}
	if changed == q.Attributes["Policy"] {
		p.exists("the permission of the topic to send, which is undecided: " + now.Why + ":")
		return nil
	}
	return p.setAttributes(ctx, q, map[string]string{"Policy": changed})
}

// subscription subscribes the queue to the topic, or mends the filter policy of its subscription.
func (p *plan) subscription(ctx context.Context, q *Queue) error {
	wanted := p.Filter
	found, err := subscription.Find(ctx, p.topics, p.TopicARN, q.ARN())
	if err != nil && !errors.Is(err, subscription.ErrNoTopic) { // that is to be made
		return fmt.Errorf("listing the subscriptions of %s: %w", p.TopicARN, err)
	}
	if found == "" {
		return p.subscribe(ctx, q, wanted)
	}
	out, err := p.topics.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &found})
	if err != nil {
		return fmt.Errorf("reading the subscription %s: %w", found, err)
	}
	actual, err := filter.ParsePolicy(out.Attributes["FilterPolicy"])
	if err == nil && actual.Equal(wanted) && (len(actual) == 0 || out.Attributes["FilterPolicyScope"] != "MessageBody") {
		p.exists("the subscription with its filter policy")
		return nil
	}
	if out.Attributes["FilterPolicyScope"] == "MessageBody" {
		return fmt.Errorf("the subscription %s filters by message body (FilterPolicyScope): change that first", found)
	}
	return p.call("sns:SetSubscriptionAttributes "+found, map[string]string{"FilterPolicy": wanted.String() + " (is " + actual.String() + ")"}, func() error {
		_, err := p.topics.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{
			SubscriptionArn: &found, AttributeName: aws.String("FilterPolicy"), AttributeValue: aws.String(wanted.String())})
		return err
	})
}

func (p *plan) subscribe(ctx context.Context, q *Queue, wanted filter.Policy) error {
	attributes := map[string]string{"RawMessageDelivery": "true", "FilterPolicy": wanted.String()}
	return p.call("sns:Subscribe "+q.Name+" to "+p.TopicARN, attributes, func() error {
		_, err := p.topics.Subscribe(ctx, &sns.SubscribeInput{
			TopicArn: &p.TopicARN, Protocol: aws.String("sqs"), Endpoint: aws.String(q.ARN()), Attributes: attributes})
		return err
	})
}
