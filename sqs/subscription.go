package sqs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/subscription"
)

// ConfirmSubscription checks that the queue is subscribed to a topic, and unless
// INIESTA_ASSERT_FILTER_POLICIES is false that the subscription's filter policy lets through what
// INIESTA_SQS_CONSUMER_FILTERS ask for: order, repetition and rules that others cover do not count. Errors
// match ErrSubscriptionNotFound and ErrFilterMismatch, or ErrNotInitialized before Initialize; where the
// topic cannot be read (sns:ListSubscriptionsByTopic, sns:GetSubscriptionAttributes) the API's own error
// is passed on. A subscription without raw delivery is fine, and logged. Python: confirm_subscription.
func (c *Client) ConfirmSubscription(ctx context.Context, topicARN string) error {
	s, err := c.initialized("confirming the subscription")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	attributes, err := s.queue.attributes(ctx, sqstypes.QueueAttributeNameQueueArn)
	if err != nil {
		return err
	}
	queueARN := attributes["QueueArn"]
	api, done, err := s.topicAPI(ctx, topicARN)
	if err != nil {
		return fmt.Errorf("sqs: confirming the subscription: %w", err)
	}
	defer done()
	found, err := subscription.Find(ctx, api, topicARN, queueARN)
	if err != nil {
		return fmt.Errorf("sqs: listing the subscriptions of %s: %w", topicARN, err)
	}
	if found == "" {
		return fmt.Errorf("%w: %s is not subscribed to %s: run iniesta setup --apply, or subscribe %s with RawMessageDelivery=true and FilterPolicy=%s",
			ErrSubscriptionNotFound, s.queue.name, topicARN, queueARN, s.filters)
	}
	return s.confirmFilters(ctx, api, found)
}

// topicAPI is a client of SNS in the topic's region, and what releases it.
func (s *setup) topicAPI(ctx context.Context, topicARN string) (_ *sns.Client, done func(), _ error) {
	parsed, err := arn.Parse(topicARN)
	if err != nil {
		return nil, nil, fmt.Errorf("%q is not the ARN of a topic, as arn:aws:sns:us-east-1:123456789012:events", topicARN)
	}
	awsConfig, done, err := s.awsConfig(ctx)
	if err != nil {
		return nil, nil, err
	}
	return sns.NewFromConfig(awsConfig, func(o *sns.Options) {
		o.Region = parsed.Region
		if s.config.SNSEndpointURL != "" {
			o.BaseEndpoint = &s.config.SNSEndpointURL
		}
	}), done, nil
}

// confirmFilters compares the subscription's filter policy with the settings.
func (s *setup) confirmFilters(ctx context.Context, api *sns.Client, arn string) error {
	if arn == subscription.Pending {
		return fmt.Errorf("%w: that of %s waits to be confirmed", ErrSubscriptionNotFound, s.queue.name)
	}
	out, err := api.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
	if err != nil {
		if !s.config.AssertFilterPolicies {
			return nil // nothing of it is needed
		}
		return fmt.Errorf("sqs: reading the subscription %s: %w", arn, err)
	}
	if out.Attributes["RawMessageDelivery"] != "true" {
		s.log.Info("[INIESTA] The subscription delivers envelopes, which are taken off; a Python consumer of the queue needs RawMessageDelivery",
			slog.String("subscription", arn))
	}
	if !s.config.AssertFilterPolicies {
		return nil
	}
	return s.compareFilters(arn, out.Attributes)
}

func (s *setup) compareFilters(arn string, attributes map[string]string) error {
	actual, err := filter.ParsePolicy(attributes["FilterPolicy"])
	if err != nil {
		return fmt.Errorf("%w: of %s: %w", ErrFilterMismatch, arn, err)
	}
	cure := fmt.Sprintf("run iniesta setup --apply, change INIESTA_SQS_CONSUMER_FILTERS, or set INIESTA_ASSERT_FILTER_POLICIES=false (subscription %s)", arn)
	if len(actual) > 0 && attributes["FilterPolicyScope"] == "MessageBody" {
		return fmt.Errorf("%w: the subscription's looks at message bodies (FilterPolicyScope), the settings at attributes: %s", ErrFilterMismatch, cure)
	}
	if !actual.Equal(s.filters) {
		return fmt.Errorf("%w: the subscription lets through %s, the settings ask for %s: %s", ErrFilterMismatch, actual, s.filters, cure)
	}
	return nil
}
