package consumer

import (
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// pace is what the receives of all pollers tell about the queue: whether more messages wait than one receive brings,
// and whether the queue is asked faster than is of use.
type pace struct {
	wait time.Duration // that a receive asks SQS for

	mu     sync.Mutex
	call   time.Duration // of a receive that does not wait for messages, 0 while unknown
	spins  int           // receives in a row that brought nothing and did not wait
	paused time.Time     // until when no poller asks, after such receives
}

const (
	leastSpinPause = 50 * time.Millisecond // after the first receive that brought nothing at once
	mostSpinPause  = 500 * time.Millisecond
	clockSlack     = 25 * time.Millisecond // SQS's times are rounded
)

// evidence is what one receive tells.
type evidence struct {
	atOnce bool // it did not wait for its messages
	more   bool // the queue has more messages than the receive brought
}

// note takes a receive in that succeeded.
func (p *pace) note(messages []types.Message, asked int, took time.Duration) evidence {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := evidence{}
	if len(messages) > 0 {
		p.learn(took)
		e.atOnce = took <= 2*p.call+clockSlack/5
		e.more = len(messages) == asked || e.atOnce && p.backlogged(messages, asked)
	}
	p.brake(len(messages), took)
	return e
}

// learn follows the time of a receive that does not wait: the shortest one, and slowly an API that became slower.
func (p *pace) learn(took time.Duration) {
	if p.call == 0 || took < p.call {
		p.call = took
		return
	}
	p.call += min(took-p.call, p.call) / 64
}

// backlogged reports whether messages that came at once have waited: SQS may give out few of many. Where SQS's times
// say nothing, half of what was asked for is taken for a sign.
func (p *pace) backlogged(messages []types.Message, asked int) bool {
	waited, known := longestWait(messages)
	if !known {
		return 2*len(messages) >= asked
	}
	return waited > 2*p.call+clockSlack
}

// longestWait is the longest time that a message waited in the queue, by SQS's clocks. It is known where a message was
// received for the first time.
func longestWait(messages []types.Message) (longest time.Duration, known bool) {
	for i := range messages {
		a := messages[i].Attributes
		if a[string(types.MessageSystemAttributeNameApproximateReceiveCount)] != "1" {
			continue
		}
		sent, err1 := strconv.ParseInt(a[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
		first, err2 := strconv.ParseInt(a[string(types.MessageSystemAttributeNameApproximateFirstReceiveTimestamp)], 10, 64)
		if err1 == nil && err2 == nil {
			longest, known = max(longest, time.Duration(first-sent)*time.Millisecond), true
		}
	}
	return longest, known
}

// brake slows the pollers down after receives that brought nothing and did not wait: where the wait is 0, or something
// in between answers in place of SQS, nothing else would.
func (p *pace) brake(brought int, took time.Duration) {
	if brought > 0 || took >= min(p.wait, time.Second)/2 && p.wait > 0 {
		p.spins, p.paused = 0, time.Time{}
		return
	}
	p.spins = min(p.spins+1, 10)
	if until := time.Now().Add(min(leastSpinPause<<(p.spins-1), mostSpinPause)); until.After(p.paused) {
		p.paused = until // else many pollers wait for their turn
	}
}

// pause is how long a poller waits before it asks. Pollers that wait together ask one after the other.
func (p *pace) pause() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := time.Until(p.paused)
	if d <= 0 {
		return 0
	}
	p.paused = p.paused.Add(leastSpinPause)
	return d
}
