package sns

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

// Result is what became of one message of a batch.
type Result struct {
	Index     int // of the message in the batch
	MessageID string
	Err       error // nil where it was published
}

const (
	maxBatch      = 10 // entries in a call
	batchAttempts = 4
)

// PublishBatch publishes any number of messages, ten to a call and as many bytes as one message may have,
// in their order. What failed and can succeed is tried again, up to three times: the error's code decides,
// so that throttling is tried again also where SNS calls it the sender's fault. It returns one
// result for each message, and an error that joins those of the messages that were not published, each
// with its index; those that SNS would refuse match ErrInvalidMessage and keep nothing else back. When
// ctx ends, the rest is not published.
func (c *Client) PublishBatch(ctx context.Context, messages []*Message) ([]Result, error) {
	t, err := c.initialized("publishing a batch")
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(messages))
	var entries []*batchEntry
	for i, m := range messages {
		results[i].Index = i
		if err := checkFor(t, m); err != nil {
			results[i].Err = fmt.Errorf("%w: %w", ErrInvalidMessage, err)
			continue
		}
		entries = append(entries, &batchEntry{message: m, result: &results[i]})
	}
	for _, batch := range pack(entries) {
		t.publishBatch(ctx, batch)
	}
	var failed []error
	for _, r := range results {
		if r.Err != nil {
			failed = append(failed, fmt.Errorf("sns: publishing message %d of a batch: %w", r.Index, r.Err))
		}
	}
	return results, errors.Join(failed...)
}

type batchEntry struct {
	message *Message
	result  *Result
}

func checkFor(t *topic, m *Message) error {
	if m == nil || m.topic == nil || m.topic.arn != t.arn {
		return errors.New("it does not belong to the client's topic: make it with CreateMessage")
	}
	return m.check()
}

// pack cuts entries into batches that SNS takes.
func pack(entries []*batchEntry) [][]*batchEntry {
	var batches [][]*batchEntry
	size := 0
	for _, e := range entries {
		n := e.message.Size()
		if last := len(batches) - 1; last >= 0 && len(batches[last]) < maxBatch && size+n <= MaxSize {
			batches[last] = append(batches[last], e)
			size += n
			continue
		}
		batches = append(batches, []*batchEntry{e})
		size = n
	}
	return batches
}

// publishBatch publishes up to ten messages, again where that can help.
func (t *topic) publishBatch(ctx context.Context, batch []*batchEntry) {
	for attempt := 1; ; attempt++ {
		batch = t.tryBatch(ctx, batch)
		if len(batch) == 0 || attempt == batchAttempts {
			return
		}
		select {
		case <-time.After(100 * time.Millisecond << (attempt - 1)):
		case <-ctx.Done():
			return
		}
	}
}

// tryBatch makes one call and returns what can be tried again.
func (t *topic) tryBatch(ctx context.Context, batch []*batchEntry) (again []*batchEntry) {
	in := &sns.PublishBatchInput{TopicArn: &t.arn}
	for i, e := range batch {
		in.PublishBatchRequestEntries = append(in.PublishBatchRequestEntries, e.message.entry(strconv.Itoa(i)))
		e.result.Err = errors.New("the reply does not mention it")
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := t.api.PublishBatch(ctx, in)
	if err != nil {
		for _, e := range batch {
			e.result.Err = err
		}
		if awsclient.Temporary(err) { // the SDK tries again itself, but not for every code of throttling
			return batch
		}
		return nil
	}
	at := func(id *string) *batchEntry {
		i, err := strconv.Atoi(aws.ToString(id))
		if err != nil || i < 0 || i >= len(batch) {
			return nil
		}
		return batch[i]
	}
	for _, s := range out.Successful {
		if e := at(s.Id); e != nil {
			e.message.MessageID, e.result.MessageID, e.result.Err = aws.ToString(s.MessageId), aws.ToString(s.MessageId), nil
		}
	}
	for _, f := range out.Failed {
		if e := at(f.Id); e != nil {
			e.result.Err = awsclient.EntryError(f.Code, f.Message, f.SenderFault)
			if !awsclient.Final(e.result.Err) {
				again = append(again, e)
			}
		}
	}
	slices.SortFunc(again, func(a, b *batchEntry) int { return a.result.Index - b.result.Index })
	return again
}

func (m *Message) entry(id string) types.PublishBatchRequestEntry {
	in := m.input()
	return types.PublishBatchRequestEntry{
		Id: &id, Message: in.Message, MessageAttributes: in.MessageAttributes, MessageStructure: in.MessageStructure,
		Subject: in.Subject, MessageGroupId: in.MessageGroupId, MessageDeduplicationId: in.MessageDeduplicationId,
	}
}
