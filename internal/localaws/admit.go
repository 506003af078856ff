package localaws

import "github.com/seed08532102/iniesta/internal/policy"

// admits reports whether the queue's policy lets a topic send to it.
func (q *queue) admits(topicARN string) bool {
	q.mu.Lock()
	text := q.attributes["Policy"]
	q.mu.Unlock()
	p, err := policy.Parse(text)
	if err != nil {
		return false
	}
	ok, _ := p.TopicMaySend(topicARN, q.arn)
	return ok
}
