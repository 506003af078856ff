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
	found, err := q.changeByHandle(&in.handleEntry)
	if err == nil && !found {
		err = invalidValue("ReceiptHandle", in.ReceiptHandle, "Message does not exist or is not available for visibility timeout change.")
	}
	return nil, err
}

func (r *request) changeVisibilityBatch(in *struct {
	QueueUrl string
	Entries  []handleEntry
}) (*batchOutput, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return runBatch(r, in.Entries, func(e *handleEntry) string { return e.Id }, nil, func(e *handleEntry) (any, error) {
		found, err := q.changeByHandle(e)
		if err == nil && !found {
			err = invalidHandle(e.ReceiptHandle)
		}
		return succeededEntry{e.Id}, err
	})
}

// changeByHandle has a message seen again after a time from now, at once for 0. A standard queue takes older handles
// and those whose visibility timeout has passed, too.
func (q *queue) changeByHandle(e *handleEntry) (found bool, err error) {
	if e.ReceiptHandle == "" {
		return false, missingParameter("ReceiptHandle")
	}
	if e.VisibilityTimeout == nil {
		return false, missingParameter("VisibilityTimeout")
	}
	timeout, err := within("VisibilityTimeout", e.VisibilityTimeout, 0, 0, int(maxInvisible.Seconds()))
	if err != nil {
		return false, err
	}
	id, number, err := parseHandle(e.ReceiptHandle)
	if err != nil {
		return false, err
	}
	if q.server.isElsewhere(id, q) {
		return false, invalidHandle(e.ReceiptHandle)
	}
	nothing := q.server.guaranteed().OlderHandlesChangeNothing
	q.lock()
	defer q.unlock()
	now := time.Now()
	q.settle(now)
	m, ok := q.byID[id]
	if !ok {
		return false, nil
	}
	holds := m.inFlight && number == m.handles
	if q.fifo && !holds {
		return true, expiredHandle(e.ReceiptHandle)
	}
	if nothing && !holds {
		return true, nil
	}
	return true, q.changeTo(m, time.Duration(timeout)*time.Second, now)
}

func (q *queue) changeTo(m *message, timeout time.Duration, now time.Time) error {
	at := now.Add(timeout)
	if now.Sub(m.takenAt).Truncate(time.Second)+timeout > maxInvisible { // in seconds that have passed, as timeouts are
		return invalidValue("VisibilityTimeout", int(timeout.Seconds()), "Total VisibilityTimeout for the message is beyond the limit [43200 seconds].")
	}
	switch {
	case m.index >= 0:
		q.showAt(m, at)
	case timeout > 0:
		q.withdraw(m)
		q.hold(m, at, true)
	}
	q.settle(now)
	q.notify() // a long poll may have a new time to wake at
	return nil
}

// showAt changes when a message in flight is seen again.
func (q *queue) showAt(m *message, at time.Time) {
	if m.index >= 0 {
		m.visibleAt = at
		heap.Fix(&q.timed, m.index)
		q.touch(m)
	}
}
