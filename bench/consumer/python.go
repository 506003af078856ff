package consumer

import (
	"context"
	"log"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// runPython is the algorithm of Python's iniesta: one poll at a time, the ten messages side by side,
// each under its lock, then one delete after the other, then the next poll.
func runPython(ctx context.Context, s Settings) error {
	client := newSQS(s)
	locks, err := newRedsync(s, asItComes)
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		messages := receive(ctx, client, s)
		var handled sync.WaitGroup
		for i := range messages {
			handled.Go(func() { handleLocked(ctx, s, locks, &messages[i]) })
		}
		handled.Wait()
		for _, m := range messages {
			_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: queueURL(s), ReceiptHandle: m.ReceiptHandle})
			if err != nil && ctx.Err() == nil {
				log.Print("deleting: ", err)
			}
		}
	}
	return nil
}
