package localaws

import (
	"slices"
	"time"
)

// The limits of messages in flight, past which nothing more is given out.
const (
	maxInFlight     = 120_000
	maxInFlightFIFO = 20_000
)

type receiveInput struct {
	QueueUrl                    string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}

type receiveOutput struct {
	Messages []receivedMessage `json:",omitempty"`
}

type receivedMessage struct {
	MessageId              string
	ReceiptHandle          string
	Body                   string
	MD5OfBody              string
	MD5OfMessageAttributes string                    `json:",omitempty"`
	Attributes             map[string]string         `json:",omitempty"`
	MessageAttributes      map[string]attributeValue `json:",omitempty"`
}

// abandonedPoll is a long poll whose client left. SQS does not notice: what arrives before its end is
// taken for it and lost until the visibility timeout ends.
type abandonedPoll struct {
	until      time.Time
	most       int
	visibility time.Duration
}

// receiveMessage waits, up to the wait time, until there is at least one message, and then gives out
// what is there.
func (r *request) receiveMessage(in *receiveInput) (*receiveOutput, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	most, err := in.most()
	if err != nil {
		return nil, err
	}
	if err := in.checkNames(); err != nil {
		return nil, err
	}
	q.lock()
	defer q.unlock()
	wait, err := within("WaitTimeSeconds", in.WaitTimeSeconds, q.number("ReceiveMessageWaitTimeSeconds"), 0, 20)
	if err != nil {
		return nil, err
	}
	visibility, err := within("VisibilityTimeout", in.VisibilityTimeout, q.number("VisibilityTimeout"), 0, 43_200)
	if err != nil {
		return nil, err
	}
	if r.fault.Empty {
		return &receiveOutput{}, nil
	}
	most = r.fault.limit(most)
	poll := abandonedPoll{until: time.Now().Add(time.Duration(wait) * time.Second), most: most, visibility: time.Duration(visibility) * time.Second}
	for {
		if q.deleted {
			return nil, errNoQueue
		}
		now := time.Now()
		q.settle(now)
		taken, err := q.take(most, now, poll.visibility)
		if err != nil || len(taken) > 0 {
			return r.answer(q, taken, in, now), err
		}
		if !now.Before(poll.until) {
			return &receiveOutput{}, nil
		}
		if !r.await(q, poll) {
			return &receiveOutput{}, nil
		}
	}
}

func (in *receiveInput) most() (int, error) {
	if n := in.MaxNumberOfMessages; n != nil && (*n < 1 || *n > 10) {
		return 0, invalidValue("MaxNumberOfMessages", *n, "Must be between 1 and 10, if provided.")
	}
	return within("MaxNumberOfMessages", in.MaxNumberOfMessages, 1, 1, 10)
}

// checkNames refuses system attributes that are not known.
func (in *receiveInput) checkNames() error {
	for _, name := range slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames) {
		if !slices.Contains(systemAttributes, name) && !knownAttribute(name) { // of messages, or of queues as the first SDKs had it
			return unknownAttribute(name)
		}
	}
	return nil
}

// systemAttributes are the names that a receive can ask for.
var systemAttributes = []string{
	"All", "AWSTraceHeader", "ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "DeadLetterQueueSourceArn",
	"MessageDeduplicationId", "MessageGroupId", "SenderId", "SentTimestamp", "SequenceNumber",
}

// await waits for something to become ready, or for the poll's end. It returns false when the client
// or the server went away. The lock of q is free meanwhile.
func (r *request) await(q *queue, poll abandonedPoll) bool {
	wake := poll.until
	if next := q.next(); !next.IsZero() && next.Before(wake) {
		wake = next
	}
	changed := q.change()
	q.unlock()
	defer q.lock()
	timer := time.NewTimer(time.Until(wake))
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	case <-r.server.closed.Done():
		return false
	case <-r.ctx.Done():
		q.lock()
		q.abandoned = append(q.abandoned, poll)
		q.unlock()
		return false
	}
	return true
}

// feedAbandoned gives what can be received at a time to the polls that nobody waits for any more.
func (q *queue) feedAbandoned(at time.Time) {
	q.abandoned = slices.DeleteFunc(q.abandoned, func(p abandonedPoll) bool { return p.until.Before(at) })
	for len(q.abandoned) > 0 {
		p := q.abandoned[0]
		taken, err := q.take(p.most, at, p.visibility)
		if err != nil || len(taken) == 0 {
			return
		}
		q.abandoned = q.abandoned[1:]
	}
}

// take takes up to most messages in flight. A standard queue gives out any, here the oldest; a FIFO
// queue those of one group after the other.
func (q *queue) take(most int, now time.Time, visibility time.Duration) ([]*message, error) {
	limit := maxInFlight
	if q.fifo {
		limit = maxInFlightFIFO
	}
	if q.inFlight >= limit {
		if q.fifo {
			return nil, nil // a FIFO queue answers with nothing
		}
		return nil, errOverLimit
	}
	var taken []*message
	for len(taken) < most {
		candidates := q.candidates(most - len(taken))
		if len(candidates) == 0 {
			break
		}
		for _, m := range candidates {
			if q.expired(m, now) || q.redrive(m) {
				continue
			}
			q.fly(m, now, visibility)
			taken = append(taken, m)
		}
	}
	return taken, nil
}

// candidates takes messages out of the ready ones.
func (q *queue) candidates(most int) []*message {
	if q.fifo {
		return q.groups.take(most)
	}
	var candidates []*message
	for front := q.ready.Front(); front != nil && len(candidates) < most; front = q.ready.Front() {
		m := q.ready.Remove(front).(*message)
		m.place = nil
		candidates = append(candidates, m)
	}
	return candidates
}

// fly counts a receive of m and hides it for its visibility timeout.
func (q *queue) fly(m *message, now time.Time, visibility time.Duration) {
	m.receives++
	m.receivesHere++
	m.handles++
	m.takenAt = now
	if m.firstReceived.IsZero() {
		m.firstReceived = now
	}
	q.hold(m, now.Add(visibility), true)
}

// expired drops a message that was kept for longer than the queue keeps messages.
func (q *queue) expired(m *message, now time.Time) bool {
	if now.Sub(m.sentAt) < time.Duration(q.number("MessageRetentionPeriod"))*time.Second {
		return false
	}
	q.forget(m)
	if q.fifo {
		q.groups.landed(m)
	}
	return true
}

func (r *request) answer(q *queue, taken []*message, in *receiveInput, now time.Time) *receiveOutput {
	out := &receiveOutput{Messages: make([]receivedMessage, 0, len(taken))}
	for _, m := range taken {
		out.Messages = append(out.Messages, describe(m, in))
	}
	if r.fault.Twice {
		for _, m := range taken {
			m.handles++
			out.Messages = append(out.Messages, describe(m, in))
		}
	}
	r.fault.spoil(out.Messages)
	if r.fault.Again {
		for _, m := range taken {
			q.showAt(m, now)
		}
		q.settle(now)
	}
	return out
}
