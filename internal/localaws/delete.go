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
	return runBatch(r, in.Entries, func(e *handleEntry) string { return e.Id }, func(e *handleEntry) (any, error) {
		return succeededEntry{e.Id}, q.deleteByHandle(e.ReceiptHandle)
	})
}

// deleteByHandle deletes a message. Deleting what is gone succeeds. A handle that is not the newest
// succeeds too, and deletes nothing: SQS says only that the message "might" not be deleted, and this
// is the case that a consumer has to live with. A FIFO queue refuses a handle whose visibility timeout
// has passed.
func (q *queue) deleteByHandle(handle string) error {
	if handle == "" {
		return missingParameter("ReceiptHandle")
	}
	id, number, err := parseHandle(handle)
	if err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settle(time.Now())
	m, ok := q.byID[id]
	if !ok {
		return nil
	}
	newest := number == m.handles
	if q.fifo && (!newest || !m.inFlight) {
		return errExpiredHandle
	}
	if newest {
		q.remove(m)
		q.deletes[id]++
	}
	return nil
}
