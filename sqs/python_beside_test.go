package sqs_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// A Python consumer does not know the mark of a message that was handled: it locks the message when the mark has ended,
// and until then each of its receives is one on the way to the dead-letter queue. So this consumer keeps what it cannot
// delete.
func TestMessagesThatCannotBeDeletedAreKeptFromAPythonConsumer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.config.VisibilityTimeout = 30 * time.Second
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" {
				return localaws.Fault{Code: "AccessDenied", Status: http.StatusForbidden}
			}
			return localaws.Fault{}
		})
		for i := range 10 {
			w.send("", fmt.Sprint(i))
		}
		w.start()
		w.after(time.Second)
		ctx, stop := context.WithCancel(t.Context())
		var received, locked atomic.Int64
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			pythonReceives(ctx, w, &received, &locked)
		}()
		w.after(20 * time.Minute)
		w.server.SetFault(nil)
		w.after(5 * time.Minute)
		stop()
		<-stopped
		t.Logf("of 10 handled messages that could not be deleted for 20 minutes: %d received by Python, %d run again", received.Load(), locked.Load())
		assert.Equal(t, 10, ran.count())
		assert.Zero(t, received.Load(), "received")
		assert.Zero(t, locked.Load(), "run again")
		assert.Empty(t, w.left(), "deleted once that can be done")
	})
}

// pythonReceives receives as the Python library does, and locks what it gets with aioredlock's set.
func pythonReceives(ctx context.Context, w *world, received, locked *atomic.Int64) {
	for ctx.Err() == nil {
		out, err := w.api.ReceiveMessage(ctx, &awssqs.ReceiveMessageInput{QueueUrl: &w.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 20})
		if err != nil {
			continue
		}
		for _, m := range out.Messages {
			received.Add(1)
			held := 0
			for _, n := range w.nodes {
				if ok, err := n.Hold(ctx, "sqs:event:"+*m.MessageId, "python", 10*time.Second); err == nil && ok {
					held++
				}
			}
			if held >= 2 {
				locked.Add(1)
			}
		}
	}
}
