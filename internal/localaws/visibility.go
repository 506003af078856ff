package localaws

import (
	"container/heap"
	"time"
)

// maxInvisible is how long after its receive a message may be kept invisible, whatever is asked for.
const maxInvisible = 12 * time.Hour

func (r *request) changeVisibility(in *handleInput) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, q.changeByHandle(&in.handleEntry)
}

func (r *request) changeVisibilityBatch(in *struct {
	QueueUrl string
	Entries  []handleEntry
}) (*batchOutput, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return runBatch(r, in.Entries, func(e *handleEntry) string { return e.Id }, func(e *handleEntry) (any, error) {
		return succeededEntry{e.Id}, q.changeByHandle(e)
	})
}

// changeByHandle has a message in flight seen again after a time from now, at once for 0.
func (q *queue) changeByHandle(e *handleEntry) error {
	if e.ReceiptHandle == "" {
		return missingParameter("ReceiptHandle")
	}
	if e.VisibilityTimeout == nil {
		return missingParameter("VisibilityTimeout")
	}
	timeout, err := within("VisibilityTimeout", e.VisibilityTimeout, 0, 0, int(maxInvisible.Seconds()))
	if err != nil {
		return err
	}
	id, number, err := parseHandle(e.ReceiptHandle)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.settle(now)
	m, ok := q.byID[id]
	switch {
	case !ok:
		return errGoneHandle
	case q.fifo && (!m.inFlight || number != m.handles):
		return errExpiredHandle
	case !m.inFlight || number != m.handles:
		return errNotInFlight
	}
	at := now.Add(time.Duration(timeout) * time.Second)
	if at.Sub(m.takenAt) > maxInvisible {
		return invalidValue("VisibilityTimeout", "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
	}
	q.showAt(m, at)
	q.settle(now)
	q.notify() // a long poll may have a new time to wake at
	return nil
}

// showAt changes when a message in flight is seen again.
func (q *queue) showAt(m *message, at time.Time) {
	if m.index >= 0 {
		m.visibleAt = at
		heap.Fix(&q.timed, m.index)
	}
}
