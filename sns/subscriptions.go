package sns

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Subscription is a subscription to the topic.
type Subscription struct {
	ARN      string // "PendingConfirmation" until it is confirmed
	Protocol string // sqs, lambda, https, email ...
	Endpoint string // of a queue, its ARN
	Owner    string // an account
	TopicARN string
}

// Subscriptions goes through the topic's subscriptions, page by page as they are asked for. It ends with
// the first error. Python: list_subscriptions_by_topic.
func (c *Client) Subscriptions(ctx context.Context) iter.Seq2[Subscription, error] {
	return func(yield func(Subscription, error) bool) {
		t, err := c.initialized("listing subscriptions")
		if err != nil {
			yield(Subscription{}, err)
			return
		}
		for next := (*string)(nil); ; {
			page, err := t.page(ctx, next)
			if err != nil {
				yield(Subscription{}, err)
				return
			}
			for _, s := range page.Subscriptions {
				if !yield(Subscription{
					ARN: aws.ToString(s.SubscriptionArn), Protocol: aws.ToString(s.Protocol), Endpoint: aws.ToString(s.Endpoint),
					Owner: aws.ToString(s.Owner), TopicARN: aws.ToString(s.TopicArn),
				}, nil) {
					return
				}
			}
			if next = page.NextToken; aws.ToString(next) == "" {
				return
			}
		}
	}
}

func (t *topic) page(ctx context.Context, next *string) (*sns.ListSubscriptionsByTopicOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	page, err := t.api.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &t.arn, NextToken: next})
	if err != nil {
		return nil, fmt.Errorf("sns: listing the subscriptions of %s: %w", t.arn, err)
	}
	return page, nil
}

// SubscriptionAttributes returns the attributes of a subscription: FilterPolicy, RawMessageDelivery and
// the like. Python: get_subscription_attributes.
func (c *Client) SubscriptionAttributes(ctx context.Context, subscriptionARN string) (map[string]string, error) {
	t, err := c.initialized("reading a subscription")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := t.api.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &subscriptionARN})
	if err != nil {
		return nil, fmt.Errorf("sns: reading the subscription %s: %w", subscriptionARN, err)
	}
	return out.Attributes, nil
}
