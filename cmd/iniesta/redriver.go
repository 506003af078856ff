package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/provision"
)

// redriver brings messages back from the dead-letter queue.
type redriver struct {
	*services
	options redriveOptions
	source  *provision.Queue // where they failed, and go back to
	dead    *provision.Queue
	out     io.Writer
}

func (r *redriver) run(ctx context.Context) error {
	switch {
	case r.options.worker:
		return r.work(ctx)
	case r.options.dryRun:
		r.describe()
		return nil
	case r.waiting() == 0 && r.dead.Attributes["ApproximateNumberOfMessagesNotVisible"] == "0":
		fmt.Fprintf(r.out, "%s is empty.\n", r.dead.Name)
		return nil
	}
	if n := r.dead.Attributes["ApproximateNumberOfMessagesNotVisible"]; n != "0" {
		fmt.Fprintf(r.out, "%s messages of %s are in flight, and stay for now.\n", n, r.dead.Name)
	}
	if r.options.byMessage || r.options.most > 0 {
		return r.supervise(ctx)
	}
	err := r.moveTask(ctx)
	if errors.Is(err, errNotOffered) {
		return r.supervise(ctx)
	}
	return err
}

// waiting is about how many messages can be received from the dead-letter queue.
func (r *redriver) waiting() int {
	n, _ := strconv.Atoi(r.dead.Attributes["ApproximateNumberOfMessages"]) // SQS answers with numbers
	return n
}

// expected is how many messages will be brought back.
func (r *redriver) expected() int {
	if r.options.most > 0 {
		return min(r.options.most, r.waiting())
	}
	return r.waiting()
}

func (r *redriver) describe() {
	fmt.Fprintf(r.out, "%s has about %d messages, %s more are in flight.\n", r.dead.Name, r.waiting(), r.dead.Attributes["ApproximateNumberOfMessagesNotVisible"])
	pace := ""
	if r.options.rate > 0 {
		pace = fmt.Sprintf(", %d a second", r.options.rate)
	}
	fmt.Fprintf(r.out, "%d would be brought back to %s%s. Nothing was done.\n", r.expected(), r.source.Name, pace)
}

// errNotOffered is that SQS, or what is in its place, has no message move tasks.
var errNotOffered = errors.New("message move tasks are not offered")

const mostTaskRate = 500 // messages a second that a task can be limited to

// moveTask has SQS do it, and watches.
func (r *redriver) moveTask(ctx context.Context) error {
	in := &sqs.StartMessageMoveTaskInput{SourceArn: aws.String(r.dead.ARN())}
	if r.options.rate > 0 {
		in.MaxNumberOfMessagesPerSecond = aws.Int32(int32(min(r.options.rate, mostTaskRate)))
	}
	started, err := r.queues.StartMessageMoveTask(ctx, in)
	switch code := provision.Code(err); {
	case code == "UnknownOperationException" || code == "InvalidAction" || code == "UnknownOperation" || code == "NotImplemented":
		return errNotOffered
	case code == "InvalidParameterValue" || code == "UnsupportedOperation": // there is one already, or the queue cannot have any
		if task, e := r.task(ctx); e != nil || aws.ToString(task.Status) != "RUNNING" {
			return errNotOffered
		}
		fmt.Fprintln(r.out, "A task of SQS is at it already.")
	case err != nil:
		return fmt.Errorf("starting a message move task for %s (--by-message does without): %w", r.dead.Name, err)
	}
	return r.watch(ctx, started)
}

// watch shows how far the task is. Ctrl-C cancels it.
func (r *redriver) watch(ctx context.Context, started *sqs.StartMessageMoveTaskOutput) error {
	p := newProgress(r.out, r.expected())
	defer p.end()
	if task, err := r.task(ctx); err == nil {
		p.of(max(int(aws.ToInt64(task.ApproximateNumberOfMessagesToMove)), 1), int(task.ApproximateNumberOfMessagesMoved))
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.cancel(context.WithoutCancel(ctx), started)
		case <-tick.C:
		}
		task, err := r.task(ctx)
		if ctx.Err() != nil {
			continue
		}
		if err != nil {
			return err
		}
		p.moved(int(task.ApproximateNumberOfMessagesMoved))
		switch aws.ToString(task.Status) {
		case "RUNNING", "CANCELLING":
		case "COMPLETED":
			p.end()
			fmt.Fprintf(r.out, "%d messages are back in their queue.\n", task.ApproximateNumberOfMessagesMoved)
			return nil
		default:
			return fmt.Errorf("SQS ended the task as %s after %d messages: %s: the rest is in %s, try --by-message",
				aws.ToString(task.Status), task.ApproximateNumberOfMessagesMoved, aws.ToString(task.FailureReason), r.dead.Name)
		}
	}
}

// task is the newest task of the dead-letter queue.
func (r *redriver) task(ctx context.Context) (types.ListMessageMoveTasksResultEntry, error) {
	out, err := r.queues.ListMessageMoveTasks(ctx, &sqs.ListMessageMoveTasksInput{SourceArn: aws.String(r.dead.ARN())})
	if err == nil && len(out.Results) == 0 {
		err = errors.New("it is not listed")
	}
	if err != nil {
		return types.ListMessageMoveTasksResultEntry{}, fmt.Errorf("looking at the message move task of %s: %w", r.dead.Name, err)
	}
	return out.Results[0], nil
}

func (r *redriver) cancel(ctx context.Context, started *sqs.StartMessageMoveTaskOutput) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	task, err := r.task(ctx)
	if err != nil {
		return err
	}
	handle := task.TaskHandle
	if started != nil {
		handle = started.TaskHandle
	}
	out, err := r.queues.CancelMessageMoveTask(ctx, &sqs.CancelMessageMoveTaskInput{TaskHandle: handle})
	if err != nil {
		return fmt.Errorf("cancelling the message move task of %s: %w", r.dead.Name, err)
	}
	return fmt.Errorf("interrupted: %d messages are back in their queue, the rest is in %s", out.ApproximateNumberOfMessagesMoved, r.dead.Name)
}
