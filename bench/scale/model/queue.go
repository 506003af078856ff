package model

// message is one in the queue. Copies of a delivery share it.
type message struct {
	sent   float64
	locked bool // by a consumer
	done   bool // and marked
}

// queue is a standard queue of SQS: it gives out what is visible, ten at most, and holds a long poll that
// finds nothing until a message comes or its wait has passed.
type queue struct {
	clock    *clock
	visible  []*message
	head     int
	backlog  int // visible as well, sent at the start, not made until they are received
	inFlight int
	polls    []*longPoll
}

type longPoll struct {
	answer func([]*message)
	closed bool
}

const (
	waitTime    = 20.0 // of a long poll, in seconds
	maxInFlight = 120_000
)

func (q *queue) depth() int { return len(q.visible) - q.head + q.backlog }

// put makes a message visible.
func (q *queue) put(m *message) {
	q.visible = append(q.visible, m)
	for len(q.polls) > 0 && q.depth() > 0 && q.inFlight < maxInFlight {
		p := q.polls[0]
		q.polls = q.polls[1:]
		if p.closed {
			continue
		}
		p.closed = true
		p.answer(q.take(1))
	}
}

// receive answers with up to most messages, or with none once the wait has passed.
func (q *queue) receive(most int, answer func([]*message)) {
	if n := min(most, q.depth(), maxInFlight-q.inFlight); n > 0 {
		answer(q.take(n))
		return
	}
	p := &longPoll{answer: answer}
	q.polls = append(q.polls, p)
	q.clock.after(waitTime, func() {
		if !p.closed {
			p.closed = true
			answer(nil)
		}
	})
}

func (q *queue) take(n int) []*message {
	taken := make([]*message, 0, n)
	for len(taken) < n && q.backlog > 0 {
		q.backlog--
		taken = append(taken, &message{})
	}
	for len(taken) < n && q.head < len(q.visible) {
		taken = append(taken, q.visible[q.head])
		q.visible[q.head] = nil
		q.head++
	}
	if q.head > 1<<16 && q.head > len(q.visible)/2 {
		q.visible = append([]*message(nil), q.visible[q.head:]...)
		q.head = 0
	}
	q.inFlight += n
	return taken
}
