package sns

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Publish publishes the message and sets MessageID from the reply. What SNS would refuse is refused
// before the call, with an error matching ErrInvalidMessage. The call takes ten seconds at most. Python:
// publish.
func (m *Message) Publish(ctx context.Context) error {
	if m.topic == nil {
		return fmt.Errorf("sns: publishing a message: %w: it belongs to no topic: make it with CreateMessage", ErrInvalidMessage)
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("sns: publishing %s: %w: %w", m.Event(), ErrInvalidMessage, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := m.topic.api.Publish(ctx, m.input())
	if err != nil {
		return fmt.Errorf("sns: publishing %s to %s: %w", m.Event(), m.topic.arn, err)
	}
	m.MessageID = aws.ToString(out.MessageId)
	return nil
}
