package consumer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/batch"
	"github.com/seed08532102/iniesta/internal/guard"
)

const (
	flushers      = 32 // calls of a kind that may be under way, with full batches
	partial       = 2  // the same with batches that are not full
	maxBatch      = 10 // entries in a batch call of SQS
	settleBacklog = 1000
	changeLinger  = 5 * time.Millisecond // visibility changes that are due together share a call
	settleTimeout = 20 * time.Second     // for one message, its retries included
	refusedWait   = 5 * time.Second      // between attempts that SQS refuses to the caller
	callTimeout   = 10 * time.Second     // for one call of the API, the SDK's retries included
	maxVisibility = 12 * time.Hour       // counted from receipt, by SQS
	clockMargin   = 5 * time.Second      // a response has its way to go: SQS counts from a little earlier
)

// Calls is how many deletes and visibility changes may be under way beside the receives.
const Calls = 2 * flushers

// acker tells SQS what became of messages: deletes and visibility timeouts, ten to a call.
type acker struct {
	*Consumer
	deletes       *batch.Batcher[string]
	visibility    *batch.Batcher[visibilityChange]
	deleteHealth  callHealth
	visibleHealth callHealth
}

type visibilityChange struct {
	handle  string
	timeout time.Duration
}

// deleteLinger is how long a delete waits for others to share its call. Nobody waits for the delete: the message is
// marked done and invisible. In a FIFO queue its group is held until it is gone.
func (c *Consumer) deleteLinger() time.Duration {
	if c.Queue.FIFO {
		return 0
	}
	return min(100*time.Millisecond, c.Visibility/50)
}

func newAcker(c *Consumer) *acker {
	a := &acker{Consumer: c}
	a.deletes = batch.New(batch.Options[string]{
		Size: maxBatch, Linger: c.deleteLinger(), Flushers: flushers, Partial: partial, Backlog: settleBacklog,
		Send: a.sendDeletes, Retry: retryEntry, Patience: settleTimeout,
	})
	a.visibility = batch.New(batch.Options[visibilityChange]{
		Size: maxBatch, Linger: changeLinger, Flushers: flushers, Partial: partial, Backlog: settleBacklog,
		Send: a.sendVisibility, Retry: retryEntry, Patience: settleTimeout,
	})
	return a
}

// hurry ends the wait for fuller batches.
func (a *acker) hurry() {
	a.deletes.Hurry()
	a.visibility.Hurry()
}

// close waits for the calls under way. Nothing may be settled after it.
func (a *acker) close() {
	a.deletes.Close()
	a.visibility.Close()
}

// healthy returns why messages cannot be settled, nil where they can.
func (a *acker) healthy() error {
	if err := a.deleteHealth.problem(); err != nil {
		return a.refused("deleted from", "sqs:DeleteMessage", err)
	}
	if err := a.visibleHealth.problem(); err != nil {
		return a.refused("kept or made visible in", "sqs:ChangeMessageVisibility", err)
	}
	return nil
}

func (a *acker) refused(what, permission string, err error) error {
	if cause, ok := awsclient.AccessProblem(err, permission); ok {
		return fmt.Errorf("%w: messages cannot be %s %s: %s: %w", ErrNotSettled, what, a.Queue.Name, cause, err)
	}
	return fmt.Errorf("%w: messages cannot be %s %s: %w", ErrNotSettled, what, a.Queue.Name, err)
}

// deleteThen deletes by receipt handle, retrying what can succeed. Then is called with the outcome, in a goroutine that
// must not be held up.
func (a *acker) deleteThen(handle string, then func(error)) {
	a.deletes.Go(handle, func(err error) {
		if err != nil {
			a.Counters.DeleteFailures.Add(1)
			err = fmt.Errorf("sqs: deleting a message from %s: %w", a.Queue.Name, err)
		} else {
			a.Counters.Deleted.Add(1)
		}
		then(err)
	})
}

// changeVisibility makes the message with handle visible after timeout.
func (a *acker) changeVisibility(handle string, timeout time.Duration) error {
	if err := a.visibility.Do(context.Background(), visibilityChange{handle, timeout}); err != nil {
		return fmt.Errorf("sqs: changing a visibility timeout in %s: %w", a.Queue.Name, err)
	}
	return nil
}

// extend keeps the message with handle invisible for timeout. It asks once: the extender asks again.
func (a *acker) extend(handle string, timeout time.Duration) error {
	if err := a.visibility.DoOnce(context.Background(), visibilityChange{handle, timeout}); err != nil {
		return fmt.Errorf("sqs: extending a visibility timeout in %s: %w", a.Queue.Name, err)
	}
	return nil
}

// entryIDs are positions, never message ids: two deliveries of one message may share a batch, and SQS refuses a batch
// whose ids are not distinct.
var entryIDs = [maxBatch]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

func (a *acker) sendDeletes(handles []string) []error {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(handles))
	for i := range handles {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: &entryIDs[i], ReceiptHandle: &handles[i]}
	}
	a.Counters.DeleteCalls.Add(1)
	return send(a, &a.deleteHealth, len(handles), "the API's DeleteMessageBatch", func(ctx context.Context) ([]*string, []types.BatchResultErrorEntry, error) {
		out, err := a.Queue.API.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &a.Queue.URL, Entries: entries})
		if err != nil || out == nil {
			return nil, nil, err
		}
		ids := make([]*string, len(out.Successful))
		for i := range out.Successful {
			ids[i] = out.Successful[i].Id
		}
		return ids, out.Failed, nil
	})
}

func (a *acker) sendVisibility(changes []visibilityChange) []error {
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(changes))
	for i, c := range changes {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id: &entryIDs[i], ReceiptHandle: &changes[i].handle, VisibilityTimeout: seconds(c.timeout),
		}
	}
	a.Counters.VisibilityCalls.Add(1)
	return send(a, &a.visibleHealth, len(changes), "the API's ChangeMessageVisibilityBatch", func(ctx context.Context) ([]*string, []types.BatchResultErrorEntry, error) {
		out, err := a.Queue.API.ChangeMessageVisibilityBatch(ctx,
			&sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &a.Queue.URL, Entries: entries})
		if err != nil || out == nil {
			return nil, nil, err
		}
		ids := make([]*string, len(out.Successful))
		for i := range out.Successful {
			ids[i] = out.Successful[i].Id
		}
		return ids, out.Failed, nil
	})
}

// answer is what a batch call came to.
type answer struct {
	successful []*string
	failed     []types.BatchResultErrorEntry
}

// send makes one batch call and returns an outcome for each entry.
func send(a *acker, health *callHealth, entries int, name string, call func(context.Context) ([]*string, []types.BatchResultErrorEntry, error)) []error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	got, err := guard.Do(ctx, name, func() (got answer, err error) {
		got.successful, got.failed, err = call(ctx)
		return got, guard.Checked(err)
	}, nil)
	outcomes := slices.Repeat([]error{errUnanswered}, entries)
	if err != nil {
		a.apiFailed(err)
		outcomes = slices.Repeat([]error{err}, entries)
	}
	for _, id := range got.successful {
		setOutcome(outcomes, id, nil)
	}
	for _, e := range got.failed {
		setOutcome(outcomes, e.Id, awsclient.EntryError(e.Code, e.Message, e.SenderFault))
	}
	health.note(outcomes)
	return outcomes
}

// apiFailed tells the owner of the API of a call that failed.
func (c *Consumer) apiFailed(err error) {
	if _, ok := errors.AsType[*guard.Error](err); ok {
		c.Counters.CallbackFailures.Add(1)
	}
	if c.CallFailed != nil {
		c.CallFailed(err)
	}
}

var errUnanswered = errors.New("the reply does not mention the entry")

func setOutcome(outcomes []error, id *string, err error) {
	if i, convErr := strconv.Atoi(aws.ToString(id)); convErr == nil && i >= 0 && i < len(outcomes) {
		outcomes[i] = err
	}
}

// seconds rounds up to what SQS takes.
func seconds(d time.Duration) int32 {
	return int32(math.Ceil(min(max(d, 0), maxVisibility).Seconds()))
}

// retryEntry retries whatever can succeed: after 100 ms, 250 ms, 500 ms, then with growing waits while the time of the
// entry lasts. A refusal for a permission or a key passes by a change of the service's owner: it is asked for again at once,
// as credentials may have been renewed, and then seldom.
func retryEntry(err error, attempt int) (time.Duration, bool) {
	if awsclient.Final(err) {
		return 0, false
	}
	if _, refused := awsclient.AccessProblem(err, ""); refused && attempt > 1 {
		return refusedWait, true
	}
	waits := [...]time.Duration{100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second}
	return waits[min(attempt, len(waits))-1], true
}
