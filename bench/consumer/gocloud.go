package consumer

import (
	"context"
	"fmt"

	"gocloud.dev/pubsub/awssnssqs"
)

// runGoCloud is the loop of gocloud.dev's documentation: a semaphore, a goroutine for each message, an
// acknowledgement.
func runGoCloud(ctx context.Context, s Settings) error {
	subscription := awssnssqs.OpenSubscription(ctx, newSQS(s), *queueURL(s), &awssnssqs.SubscriptionOptions{Raw: true, WaitTime: 20e9})
	room := make(chan struct{}, s.Concurrency)
	for {
		m, err := subscription.Receive(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("receiving: %w", err)
		}
		room <- struct{}{}
		go func() {
			defer func() { <-room }()
			defer m.Ack()
			s.Handle(sentAt(m.Metadata["sent"]))
		}()
	}
}
