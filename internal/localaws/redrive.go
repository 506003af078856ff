package localaws

import (
	"encoding/json"
	"strings"
	"time"
)

// redrivePolicy is the queue attribute of that name.
type redrivePolicy struct {
	DeadLetterTargetArn string `json:"deadLetterTargetArn"`
	MaxReceiveCount     any    `json:"maxReceiveCount"` // a number, or a number in a string
}

// redrive moves a message to the dead-letter queue instead of giving it out once more than
// maxReceiveCount allows.
func (q *queue) redrive(m *message, now time.Time) bool {
	target, most := q.deadLetter()
	if target == nil || m.receives < most {
		return false
	}
	delete(q.byID, m.id)
	if q.fifo {
		q.groups.landed(m.group)
	}
	target.mu.Lock()
	defer target.mu.Unlock()
	target.sequence++
	m.receives, m.firstReceived, m.sequence, m.source = 0, time.Time{}, target.sequence, q.arn
	target.byID[m.id] = m
	target.makeReady(m, now)
	return true
}

// deadLetter is where messages go that were received too often, nil where they stay.
func (q *queue) deadLetter() (target *queue, most int) {
	text := q.attributes["RedrivePolicy"]
	if text == "" {
		return nil, 0
	}
	policy, err := parseRedrive(text)
	if err != nil {
		return nil, 0
	}
	target = q.server.byName(policy.DeadLetterTargetArn[strings.LastIndexByte(policy.DeadLetterTargetArn, ':')+1:])
	if target == q {
		return nil, 0
	}
	return target, policy.count()
}

func (p redrivePolicy) count() int {
	switch n := p.MaxReceiveCount.(type) {
	case float64:
		return int(n)
	case string:
		var number int
		_ = json.Unmarshal([]byte(n), &number) // checked when the policy was set
		return number
	}
	return 0
}

func parseRedrive(text string) (redrivePolicy, error) {
	var policy redrivePolicy
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return policy, invalidValue("RedrivePolicy", "it is not JSON.")
	}
	if policy.DeadLetterTargetArn == "" || policy.count() < 1 || policy.count() > 1000 {
		return policy, invalidValue("RedrivePolicy", "it needs deadLetterTargetArn, and maxReceiveCount from 1 to 1000.")
	}
	return policy, nil
}
