// Package subscription finds the subscription of a queue among those of a topic.
package subscription

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// ErrNoTopic is matched where the topic does not exist.
var ErrNoTopic = errors.New("the topic does not exist: create it, or set INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN to one that does")

// Pending is the ARN of a subscription that waits to be confirmed.
const Pending = "PendingConfirmation"

// Find returns the ARN of a queue's subscription, empty where there is none. It goes through all pages.
func Find(ctx context.Context, api sns.ListSubscriptionsByTopicAPIClient, topicARN, queueARN string) (string, error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(api, &sns.ListSubscriptionsByTopicInput{TopicArn: &topicARN})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if _, gone := errors.AsType[*types.NotFoundException](err); gone {
			return "", fmt.Errorf("%w: %w", ErrNoTopic, err)
		}
		if err != nil {
			return "", err
		}
		for _, s := range page.Subscriptions {
			if aws.ToString(s.Endpoint) == queueARN {
				return aws.ToString(s.SubscriptionArn), nil
			}
		}
	}
	return "", nil
}
