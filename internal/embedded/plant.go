package embedded

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// planter makes what a seed has, as any client would.
type planter struct {
	queues          *sqs.Client
	topics          *sns.Client
	region, account string
	urls            map[string]string   // of queues, by name
	senders         map[string][]string // ARNs of topics, by the name of the queue they send to
}

func newPlanter(s *Servers) *planter {
	client := &http.Client{Transport: s.AWS.Transport()}
	keys := credentials.NewStaticCredentialsProvider("seed", "seed", "")
	return &planter{
		queues: sqs.New(sqs.Options{BaseEndpoint: &s.URL, Region: s.region, HTTPClient: client, Credentials: keys, RetryMaxAttempts: 1}),
		topics: sns.New(sns.Options{BaseEndpoint: &s.URL, Region: s.region, HTTPClient: client, Credentials: keys, RetryMaxAttempts: 1}),
		region: s.region, account: s.account, urls: make(map[string]string), senders: make(map[string][]string),
	}
}

func (p *planter) arn(service, name string) string {
	return arn.ARN{Partition: "aws", Service: service, Region: p.region, AccountID: p.account, Resource: name}.String()
}

func (p *planter) queue(ctx context.Context, q SeedQueue) error {
	attributes := texts(q.Attributes)
	found, err := p.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.Name})
	if missing := (*types.QueueDoesNotExist)(nil); errors.As(err, &missing) {
		if strings.HasSuffix(q.Name, ".fifo") {
			attributes["FifoQueue"] = "true"
		}
		made, err := p.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &q.Name, Attributes: attributes, Tags: q.Tags})
		if err != nil {
			return err
		}
		p.urls[q.Name] = *made.QueueUrl
		return nil
	}
	if err != nil {
		return err
	}
	p.urls[q.Name] = *found.QueueUrl
	if len(attributes) > 0 {
		if _, err := p.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: found.QueueUrl, Attributes: attributes}); err != nil {
			return err
		}
	}
	if len(q.Tags) > 0 {
		_, err = p.queues.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: found.QueueUrl, Tags: q.Tags})
	}
	return err
}

const normalReceives = 5

func (p *planter) deadLetters(ctx context.Context, q SeedQueue) error {
	if q.DeadLetterQueue == "" {
		return nil
	}
	most := q.MaxReceiveCount
	if most == 0 {
		most = normalReceives
	}
	policy := jsonOf(map[string]any{"deadLetterTargetArn": p.arn("sqs", q.DeadLetterQueue), "maxReceiveCount": most})
	return p.set(ctx, q.Name, "RedrivePolicy", policy)
}

func (p *planter) set(ctx context.Context, queue, attribute, value string) error {
	_, err := p.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: aws.String(p.urls[queue]), Attributes: map[string]string{attribute: value}})
	return err
}

func (p *planter) topic(ctx context.Context, t SeedTopic) error {
	in := &sns.CreateTopicInput{Name: &t.Name}
	if strings.HasSuffix(t.Name, ".fifo") {
		in.Attributes = map[string]string{"FifoTopic": "true"}
	}
	made, err := p.topics.CreateTopic(ctx, in)
	if err != nil {
		return err
	}
	attributes := texts(t.Attributes)
	delete(attributes, "FifoTopic")
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		_, err := p.topics.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: made.TopicArn, AttributeName: &name, AttributeValue: aws.String(attributes[name])})
		if err != nil {
			return err
		}
	}
	if err := p.tag(ctx, made.TopicArn, t.Tags); err != nil {
		return err
	}
	for _, sub := range t.Subscriptions {
		if err := p.subscription(ctx, made.TopicArn, sub); err != nil {
			return err
		}
	}
	return nil
}

func (p *planter) tag(ctx context.Context, topic *string, tags map[string]string) error {
	if len(tags) == 0 {
		return nil
	}
	in := &sns.TagResourceInput{ResourceArn: topic}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, snstypes.Tag{Key: &key, Value: aws.String(tags[key])})
	}
	_, err := p.topics.TagResource(ctx, in)
	return err
}

func (p *planter) subscription(ctx context.Context, topic *string, s SeedSubscription) error {
	made, err := p.topics.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: aws.String(p.arn("sqs", s.Queue))})
	if err != nil {
		return err
	}
	raw := "true"
	if s.Raw != nil && !*s.Raw {
		raw = "false"
	}
	attributes := [][2]string{{"RawMessageDelivery", raw}}
	if s.FilterScope != "" {
		attributes = append(attributes, [2]string{"FilterPolicyScope", s.FilterScope})
	}
	if s.Filter != nil {
		attributes = append(attributes, [2]string{"FilterPolicy", jsonOf(s.Filter)})
	}
	if s.DeadLetterQueue != "" {
		attributes = append(attributes, [2]string{"RedrivePolicy", jsonOf(map[string]string{"deadLetterTargetArn": p.arn("sqs", s.DeadLetterQueue)})})
		p.senders[s.DeadLetterQueue] = append(p.senders[s.DeadLetterQueue], *topic)
	}
	p.senders[s.Queue] = append(p.senders[s.Queue], *topic)
	for _, a := range attributes {
		_, err := p.topics.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: made.SubscriptionArn, AttributeName: &a[0], AttributeValue: &a[1]})
		if err != nil {
			return err
		}
	}
	return nil
}

// permissions lets topics send to the queues that are subscribed to them, unless the seed has the queue's policy.
func (p *planter) permissions(ctx context.Context, seed *Seed) error {
	for _, q := range seed.Queues {
		topics := p.senders[q.Name]
		if _, own := q.Attributes["Policy"]; own || len(topics) == 0 {
			continue
		}
		var statements []any
		for _, topic := range topics {
			statements = append(statements, map[string]any{
				"Effect": "Allow", "Principal": map[string]string{"Service": "sns.amazonaws.com"}, "Action": "SQS:SendMessage",
				"Resource": p.arn("sqs", q.Name), "Condition": map[string]any{"ArnEquals": map[string]string{"aws:SourceArn": topic}},
			})
		}
		if err := p.set(ctx, q.Name, "Policy", jsonOf(map[string]any{"Version": "2012-10-17", "Statement": statements})); err != nil {
			return err
		}
	}
	return nil
}
