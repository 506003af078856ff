package localaws

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// redrivePolicy is the queue attribute of that name.
type redrivePolicy struct {
	DeadLetterTargetArn string `json:"deadLetterTargetArn"`
	MaxReceiveCount     any    `json:"maxReceiveCount"` // a number, or a number in a string
}

// redriveAllowPolicy is the attribute of a dead-letter queue that says which queues may use it.
type redriveAllowPolicy struct {
	RedrivePermission string   `json:"redrivePermission"`
	SourceQueueArns   []string `json:"sourceQueueArns"`
}

// letter is a message on its way to a dead-letter queue.
type letter struct {
	*message
	target *queue
}

// redrive moves a message to the dead-letter queue instead of giving it out once more than
// maxReceiveCount allows. Its receive count goes on there. It arrives when q's lock is free: two queues may be each other's
// dead-letter queue.
func (q *queue) redrive(m *message) bool {
	target, most := q.deadLetter()
	if target == nil || m.receivesHere < most {
		return false
	}
	q.forget(m)
	if q.fifo {
		q.groups.landed(m)
	}
	m.receivesHere, m.sequence, m.source = 0, q.server.sequence.Add(1), q.arn
	q.leaving = append(q.leaving, letter{m, target})
	return true
}

// arrive takes a letter in.
func (q *queue) arrive(m *message) {
	q.lock()
	defer q.unlock()
	q.touch(m)
	if q.deleted {
		return
	}
	q.byID[m.id] = m
	q.makeReady(m, time.Now())
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
	target = q.server.queueByARN(policy.DeadLetterTargetArn)
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
		number, _ := strconv.Atoi(n)
		return number
	}
	return 0
}

func parseRedrive(text string) (redrivePolicy, error) {
	var policy redrivePolicy
	if err := json.Unmarshal([]byte(text), &policy); err != nil {
		return policy, invalidValue("RedrivePolicy", text, "Redrive policy is not a valid JSON map.")
	}
	_, _, _, isARN := splitARN("sqs", policy.DeadLetterTargetArn)
	switch {
	case policy.DeadLetterTargetArn == "":
		return policy, invalidValue("RedrivePolicy", text, "Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	case policy.MaxReceiveCount == nil:
		return policy, invalidValue("RedrivePolicy", text, "Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	case !isARN:
		return policy, invalidValue("RedrivePolicy", text, "Invalid value for deadLetterTargetArn.")
	case policy.count() < 1 || policy.count() > 1000:
		return policy, invalidValue("RedrivePolicy", text, "Invalid value for maxReceiveCount: %v, valid values are from 1 to 1000 both inclusive.", policy.MaxReceiveCount)
	}
	return policy, nil
}

func parseRedriveAllow(text string) (redriveAllowPolicy, error) {
	var policy redriveAllowPolicy
	err := json.Unmarshal([]byte(text), &policy)
	byQueue := policy.RedrivePermission == "byQueue"
	known := byQueue || policy.RedrivePermission == "allowAll" || policy.RedrivePermission == "denyAll"
	if n := len(policy.SourceQueueArns); err != nil || !known || byQueue != (n > 0) || n > 10 {
		return policy, invalidValue("RedriveAllowPolicy", text, "It has redrivePermission allowAll, denyAll or byQueue, and with byQueue up to 10 sourceQueueArns.")
	}
	return policy, nil
}

// checkDeadLetters refuses a redrive policy whose dead-letter queue is not there, is of the other kind or is not for
// the queue.
func (s *Server) checkDeadLetters(source string, given map[string]string) error {
	text := given["RedrivePolicy"]
	if text == "" {
		return nil
	}
	policy, err := parseRedrive(text)
	if err != nil {
		return err
	}
	target := s.queueByARN(policy.DeadLetterTargetArn)
	switch {
	case target == nil:
		return &apiError{shape: errNoQueue.shape, code: errNoQueue.code, status: errNoQueue.status,
			message: "Value " + text + " for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."}
	case target.fifo != isFIFO(source):
		return invalidValue("RedrivePolicy", text, "Dead-letter queue must be same type of queue as the source.")
	case !target.takesDeadLetters(source):
		return invalidValue("RedrivePolicy", text, "Queue %s is not allowed to use the dead-letter queue by its RedriveAllowPolicy.", source)
	}
	return nil
}

func (q *queue) takesDeadLetters(source string) bool {
	q.lock()
	defer q.unlock()
	text := q.attributes["RedriveAllowPolicy"]
	if text == "" {
		return true
	}
	policy, err := parseRedriveAllow(text)
	return err == nil && (policy.RedrivePermission == "allowAll" || slices.Contains(policy.SourceQueueArns, source))
}

// sources are the queues whose dead letters go to q.
func (s *Server) sources(target *queue) (sources []*queue) {
	s.mu.Lock()
	queues := make([]*queue, 0, len(s.queues))
	for _, q := range s.queues {
		queues = append(queues, q)
	}
	s.mu.Unlock()
	for _, q := range queues {
		q.lock()
		policy, err := parseRedrive(q.attributes["RedrivePolicy"])
		q.unlock()
		if err == nil && policy.DeadLetterTargetArn == target.arn {
			sources = append(sources, q)
		}
	}
	slices.SortFunc(sources, func(a, b *queue) int { return strings.Compare(a.arn, b.arn) })
	return sources
}

// listDeadLetterSources lists the queues whose dead letters go to a queue.
func (r *request) listDeadLetterSources(in *struct {
	QueueUrl   string
	MaxResults *int
	NextToken  string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	most, err := within("MaxResults", in.MaxResults, 1000, 1, 1000)
	if err != nil {
		return nil, err
	}
	out := struct {
		QueueUrls []string `json:"queueUrls"`
		NextToken string   `json:",omitempty"`
	}{QueueUrls: []string{}}
	for _, source := range r.server.sources(q) {
		if source.arn <= in.NextToken {
			continue
		}
		if len(out.QueueUrls) == most {
			break
		}
		out.QueueUrls = append(out.QueueUrls, r.url(source.account, source.name))
		out.NextToken = source.arn
	}
	if len(out.QueueUrls) < most {
		out.NextToken = ""
	}
	return out, nil
}
