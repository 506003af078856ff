package localaws_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// inBubble is a server in virtual time, with its clients.
func inBubble(t *testing.T, test func(t *testing.T, server *localaws.Server, c *clients)) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		test(t, server, newClients(t, server, "us-east-1", "key"))
	})
}

func TestWhetherOlderHandlesDeleteCanBeChosen(t *testing.T) {
	for _, deletes := range []bool{false, true} {
		inBubble(t, func(t *testing.T, server *localaws.Server, c *clients) {
			server.SetGuarantees(localaws.Guarantees{OlderHandlesDelete: deletes})
			q := c.queue("q", map[string]string{"VisibilityTimeout": "1"})
			c.send(q, "x")
			first := c.receive(q)
			time.Sleep(time.Second)
			require.Len(t, c.receive(q), 1)
			require.NoError(t, c.delete(q, first[0].ReceiptHandle))
			want := 1
			if deletes {
				want = 0
			}
			assert.Len(t, server.Inspect("q").Messages, want)
		})
	}
}

func TestWhetherOlderHandlesChangeVisibilityCanBeChosen(t *testing.T) {
	for _, nothing := range []bool{false, true} {
		inBubble(t, func(t *testing.T, server *localaws.Server, c *clients) {
			server.SetGuarantees(localaws.Guarantees{OlderHandlesChangeNothing: nothing})
			q := c.queue("q", map[string]string{"VisibilityTimeout": "10"})
			c.send(q, "x")
			first := c.receive(q)
			time.Sleep(10 * time.Second)
			require.NoError(t, c.hide(q, first[0].ReceiptHandle, 5), "its visibility timeout has passed")
			hidden := len(c.receive(q)) == 0
			assert.Equal(t, !nothing, hidden)
			if hidden {
				time.Sleep(5 * time.Second)
				require.Len(t, c.receive(q), 1)
			}
			require.NoError(t, c.hide(q, first[0].ReceiptHandle, 0), "another receive holds the message")
			assert.Equal(t, !nothing, len(c.receive(q)) == 1)
		})
	}
}

func TestAFIFOQueueRefusesOlderHandlesWhateverIsGuaranteed(t *testing.T) {
	inBubble(t, func(t *testing.T, server *localaws.Server, c *clients) {
		server.SetGuarantees(localaws.Guarantees{OlderHandlesDelete: true, OlderHandlesChangeNothing: true})
		q := c.queue("q.fifo", map[string]string{"FifoQueue": "true", "VisibilityTimeout": "1"})
		_, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("1")})
		require.NoError(t, err)
		first := c.receive(q)
		time.Sleep(time.Second)
		c.receive(q)
		assert.ErrorContains(t, c.delete(q, first[0].ReceiptHandle), "The receipt handle has expired")
		assert.ErrorContains(t, c.hide(q, first[0].ReceiptHandle, 1), "The receipt handle has expired")
	})
}

func TestAMoveOfAFIFODeadLetterWithinItsDeduplicationIntervalLosesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, server *localaws.Server, c *clients) {
		dead := c.queue("dead.fifo", map[string]string{"FifoQueue": "true"})
		q := c.queue("q.fifo", map[string]string{"FifoQueue": "true", "VisibilityTimeout": "1",
			"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead.fifo","maxReceiveCount":1}`})
		_, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x"), MessageGroupId: aws.String("g"), MessageDeduplicationId: aws.String("1")})
		require.NoError(t, err)
		c.receive(q)
		time.Sleep(time.Second)
		require.Empty(t, c.receive(q))
		_, err = c.sqs.StartMessageMoveTask(t.Context(), &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(c.arn(dead))})
		require.NoError(t, err)
		time.Sleep(time.Second)
		synctest.Wait()
		got := c.receive(q)
		require.Len(t, got, 1)
		assert.Equal(t, "1", got[0].Attributes["ApproximateReceiveCount"], "it is a message as if sent anew")
		assert.Empty(t, server.Inspect("dead.fifo").Messages)
	})
}

func TestAChangeOfTheDeduplicationScopeHasItsEffectAfterAMinute(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *localaws.Server, c *clients) {
		q := c.queue("q.fifo", map[string]string{"FifoQueue": "true"})
		send := func(group, dedup string) {
			_, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &q, MessageBody: aws.String("x"), MessageGroupId: &group, MessageDeduplicationId: &dedup})
			require.NoError(t, err)
		}
		_, err := c.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &q, Attributes: map[string]string{"DeduplicationScope": "messageGroup"}})
		require.NoError(t, err)
		send("a", "1")
		send("b", "1")
		time.Sleep(time.Minute)
		send("a", "2")
		send("b", "2")
		assert.Len(t, append(c.receive(q), c.receive(q)...), 3)
	})
}

func TestTwoQueuesCanBeEachOthersDeadLetterQueue(t *testing.T) {
	inBubble(t, func(t *testing.T, server *localaws.Server, c *clients) {
		policy := func(name string) map[string]string {
			return map[string]string{"VisibilityTimeout": "0", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:` + name + `","maxReceiveCount":1}`}
		}
		a := c.queue("a", nil)
		b := c.queue("b", policy("a"))
		_, err := c.sqs.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &a, Attributes: policy("b")})
		require.NoError(t, err)
		for i := range 20 {
			c.send(a, fmt.Sprint(i))
			c.send(b, fmt.Sprint(i))
		}
		var receiving sync.WaitGroup
		for _, q := range []string{a, b, a, b} {
			receiving.Go(func() {
				for range 50 {
					c.receive(q)
				}
			})
		}
		receiving.Wait()
		assert.Equal(t, 40, len(server.Inspect("a").Messages)+len(server.Inspect("b").Messages))
	})
}
