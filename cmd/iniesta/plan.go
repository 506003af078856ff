package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/policy"
)

// plan is what setup does. Each step looks first, and does nothing where there is nothing to do.
type plan struct {
	*services
	config config.Config
	apply  bool
	out    io.Writer
	calls  int
}

// Of the queues that setup makes.
const (
	maxReceives   = "5"
	retentionDead = "1209600" // seconds: the 14 days that SQS allows
)

func (p *plan) run(ctx context.Context) error {
	types, err := iniesta.ParseInitializationTypes(p.config.InitializationType...)
	if err != nil {
		return err
	}
	if types&(iniesta.SNS_PRODUCER|iniesta.EVENT_POLLING) != 0 {
		if err := p.topic(ctx); err != nil {
			return err
		}
	}
	if types&(iniesta.QUEUE_POLLING|iniesta.EVENT_POLLING) == 0 {
		return nil
	}
	q, err := p.queueAndDeadLetters(ctx)
	if err != nil || !types.Has(iniesta.EVENT_POLLING) {
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
	fmt.Fprint(p.out, what)
	for _, name := range slices.Sorted(maps.Keys(arguments)) {
		fmt.Fprintf(p.out, "\n    %s = %s", name, arguments[name])
	}
	fmt.Fprintln(p.out)
	if !p.apply {
		return nil
	}
	if err := do(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (p *plan) exists(what string) { fmt.Fprintf(p.out, "%s is there\n", what) }

func (p *plan) topic(ctx context.Context) error {
	topicARN := p.config.GlobalTopicARN
	_, err := p.topics.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topicARN})
	if err == nil {
		p.exists("the topic " + topicARN)
		return nil
	}
	if code := errorCode(err); code != "NotFound" && code != "NotFoundException" {
		return fmt.Errorf("looking for the topic %s: %w", topicARN, err)
	}
	attributes := map[string]string{}
	if strings.HasSuffix(topicARN, ".fifo") {
		attributes["FifoTopic"], attributes["ContentBasedDeduplication"] = "true", "true"
	}
	name := nameOf(topicARN)
	return p.call("sns:CreateTopic "+name, attributes, func() error {
		out, err := p.topics.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes})
		if err == nil && aws.ToString(out.TopicArn) != topicARN {
			return fmt.Errorf("it is now %s, and INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN says %s: set the one, or use the other's account",
				aws.ToString(out.TopicArn), topicARN)
		}
		return err
	})
}

// queueAndDeadLetters makes both queues. A queue that has a dead-letter queue keeps it.
func (p *plan) queueAndDeadLetters(ctx context.Context) (*foundQueue, error) {
	name, err := p.config.ResolvedQueueName()
	if err != nil {
		return nil, err
	}
	q, err := p.find(ctx, name)
	if err != nil {
		return nil, err
	}
	if q != nil && q.attributes["RedrivePolicy"] != "" {
		p.exists("the queue " + name + " with its dead-letter queue")
		return q, nil
	}
	dead, err := p.ensure(ctx, deadName(name), map[string]string{"MessageRetentionPeriod": retentionDead})
	if err != nil {
		return nil, err
	}
	redrive := map[string]string{"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%q}`, dead.arn(), maxReceives)}
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
func (p *plan) find(ctx context.Context, name string) (*foundQueue, error) {
	q, err := p.queue(ctx, name)
	if noQueue(err) {
		return nil, nil
	}
	return q, err
}

// ensure finds or makes a queue. One that is only shown has the ARN that it would have.
func (p *plan) ensure(ctx context.Context, name string, attributes map[string]string) (*foundQueue, error) {
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
		return p.queue(ctx, name)
	}
	return &foundQueue{name: name, attributes: map[string]string{"QueueArn": p.expectedARN(name)}}, nil
}

// expectedARN is the ARN that a queue will have in the topic's account and region, as far as they are known.
func (p *plan) expectedARN(name string) string {
	region, account := p.queues.Options().Region, "ACCOUNT"
	if topic, err := arn.Parse(p.config.GlobalTopicARN); err == nil {
		account = topic.AccountID
	}
	return "arn:aws:sqs:" + region + ":" + account + ":" + name
}

func (p *plan) setAttributes(ctx context.Context, q *foundQueue, attributes map[string]string) error {
	return p.call("sqs:SetQueueAttributes "+q.name, attributes, func() error {
		_, err := p.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &q.url, Attributes: attributes})
		return err
	})
}

// statementID is the Sid of the statement that setup writes for a topic.
func statementID(topicARN string) string {
	return "iniesta" + strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, nameOf(topicARN))
}

// permission lets the topic send to the queue, beside all that the queue's policy says already.
func (p *plan) permission(ctx context.Context, q *foundQueue) error {
	current, err := policy.Parse(q.attributes["Policy"])
	if err != nil {
		return fmt.Errorf("%s: %w", q.name, err)
	}
	if ok, _ := current.TopicMaySend(p.config.GlobalTopicARN, q.arn()); ok {
		p.exists("the permission of the topic to send")
		return nil
	}
	changed, err := withStatement(q.attributes["Policy"], statementID(p.config.GlobalTopicARN), map[string]any{
		"Effect": "Allow", "Principal": map[string]string{"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": q.arn(),
		"Condition": map[string]any{"ArnEquals": map[string]string{"aws:SourceArn": p.config.GlobalTopicARN}},
	})
	if err != nil {
		return fmt.Errorf("changing the policy of %s: %w", q.name, err)
	}
	after, err := policy.Parse(changed)
	if err != nil {
		return err
	}
	if ok, why := after.TopicMaySend(p.config.GlobalTopicARN, q.arn()); !ok {
		return fmt.Errorf("the policy of %s keeps the topic from sending whatever is added to it: %s: change that first", q.name, why)
	}
	return p.setAttributes(ctx, q, map[string]string{"Policy": changed})
}

// withStatement puts a statement into a policy, in place of the one with its Sid. All others stay as they
// are, to the letter.
func withStatement(text, id string, statement map[string]any) (string, error) {
	document := map[string]json.RawMessage{"Version": json.RawMessage(`"2012-10-17"`)}
	var statements []json.RawMessage
	if strings.TrimSpace(text) != "" {
		if err := json.Unmarshal([]byte(text), &document); err != nil {
			return "", err
		}
		if json.Unmarshal(document["Statement"], &statements) != nil && len(document["Statement"]) > 0 {
			statements = []json.RawMessage{document["Statement"]} // one alone needs no list
		}
	}
	statements = slices.DeleteFunc(statements, func(s json.RawMessage) bool {
		var named struct{ Sid string }
		return json.Unmarshal(s, &named) == nil && named.Sid == id
	})
	statement["Sid"] = id
	own, err := json.Marshal(statement)
	if err != nil {
		return "", err
	}
	if document["Statement"], err = json.Marshal(append(statements, own)); err != nil {
		return "", err
	}
	changed, err := json.Marshal(document)
	return string(changed), err
}

// subscription subscribes the queue to the topic, or mends the filter policy of its subscription.
func (p *plan) subscription(ctx context.Context, q *foundQueue) error {
	wanted, err := filter.Parse(p.config.EventKey, p.config.ConsumerFilters)
	if err != nil {
		return err
	}
	found, err := p.findSubscription(ctx, q.arn())
	if err != nil {
		return err
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

func (p *plan) subscribe(ctx context.Context, q *foundQueue, wanted filter.Policy) error {
	attributes := map[string]string{"RawMessageDelivery": "true", "FilterPolicy": wanted.String()}
	return p.call("sns:Subscribe "+q.name+" to "+p.config.GlobalTopicARN, attributes, func() error {
		_, err := p.topics.Subscribe(ctx, &sns.SubscribeInput{
			TopicArn: &p.config.GlobalTopicARN, Protocol: aws.String("sqs"), Endpoint: aws.String(q.arn()), Attributes: attributes})
		return err
	})
}

// findSubscription returns the ARN of the queue's subscription, empty where there is none.
func (p *plan) findSubscription(ctx context.Context, queueARN string) (string, error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(p.topics, &sns.ListSubscriptionsByTopicInput{TopicArn: &p.config.GlobalTopicARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if code := errorCode(err); code == "NotFound" || code == "NotFoundException" {
			return "", nil // it is to be made
		}
		if err != nil {
			return "", fmt.Errorf("listing the subscriptions of %s: %w", p.config.GlobalTopicARN, err)
		}
		for _, s := range page.Subscriptions {
			if aws.ToString(s.Endpoint) == queueARN {
				return aws.ToString(s.SubscriptionArn), nil
			}
		}
	}
	return "", nil
}
