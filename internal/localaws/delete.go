package localaws

import "time"

type handleEntry struct {
	Id                string
	ReceiptHandle     string
	VisibilityTimeout *int
}

type handleInput struct {
	QueueUrl string
	handleEntry
}

func (r *request) deleteMessage(in *handleInput) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, q.deleteByHandle(in.ReceiptHandle)
}

func (r *request) deleteMessageBatch(in *struct {
	QueueUrl string
	Entries  []handleEntry
}) (*batchOutput, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return runBatch(r, in.Entries, func(e *handleEntry) string { return e.Id }, nil, func(e *handleEntry) (any, error) {
		return succeededEntry{e.Id}, q.deleteByHandle(e.ReceiptHandle)
	})
}

// deleteByHandle deletes a message. Deleting what is gone succeeds. A handle that is not the newest
// succeeds too, and deletes nothing unless the server's guarantees say otherwise: SQS says only that the
// message "might" not be deleted, and this is the case that a consumer has to live with. A FIFO queue
// refuses a handle whose visibility timeout has passed.
func (q *queue) deleteByHandle(handle string) error {
	if handle == "" {
		return missingParameter("ReceiptHandle")
	}
	id, number, err := parseHandle(handle)
	if err != nil {
		return err
	}
	if q.server.isElsewhere(id, q) {
		return invalidHandle(handle)
	}
	older := q.server.guaranteed().OlderHandlesDelete
	q.lock()
	defer q.unlock()
	q.settle(time.Now())
	m, ok := q.byID[id]
	if !ok {
		return nil
	}
	newest := number == m.handles
	if q.fifo && (!newest || !m.inFlight) {
		return expiredHandle(handle)
	}
	if newest || older {
		q.remove(m)
		q.countDelete(id)
	}
	return nil
}

// maxCounted is for how many messages deletes are counted, so that they take no memory without end.
const maxCounted = 200_000

func (q *queue) countDelete(id string) {
	if len(q.deletes) >= maxCounted {
		clear(q.deletes)
	}
	q.deletes[id]++
}

// isElsewhere reports whether a receipt handle is another queue's. That of a message which has become a dead letter
// stays one of the queue it failed in.
func (s *Server) isElsewhere(id string, q *queue) bool {
	if q.has(id) {
		return false
	}
	s.mu.Lock()
	queues := make([]*queue, 0, len(s.queues))
	for _, other := range s.queues {
		queues = append(queues, other)
	}
	s.mu.Unlock()
	for _, other := range queues {
		if other.holds(id, q.arn) {
			return true
		}
	}
	return false
}

func (q *queue) has(id string) bool {
	q.lock()
	defer q.unlock()
	return q.byID[id] != nil
}

// holds reports whether the queue has a message that did not come from another queue.
func (q *queue) holds(id, source string) bool {
	q.lock()
	defer q.unlock()
	m, ok := q.byID[id]
	return ok && m.source != source
}
