package localaws

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// moveTask moves messages from a dead-letter queue back to where they came from, or to another queue.
// The service gives them new ids.
type moveTask struct {
	handle              string
	source              *queue
	destination         string // an ARN; empty for where each message came from
	perSecond, expected int
	limit               *int // that was asked for
	started             time.Time
	cancel              context.CancelFunc

	mu     sync.Mutex
	status string
	reason string
	moved  int
}

const (
	mostPerSecond = 500 // messages moved, and what tasks without a rate do
	keptTasks     = 10  // of a source, listed
)

// startMove begins to move messages. A queue has one task at a time, and has to be a dead-letter queue.
func (r *request) startMove(in *struct {
	SourceArn, DestinationArn    string
	MaxNumberOfMessagesPerSecond *int
}) (any, error) {
	source := r.server.queueByARN(in.SourceArn)
	if err := r.checkMove(source, in.SourceArn, in.DestinationArn); err != nil {
		return nil, err
	}
	rate, err := within("MaxNumberOfMessagesPerSecond", in.MaxNumberOfMessagesPerSecond, mostPerSecond, 1, mostPerSecond)
	if err != nil {
		return nil, err
	}
	t := &moveTask{
		handle: taskHandle(in.SourceArn), source: source, destination: in.DestinationArn, perSecond: rate,
		limit: in.MaxNumberOfMessagesPerSecond, expected: source.size(), started: time.Now(), status: "RUNNING",
	}
	if err := r.server.begin(t); err != nil {
		return nil, err
	}
	return struct{ TaskHandle string }{t.handle}, nil
}

func (r *request) checkMove(source *queue, sourceARN, destinationARN string) error {
	if err := checkSourceARN(sourceARN); err != nil {
		return err
	}
	if source == nil {
		return notFoundResource("SourceArn")
	}
	if len(r.server.sources(source)) == 0 {
		return invalid("Source queue must be configured as a Dead Letter Queue.")
	}
	if destinationARN == "" {
		return nil
	}
	destination := r.server.queueByARN(destinationARN)
	switch {
	case destination == nil:
		return notFoundResource("DestinationArn")
	case destination.fifo != source.fifo:
		return invalid("Source and destination queues must be of the same type.")
	case destination == source:
		return invalid("Source queue arn and destination queue arn cannot be the same.")
	}
	return nil
}

func checkSourceARN(arn string) error {
	if arn == "" {
		return missingParameter("SourceArn")
	}
	if _, _, _, ok := splitARN("sqs", arn); !ok {
		return invalid("You must use this format to specify the SourceArn: arn:<partition>:<service>:<region>:<account-id>:<resource-id>")
	}
	return nil
}

// taskHandle makes the handle of a task, which names its source.
func taskHandle(source string) string {
	encoded, err := json.Marshal(taskName{uuid.NewString(), source})
	if err != nil {
		panic(err) // it is made of strings
	}
	return base64.StdEncoding.EncodeToString(encoded)
}

type taskName struct {
	TaskID    string `json:"taskId"`
	SourceARN string `json:"sourceArn"`
}

func parseTaskHandle(handle string) (n taskName, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(handle)
	return n, err == nil && json.Unmarshal(decoded, &n) == nil && n.TaskID != ""
}

// size is how many messages there are.
func (q *queue) size() int {
	q.lock()
	defer q.unlock()
	return len(q.byID)
}

type moveTaskState struct {
	TaskHandle                        string `json:",omitempty"`
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty"`
	MaxNumberOfMessagesPerSecond      *int   `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64
}

func (t *moveTask) state() moveTaskState {
	t.mu.Lock()
	defer t.mu.Unlock()
	state := moveTaskState{
		Status: t.status, SourceArn: t.source.arn, DestinationArn: t.destination, MaxNumberOfMessagesPerSecond: t.limit,
		ApproximateNumberOfMessagesMoved: t.moved, ApproximateNumberOfMessagesToMove: t.expected,
		FailureReason: t.reason, StartedTimestamp: t.started.UnixMilli(),
	}
	if t.status == "RUNNING" { // only then has it a handle
		state.TaskHandle = t.handle
	}
	return state
}

// listMoves lists the tasks of a source, the newest first.
func (r *request) listMoves(in *struct {
	SourceArn  string
	MaxResults *int
}) (any, error) {
	if err := checkSourceARN(in.SourceArn); err != nil {
		return nil, err
	}
	source := r.server.queueByARN(in.SourceArn)
	if source == nil {
		return nil, notFoundResource("SourceArn")
	}
	most, err := within("MaxResults", in.MaxResults, 1, 1, keptTasks)
	if err != nil {
		return nil, err
	}
	r.server.mu.Lock()
	tasks := slices.Clone(r.server.moves)
	r.server.mu.Unlock()
	out := struct{ Results []moveTaskState }{[]moveTaskState{}}
	for _, t := range slices.Backward(tasks) {
		if t.source == source && len(out.Results) < most {
			out.Results = append(out.Results, t.state())
		}
	}
	return out, nil
}

// cancelMove ends a task. What was moved stays moved.
func (r *request) cancelMove(in *struct{ TaskHandle string }) (any, error) {
	name, ok := parseTaskHandle(in.TaskHandle)
	if !ok {
		return nil, invalid("Value for parameter TaskHandle is invalid.")
	}
	if r.server.queueByARN(name.SourceARN) == nil {
		return nil, notFoundResource("SourceArn")
	}
	r.server.mu.Lock()
	tasks := slices.Clone(r.server.moves)
	r.server.mu.Unlock()
	i := slices.IndexFunc(tasks, func(t *moveTask) bool { return t.handle == in.TaskHandle && t.running() })
	if i < 0 {
		return nil, errNoTask
	}
	tasks[i].cancel()
	tasks[i].mu.Lock()
	defer tasks[i].mu.Unlock()
	return struct{ ApproximateNumberOfMessagesMoved int }{tasks[i].moved}, nil
}
