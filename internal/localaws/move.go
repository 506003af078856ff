package localaws

import (
	"context"
	"slices"
	"strings"
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
	source, err := r.queueByARN(in.SourceArn)
	if err != nil {
		return nil, err
	}
	if in.DestinationArn != "" {
		if _, err := r.queueByARN(in.DestinationArn); err != nil {
			return nil, err
		}
	}
	rate, err := within("MaxNumberOfMessagesPerSecond", in.MaxNumberOfMessagesPerSecond, mostPerSecond, 1, mostPerSecond)
	if err != nil {
		return nil, err
	}
	if !r.server.isDeadLetterQueue(source) {
		return nil, invalidValue("SourceArn", "Source queue must be configured as a Dead Letter Queue.")
	}
	t := &moveTask{
		handle: uuid.NewString(), source: source, destination: in.DestinationArn, perSecond: rate,
		expected: len(r.server.Inspect(source.name).Messages), started: time.Now(), status: "RUNNING",
	}
	if err := r.server.begin(t); err != nil {
		return nil, err
	}
	return struct{ TaskHandle string }{t.handle}, nil
}

func (r *request) queueByARN(arn string) (*queue, error) {
	q := r.server.byName(arn[strings.LastIndexByte(arn, ':')+1:])
	if q == nil || q.arn != arn {
		return nil, &apiError{shape: "ResourceNotFoundException", code: "ResourceNotFoundException",
			message: "The resource that you specified for the SourceArn parameter doesn't exist.", status: 404}
	}
	return q, nil
}

// isDeadLetterQueue reports whether some queue has q as its dead-letter queue.
func (s *Server) isDeadLetterQueue(q *queue) bool {
	s.mu.Lock()
	queues := make([]*queue, 0, len(s.queues))
	for _, other := range s.queues {
		queues = append(queues, other)
	}
	s.mu.Unlock()
	return slices.ContainsFunc(queues, func(other *queue) bool {
		other.mu.Lock()
		defer other.mu.Unlock()
		target, _ := other.deadLetter()
		return target == q
	})
}

// begin runs the task, which ends with the server.
func (s *Server) begin(t *moveTask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.moves {
		if other.source == t.source && other.running() {
			return refused("UnsupportedOperation", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	ctx, cancel := context.WithCancel(s.closed)
	t.cancel = cancel
	s.moves = append(s.moves, t)
	s.handlers.Go(func() { s.move(ctx, t) })
	return nil
}

// move moves what can be received, at the task's rate.
func (s *Server) move(ctx context.Context, t *moveTask) {
	defer t.cancel()
	pace := time.NewTicker(time.Second / time.Duration(t.perSecond))
	defer pace.Stop()
	for {
		select {
		case <-ctx.Done():
			t.end("CANCELLED", "")
			return
		case <-pace.C:
		}
		more, reason := s.moveOne(t)
		if reason != "" {
			t.end("FAILED", reason)
			return
		}
		if !more {
			t.end("COMPLETED", "")
			return
		}
	}
}

// moveOne moves the oldest message that can be received.
func (s *Server) moveOne(t *moveTask) (more bool, failure string) {
	m := t.source.pop(time.Now())
	if m == nil {
		return false, ""
	}
	destination := t.destination
	if destination == "" {
		destination = m.source
	}
	q := s.byName(destination[strings.LastIndexByte(destination, ':')+1:])
	if destination == "" || q == nil {
		t.source.putBack(m)
		return true, "CouldNotDetermineMessageSource"
	}
	entry := &sendEntry{MessageBody: m.body, MessageAttributes: m.attributes, MessageGroupId: m.group}
	if q.fifo { // its own id may be remembered still: the queue would drop the message
		entry.MessageDeduplicationId = uuid.NewString()
	}
	_, err := q.send(entry)
	if err != nil {
		t.source.putBack(m)
		return true, err.Error()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moved++
	return true, ""
}

// pop takes a message that can be received out of the queue, nil where there is none.
func (q *queue) pop(now time.Time) *message {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(now)
	candidates := q.candidates(1)
	if len(candidates) == 0 {
		return nil
	}
	m := candidates[0]
	delete(q.byID, m.id)
	if q.fifo {
		q.groups.landed(m.group)
	}
	return m
}

func (q *queue) putBack(m *message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.byID[m.id] = m
	q.makeReady(m, time.Now())
}

func (t *moveTask) running() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.status == "RUNNING"
}

func (t *moveTask) end(status, reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.status, t.reason = status, reason
}

type moveTaskState struct {
	TaskHandle                        string `json:",omitempty"`
	Status                            string
	SourceArn                         string
	DestinationArn                    string `json:",omitempty"`
	MaxNumberOfMessagesPerSecond      int
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64
}

func (t *moveTask) state() moveTaskState {
	t.mu.Lock()
	defer t.mu.Unlock()
	state := moveTaskState{
		Status: t.status, SourceArn: t.source.arn, DestinationArn: t.destination, MaxNumberOfMessagesPerSecond: t.perSecond,
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
	source, err := r.queueByARN(in.SourceArn)
	if err != nil {
		return nil, err
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
	r.server.mu.Lock()
	tasks := slices.Clone(r.server.moves)
	r.server.mu.Unlock()
	i := slices.IndexFunc(tasks, func(t *moveTask) bool { return t.handle == in.TaskHandle && t.running() })
	if i < 0 {
		return nil, &apiError{shape: "ResourceNotFoundException", code: "ResourceNotFoundException",
			message: "Task does not exist or is not running.", status: 404}
	}
	tasks[i].cancel()
	tasks[i].mu.Lock()
	defer tasks[i].mu.Unlock()
	return struct{ ApproximateNumberOfMessagesMoved int }{tasks[i].moved}, nil
}
