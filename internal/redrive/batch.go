package redrive

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/provision"
)

// bringBack sends a batch, and deletes what was sent. In a FIFO queue nothing is moved past a message that was
// refused: its group would get out of order.
func (r *run) bringBack(ctx context.Context, batch []types.Message) error {
	var failure error
	for _, entries := range r.pack(batch) {
		out, err := r.API.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &r.Source.URL, Entries: entries})
		if err != nil {
			failure = fmt.Errorf("sending to %s: %w", r.Source.Name, err)
			break
		}
		r.note(batch, out)
		if len(out.Failed) > 0 && r.Dead.fifo() {
			failure = fmt.Errorf("sending to %s: %s", r.Source.Name, r.reason())
			break
		}
	}
	r.delete(ctx, batch)
	if failure != nil {
		r.keep(batch)
	}
	return failure
}

const maxBatchBytes = 256 << 10 // that every SQS takes; a larger message goes alone

// pack makes batches that are not too large of what is to be sent: in a FIFO queue of one message each, so that none
// overtakes another of its group that is refused.
func (r *run) pack(batch []types.Message) (packed [][]types.SendMessageBatchRequestEntry) {
	size := 0
	for i, message := range batch {
		if r.wasSent(message) || !r.belongs(message) {
			continue
		}
		n := sizeOf(message)
		if size += n; len(packed) == 0 || size > maxBatchBytes || r.Dead.fifo() {
			packed, size = append(packed, nil), n
		}
		packed[len(packed)-1] = append(packed[len(packed)-1], r.entry(strconv.Itoa(i), message))
	}
	return packed
}

func sizeOf(message types.Message) int {
	size := len(aws.ToString(message.Body))
	for name, v := range message.MessageAttributes {
		size += len(name) + len(aws.ToString(v.DataType)) + len(aws.ToString(v.StringValue)) + len(v.BinaryValue)
	}
	return size
}

// belongs reports whether a message failed in the queue that it is to go back to: a dead-letter queue may be that of
// several.
func (r *run) belongs(message types.Message) bool {
	from := message.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)]
	if from == "" || from == r.Source.ARN {
		return true
	}
	r.refuse(message, "it came from "+provision.NameOf(from))
	return false
}

func (r *run) entry(id string, message types.Message) types.SendMessageBatchRequestEntry {
	e := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: message.Body, MessageAttributes: message.MessageAttributes}
	if group := message.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]; group != "" {
		e.MessageGroupId = &group
	}
	if r.Source.fifo() {
		// Its own deduplication id may be known to the queue still, which would drop it and say that it was sent. This
		// one is of the message, so that a run after one that was killed does not send it twice.
		e.MessageDeduplicationId = aws.String("redrive-" + aws.ToString(message.MessageId))
	}
	if trace := message.Attributes[string(types.MessageSystemAttributeNameAWSTraceHeader)]; trace != "" {
		e.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &trace}}
	}
	return e
}

// note remembers what was sent, and what was not.
func (r *run) note(batch []types.Message, out *sqs.SendMessageBatchOutput) {
	for _, s := range out.Successful {
		if i, err := strconv.Atoi(aws.ToString(s.Id)); err == nil && i >= 0 && i < len(batch) && aws.ToString(s.MessageId) != "" {
			r.mu.Lock()
			r.sent[aws.ToString(batch[i].MessageId)] = false
			r.mu.Unlock()
		}
	}
	for _, f := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil && i >= 0 && i < len(batch) {
			r.refuse(batch[i], aws.ToString(f.Code)+": "+aws.ToString(f.Message))
		}
	}
}

func (r *run) wasSent(message types.Message) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, sent := r.sent[aws.ToString(message.MessageId)]
	return sent
}

func (r *run) reason() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result.Reason
}

func (r *run) refuse(message types.Message, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Refused++
	r.result.Reason = "message " + aws.ToString(message.MessageId) + ": " + why
	r.hide(message)
}

// hide notes that a message has to be made visible again. The caller holds mu.
func (r *run) hide(message types.Message) {
	r.refused = append(r.refused, types.ChangeMessageVisibilityBatchRequestEntry{ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0})
}

// keep gives back what a batch that failed has left. Releasing a message that was refused twice does no harm.
func (r *run) keep(batch []types.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, message := range batch {
		if _, known := r.sent[aws.ToString(message.MessageId)]; !known {
			r.hide(message)
		}
	}
}

// delete deletes those of a batch that were sent, and tries again what failed.
func (r *run) delete(ctx context.Context, batch []types.Message) {
	left := make(map[string]types.Message)
	for i, message := range batch {
		if r.wasSent(message) {
			left[strconv.Itoa(i)] = message
		}
	}
	var err error
	for attempt := 0; len(left) > 0 && attempt < deleteAttempts; attempt++ {
		err = r.tryDelete(ctx, left)
	}
	r.mu.Lock()
	if len(left) > 0 {
		r.result.Reason = fmt.Sprint(err)
	}
	moved := r.result.Moved
	r.mu.Unlock()
	r.report(Progress{Moved: moved})
}

// deleted notes that a message is gone. One that SQS gives out again after its delete is deleted again, and counted
// once.
func (r *run) deleted(message types.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id := aws.ToString(message.MessageId); !r.sent[id] {
		r.sent[id] = true
		r.result.Moved++
	}
}

// tryDelete deletes what is left, and takes out of it what SQS has confirmed.
func (r *run) tryDelete(ctx context.Context, left map[string]types.Message) error {
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &r.Dead.URL}
	for id, message := range left {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(id), ReceiptHandle: message.ReceiptHandle})
	}
	out, err := r.API.DeleteMessageBatch(ctx, in)
	if err != nil { // the SDK has tried again itself
		return err
	}
	for _, s := range out.Successful {
		if message, asked := left[aws.ToString(s.Id)]; asked {
			delete(left, aws.ToString(s.Id))
			r.deleted(message)
		}
	}
	for _, f := range out.Failed {
		err = fmt.Errorf("%s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
	}
	return err
}
