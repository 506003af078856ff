package localaws

import (
	"maps"
	"slices"
	"time"
)

// QueueState is a queue as a test sees it.
type QueueState struct {
	Messages []MessageState // that are in the queue, in the order they were sent
	Deleted  map[string]int // how often each message id was deleted, of about the last 200,000
}

// MessageState is one message of a queue.
type MessageState struct {
	ID       string
	Handle   string // of the newest receive
	Body     string
	Group    string
	Receives int
	InFlight bool // received, and not visible yet
	Delayed  bool
}

// Inspect returns the state of a queue in the server's own region and account, the zero state for a queue that does
// not exist.
func (s *Server) Inspect(name string) QueueState {
	q := s.queueByARN(arn("sqs", s.region, s.account, name))
	if q == nil {
		return QueueState{}
	}
	q.lock()
	defer q.unlock()
	q.settle(time.Now())
	state := QueueState{Deleted: maps.Clone(q.deletes)}
	messages := slices.SortedFunc(maps.Values(q.byID), bySequence)
	for _, m := range messages {
		state.Messages = append(state.Messages, MessageState{
			ID: m.id, Handle: m.handle(), Body: m.body, Group: m.group, Receives: m.receives,
			InFlight: m.inFlight, Delayed: m.index >= 0 && !m.inFlight,
		})
	}
	return state
}
