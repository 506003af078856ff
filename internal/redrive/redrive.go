// Package redrive moves dead letters back to the queue where they failed: by a message move task of SQS, or message
// by message. It loses nothing: a message is deleted from the dead-letter queue after SQS has confirmed that it took
// it for the other one, and a count has what was deleted so.
package redrive

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// API is what a Move calls, of the SDK's client.
type API interface {
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
	DeleteMessageBatch(context.Context, *sqs.DeleteMessageBatchInput, ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
	StartMessageMoveTask(context.Context, *sqs.StartMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.StartMessageMoveTaskOutput, error)
	ListMessageMoveTasks(context.Context, *sqs.ListMessageMoveTasksInput, ...func(*sqs.Options)) (*sqs.ListMessageMoveTasksOutput, error)
	CancelMessageMoveTask(context.Context, *sqs.CancelMessageMoveTaskInput, ...func(*sqs.Options)) (*sqs.CancelMessageMoveTaskOutput, error)
}

// Queue is one of the two queues.
type Queue struct{ Name, URL, ARN string }

func (q Queue) fifo() bool { return strings.HasSuffix(q.ARN, ".fifo") }

// Move is what to move. It is for one call of ByMessage or ByTask.
type Move struct {
	API      API
	Dead     Queue // where the messages are
	Source   Queue // where they failed, and go back to
	Most     int   // how many messages at most; 0 for all. ByTask moves all
	Rate     int   // messages a second at most; 0 for no limit
	Progress func(Progress)
}

// Progress is how far a Move is.
type Progress struct {
	Moved    int
	Expected int // by the count of SQS; 0 where it is not known
}

func (m *Move) report(p Progress) {
	if m.Progress != nil {
		m.Progress(p)
	}
}

// Result is what a Move did, also one that returns an error.
type Result struct {
	Moved   int    // back in their queue, and gone from the dead-letter queue
	Refused int    // not sent, since SQS or the Move refused them; they stay
	Twice   int    // sent, and not deleted: they are in both queues
	Reason  string // of the last that was refused, or is in both queues
}

// ErrTasksNotOffered is matched by errors of ByTask where the server has no message move tasks, or the queue cannot
// have one.
var ErrTasksNotOffered = errors.New("message move tasks are not offered")

// ErrInterrupted is matched by errors of moves whose context ended. What was begun is finished.
var ErrInterrupted = errors.New("interrupted")

// ending is how long a Move goes on after its context has ended: to finish what was begun, to cancel a task.
const ending = 30 * time.Second
