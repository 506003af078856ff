package sqs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/policy"
)

// ConfirmPermission checks that the queue's access policy lets a topic send to it. The whole policy is
// read as AWS reads it: every statement, its actions, principals and conditions, and a denial wins. Where the
// policy asks for something that the consumer cannot know, such as the topic's organization, it logs a warning
// and returns nil. It returns an error matching ErrPermissionNotFound that says why not and what to add,
// ErrNotInitialized before Initialize, and the API's own error where the policy cannot be read
// (sqs:GetQueueAttributes). Python: confirm_permission, which looks at the first statement only.
func (c *Client) ConfirmPermission(ctx context.Context, topicARN string) error {
	s, err := c.initialized("confirming the permission to send")
	if err != nil {
		return err
	}
	q := s.queue
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	attributes, err := q.attributes(ctx, types.QueueAttributeNamePolicy, types.QueueAttributeNameQueueArn)
	if err != nil {
		return err
	}
	queueARN := attributes["QueueArn"]
	p, err := policy.Parse(attributes["Policy"])
	if err != nil {
		return fmt.Errorf("sqs: reading the policy of %s: %w", q.name, err)
	}
	switch v := p.TopicMaySend(topicARN, queueARN); v.Decision {
	case policy.No:
		return fmt.Errorf("%w: %s may not send to %s: %s: run iniesta setup --apply, or add the statement %s",
			ErrPermissionNotFound, topicARN, q.name, v.Why, policy.GrantOf(topicARN, queueARN))
	case policy.Undecided:
		s.log.LogAttrs(ctx, slog.LevelWarn, "[INIESTA] whether the topic may send to the queue is undecided",
			slog.String("topic", topicARN), slog.String("queue", q.name), slog.String("reason", v.Why))
	}
	return nil
}
