package localaws

import (
	"cmp"
	"context"
	"time"
)

// begin runs the task, which ends with the server.
func (s *Server) begin(t *moveTask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.moves {
		if other.source == t.source && other.running() {
			return invalid("There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
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
	destination := cmp.Or(t.destination, m.source)
	q := s.queueByARN(destination)
	switch {
	case destination == "":
		t.source.putBack(m)
		return true, "CouldNotDetermineMessageSource"
	case q == nil:
		t.source.putBack(m)
		return true, errNoQueue.code
	}
	if _, err := q.send(m.again()); err != nil {
		t.source.putBack(m)
		return true, reasonOf(err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.moved++
	return true, ""
}

// again is the message as it is sent to where it is moved. That its deduplication id was used there does not count:
// it is the same message.
func (m *message) again() *sendEntry {
	e := &sendEntry{MessageBody: m.body, MessageAttributes: m.attributes, trace: m.trace, again: true}
	if m.group != "" {
		e.MessageGroupId = &m.group
	}
	if m.dedup != "" {
		e.MessageDeduplicationId = &m.dedup
	}
	return e
}

func reasonOf(err error) string {
	if e, ok := err.(*apiError); ok {
		return e.code
	}
	return err.Error()
}

// pop takes a message that can be received out of the queue, nil where there is none.
func (q *queue) pop(now time.Time) *message {
	q.lock()
	defer q.unlock()
	q.settle(now)
	candidates := q.candidates(1)
	if len(candidates) == 0 {
		return nil
	}
	m := candidates[0]
	q.forget(m)
	if q.fifo {
		q.groups.landed(m)
	}
	return m
}

func (q *queue) putBack(m *message) {
	q.lock()
	defer q.unlock()
	if q.deleted {
		return
	}
	q.byID[m.id] = m
	q.touch(m)
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
