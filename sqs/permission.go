package sqs

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/policy"
)

// ConfirmPermission checks that the queue's access policy lets a topic send to it. The whole policy is
// read: every statement, its actions, principals and conditions, and a denial wins. It returns an error
// matching ErrPermissionNotFound that says why not and what to add, ErrNotInitialized before Initialize,
// and the API's own error where the policy cannot be read (sqs:GetQueueAttributes). Python:
// confirm_permission, which looks at the first statement only.
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
	if ok, why := p.TopicMaySend(topicARN, queueARN); !ok {
		return fmt.Errorf("%w: %s may not send to %s: %s: run iniesta setup --apply, or add the statement "+
			`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}`,
			ErrPermissionNotFound, topicARN, q.name, why, queueARN, topicARN)
	}
	return nil
}
