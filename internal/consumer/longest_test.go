package consumer

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
)

// SQS refuses an extension that would keep a message invisible for more than twelve hours from its receipt.
func TestTheLastExtensionIsAsLongAsSQSAllows(t *testing.T) {
	for _, visibility := range []time.Duration{time.Hour, 4 * time.Hour, 11 * time.Hour} {
		t.Run(visibility.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, messages := &deletions{}, make(chan []types.Message, 1)
				messages <- delivered("h", "m")
				receive := func(ctx context.Context, in *sqs.ReceiveMessageInput) (*sqs.ReceiveMessageOutput, error) {
					select {
					case received := <-messages:
						return &sqs.ReceiveMessageOutput{Messages: received}, nil
					case <-time.After(time.Duration(in.WaitTimeSeconds) * time.Second):
					case <-ctx.Done():
					}
					return &sqs.ReceiveMessageOutput{}, ctx.Err()
				}
				var mu sync.Mutex
				began, visible, refused := time.Now(), time.Now().Add(visibility), 0
				change := func(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
					mu.Lock()
					defer mu.Unlock()
					out := &sqs.ChangeMessageVisibilityBatchOutput{}
					for _, e := range in.Entries {
						until := time.Now().Add(time.Duration(e.VisibilityTimeout) * time.Second)
						if until.Sub(began) > 12*time.Hour {
							refused++
							out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, SenderFault: true, Code: aws.String("InvalidParameterValue")})
							continue
						}
						visible = until
						out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
					}
					return out, nil
				}
				c := newConsumer(func(o *Options) {
					o.Queue.API = &fakeQueue{receive: receive, delete: d.delete, change: change}
					o.Visibility, o.MaxExtension = visibility, 12*time.Hour
					o.Handler = fakeHandler{handle: func(context.Context, *Message) Result {
						time.Sleep(11*time.Hour + 50*time.Minute)
						return Result{Outcome: Handled}
					}}
				})
				begin(t, c)
				time.Sleep(11*time.Hour + 49*time.Minute)
				mu.Lock()
				assert.True(t, time.Now().Before(visible), "the message is invisible while its handler runs")
				assert.Zero(t, refused)
				mu.Unlock()
				time.Sleep(time.Hour)
				assert.Equal(t, []string{"h"}, d.list())
			})
		})
	}
}
