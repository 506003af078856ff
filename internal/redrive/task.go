package redrive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/provision"
)

const (
	mostTaskRate = 500 // messages a second that a task can be limited to
	lookEvery    = 500 * time.Millisecond
)

// notOffered are the codes of servers that have no tasks.
var notOffered = []string{"UnknownOperationException", "UnknownOperation", "InvalidAction", "NotImplemented"}

// notStarted are the codes where a task runs already, as AWS and as other servers say it, and where the queue cannot
// have any.
var notStarted = []string{"InvalidParameterValue", "InvalidParameterValueException", "UnsupportedOperation"}

// ByTask has SQS move every message of the dead-letter queue, to the queue that each one came from, and waits for the
// end. Where a task runs already it waits for that. The count is SQS's own. A context that ends cancels the task; a
// process that is killed leaves it running.
//
// SQS does not say whether it gives messages of a FIFO queue a deduplication id of their own. Those that keep theirs
// vanish within its five minutes, so that ByMessage is the one for FIFO queues.
func (m *Move) ByTask(ctx context.Context) (Result, error) {
	in := &sqs.StartMessageMoveTaskInput{SourceArn: &m.Dead.ARN}
	if m.Rate > 0 {
		in.MaxNumberOfMessagesPerSecond = aws.Int32(int32(min(m.Rate, mostTaskRate)))
	}
	started, err := m.API.StartMessageMoveTask(ctx, in)
	code := provision.Code(err)
	switch {
	case slices.Contains(notOffered, code):
		return Result{}, fmt.Errorf("%w: %w", ErrTasksNotOffered, err)
	case slices.Contains(notStarted, code):
		if task, e := m.task(ctx); e != nil || aws.ToString(task.Status) != "RUNNING" {
			return Result{}, fmt.Errorf("%w: %w", ErrTasksNotOffered, err)
		}
		return m.watch(ctx, nil)
	case err != nil:
		return Result{}, fmt.Errorf("starting a message move task for %s: %w", m.Dead.Name, err)
	}
	return m.watch(ctx, started.TaskHandle)
}

// watch waits for the end of the newest task.
func (m *Move) watch(ctx context.Context, handle *string) (result Result, err error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		task, err := m.task(ctx)
		if err == nil {
			result.Moved = int(task.ApproximateNumberOfMessagesMoved)
			m.report(Progress{result.Moved, int(aws.ToInt64(task.ApproximateNumberOfMessagesToMove))})
		}
		switch status := aws.ToString(task.Status); {
		case err != nil && ctx.Err() == nil:
			return result, err
		case err != nil || status == "RUNNING" || status == "CANCELLING":
		case status == "COMPLETED":
			return result, nil
		default:
			return result, fmt.Errorf("SQS ended the task as %s: %s: the rest is in %s", status, aws.ToString(task.FailureReason), m.Dead.Name)
		}
		select {
		case <-ctx.Done():
			return m.cancel(ctx, handle, result)
		case <-tick.C:
		}
	}
}

// task is the newest task of the dead-letter queue.
func (m *Move) task(ctx context.Context) (types.ListMessageMoveTasksResultEntry, error) {
	out, err := m.API.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: &m.Dead.ARN})
	if err == nil && len(out.Results) == 0 {
		err = errors.New("it is not listed")
	}
	if err != nil {
		return types.ListMessageMoveTasksResultEntry{}, fmt.Errorf("looking at the message move task of %s: %w", m.Dead.Name, err)
	}
	return out.Results[0], nil
}

// cancel cancels the task of a handle, or of nil the newest.
func (m *Move) cancel(ctx context.Context, handle *string, result Result) (Result, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	if handle == nil {
		task, err := m.task(ctx)
		if err != nil {
			return result, err
		}
		handle = task.TaskHandle
	}
	out, err := m.API.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: handle})
	if err != nil {
		return result, fmt.Errorf("cancelling the message move task of %s, which goes on: %w", m.Dead.Name, err)
	}
	result.Moved = int(out.ApproximateNumberOfMessagesMoved)
	return m.ended(ctx, result), ErrInterrupted
}

// ended waits until a cancelled task moves nothing more, and counts what it moved.
func (m *Move) ended(ctx context.Context, result Result) Result {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		task, err := m.task(ctx)
		if err != nil {
			return result
		}
		result.Moved = int(task.ApproximateNumberOfMessagesMoved)
		if status := aws.ToString(task.Status); status != "RUNNING" && status != "CANCELLING" {
			return result
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return result
		}
	}
}
