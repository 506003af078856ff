package sqs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/seed08532102/iniesta/internal/batch"
)

const (
	flushers      = 32 // calls of a kind that may be under way, with full batches
	partial       = 2  // the same with batches that are not full
	maxBatch      = 10 // entries in a batch call of SQS
	settleBacklog = 1000
	showLinger    = 5 * time.Millisecond // visibility changes that are due together are asked for together
	settleTimeout = 20 * time.Second     // for one message, its retries included
	callTimeout   = 10 * time.Second     // for one call of the API, the SDK's retries included
	maxVisibility = 12 * time.Hour       // counted from receipt, by SQS
)

// settler tells SQS what became of messages: deletes and visibility timeouts, ten to a call.
type settler struct {
	queue      *queue
	stats      *counters
	deletes    *batch.Batcher[string]
	visibility *batch.Batcher[visibilityChange]
}

type visibilityChange struct {
	handle  string
	timeout time.Duration
}

// deleteLinger is how long a delete waits for others to share its call. Nobody waits for it: the message
// is marked done and invisible. In a FIFO queue its group is held until it is gone.
func deleteLinger(q *queue, visibility time.Duration) time.Duration {
	if q.fifo {
		return 0
	}
	return min(100*time.Millisecond, visibility/50)
}

func newSettler(q *queue, visibility time.Duration, stats *counters) *settler {
	s := &settler{queue: q, stats: stats}
	s.deletes = batch.New(batch.Options[string]{
		Size: maxBatch, Linger: deleteLinger(q, visibility), Flushers: flushers, Partial: partial, Backlog: settleBacklog,
		Send: s.sendDeletes, Retry: retryEntry, Patience: settleTimeout,
	})
	s.visibility = batch.New(batch.Options[visibilityChange]{
		Size: maxBatch, Linger: showLinger, Flushers: flushers, Partial: partial, Backlog: settleBacklog,
		Send: s.sendVisibility, Retry: retryEntry, Patience: settleTimeout,
	})
	return s
}

// hurry has nothing wait for a fuller batch any more.
func (s *settler) hurry() {
	s.deletes.Hurry()
	s.visibility.Hurry()
}

// close waits for what is on its way. Nothing may be settled after it.
func (s *settler) close() {
	s.deletes.Close()
	s.visibility.Close()
}

// delete deletes by receipt handle, retrying what can succeed.
func (s *settler) delete(handle string) error {
	return s.deleted(s.deletes.Do(context.Background(), handle))
}

func (s *settler) deleted(err error) error {
	if err != nil {
		s.stats.deleteFailures.Add(1)
		return fmt.Errorf("sqs: deleting a message from %s: %w", s.queue.name, err)
	}
	s.stats.deleted.Add(1)
	return nil
}

// deleteThen is delete for who does not wait: then is called with its outcome.
func (s *settler) deleteThen(handle string, then func(error)) {
	s.deletes.Go(handle, func(err error) { then(s.deleted(err)) })
}

// show makes the message with handle visible after timeout.
func (s *settler) show(handle string, timeout time.Duration) error {
	if err := s.visibility.Do(context.Background(), visibilityChange{handle, timeout}); err != nil {
		return fmt.Errorf("sqs: changing a visibility timeout in %s: %w", s.queue.name, err)
	}
	return nil
}

// extend keeps the message with handle invisible for timeout. It asks once: who extends asks again.
func (s *settler) extend(handle string, timeout time.Duration) error {
	if err := s.visibility.DoOnce(context.Background(), visibilityChange{handle, timeout}); err != nil {
		return fmt.Errorf("sqs: extending a visibility timeout in %s: %w", s.queue.name, err)
	}
	return nil
}

// entryIDs are positions, never message ids: two deliveries of one message may share a batch, and SQS
// refuses a batch whose ids are not distinct.
var entryIDs = [maxBatch]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

func (s *settler) sendDeletes(handles []string) []error {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(handles))
	for i := range handles {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: &entryIDs[i], ReceiptHandle: &handles[i]}
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	s.stats.deleteCalls.Add(1)
	out, err := s.queue.api.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &s.queue.url, Entries: entries})
	if err != nil {
		return slices.Repeat([]error{err}, len(handles))
	}
	outcomes := unanswered(len(handles))
	for _, e := range out.Successful {
		setOutcome(outcomes, e.Id, nil)
	}
	for _, e := range out.Failed {
		setOutcome(outcomes, e.Id, newEntryError(e))
	}
	return outcomes
}

func (s *settler) sendVisibility(changes []visibilityChange) []error {
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(changes))
	for i, c := range changes {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id: &entryIDs[i], ReceiptHandle: &changes[i].handle, VisibilityTimeout: seconds(c.timeout),
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	s.stats.visibilityCalls.Add(1)
	out, err := s.queue.api.ChangeMessageVisibilityBatch(ctx,
		&sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &s.queue.url, Entries: entries})
	if err != nil {
		return slices.Repeat([]error{err}, len(changes))
	}
	outcomes := unanswered(len(changes))
	for _, e := range out.Successful {
		setOutcome(outcomes, e.Id, nil)
	}
	for _, e := range out.Failed {
		setOutcome(outcomes, e.Id, newEntryError(e))
	}
	return outcomes
}

var errUnanswered = errors.New("the reply does not mention the entry")

func unanswered(n int) []error { return slices.Repeat([]error{errUnanswered}, n) }

func setOutcome(outcomes []error, id *string, err error) {
	if i, convErr := strconv.Atoi(aws.ToString(id)); convErr == nil && i >= 0 && i < len(outcomes) {
		outcomes[i] = err
	}
}

// seconds rounds up to what SQS takes.
func seconds(d time.Duration) int32 {
	return int32(math.Ceil(min(max(d, 0), maxVisibility).Seconds()))
}

// entryError is the failure of one entry of a batch. It is an API error of the SDK's kind.
type entryError struct {
	code, message string
	senderFault   bool
}

func newEntryError(e types.BatchResultErrorEntry) *entryError {
	return &entryError{code: aws.ToString(e.Code), message: aws.ToString(e.Message), senderFault: e.SenderFault}
}

func (e *entryError) Error() string        { return e.code + ": " + e.message }
func (e *entryError) ErrorCode() string    { return e.code }
func (e *entryError) ErrorMessage() string { return e.message }
func (e *entryError) ErrorFault() smithy.ErrorFault {
	if e.senderFault {
		return smithy.FaultClient
	}
	return smithy.FaultServer
}

// retryEntry retries whatever is not the sender's fault: 100 ms, 250 ms, 500 ms, then each second
// while the caller's time lasts.
func retryEntry(err error, attempt int) (time.Duration, bool) {
	if handleRefused(err) {
		return 0, false
	}
	waits := [...]time.Duration{100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second}
	return waits[min(attempt, len(waits))-1], attempt < 10
}

// handleRefused reports whether SQS refused the receipt handle itself, so that asking again is of no
// use: the message was deleted, or made visible, or is a FIFO queue's and its visibility timeout has passed.
func handleRefused(err error) bool {
	if entry, ok := errors.AsType[*entryError](err); ok && entry.senderFault {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch strings.TrimPrefix(api.ErrorCode(), "AWS.SimpleQueueService.") {
	case "ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue":
		return true
	}
	return false
}
