package localaws

import (
	"cmp"
	"container/list"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

var queueName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func isFIFO(name string) bool { return strings.HasSuffix(name, ".fifo") }

type queueURL struct{ QueueUrl string }

func (r *request) url(account, name string) string {
	return "http://" + r.host + "/" + account + "/" + name
}

// queue finds a queue by its URL, whose host does not matter.
func (r *request) queue(url string) (*queue, error) {
	if url == "" {
		return nil, missingParameter("QueueUrl")
	}
	q := r.server.queueByARN(r.queueARN(url))
	if q == nil {
		return nil, errNoQueue
	}
	return q, nil
}

func (s *Server) queueByARN(arn string) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[arn]
}

// createQueue makes a queue. Making it again with the same attributes returns the queue that is there.
func (r *request) createQueue(in *struct {
	QueueName        string
	Attributes, Tags map[string]string
	LowerTags        map[string]string `json:"tags"` // as the JSON protocol has it
}) (*queueURL, error) {
	name := in.QueueName
	fifo := strings.EqualFold(in.Attributes["FifoQueue"], "true")
	if err := checkQueueName(name, fifo); err != nil {
		return nil, err
	}
	given, err := checkAttributes(in.Attributes, fifo, true)
	if err != nil {
		return nil, err
	}
	if err := checkThroughput(withDefaults(given, fifo)); err != nil {
		return nil, err
	}
	arn := arn("sqs", r.region, r.account, name)
	if err := r.server.checkDeadLetters(arn, given); err != nil {
		return nil, err
	}
	tags := in.Tags
	if tags == nil {
		tags = in.LowerTags
	}
	q, created, err := r.server.findOrMake(arn, given, tags)
	if err != nil {
		return nil, err
	}
	if other := q.disagreement(given); !created && other != "" {
		return nil, queueExists(other)
	}
	return &queueURL{r.url(q.account, name)}, nil
}

func checkQueueName(name string, fifo bool) error {
	const can = "an only include alphanumeric characters, hyphens, or underscores"
	switch {
	case name == "":
		return missingParameter("QueueName")
	case fifo && (!isFIFO(name) || len(name) > 80 || !queueName.MatchString(strings.TrimSuffix(name, ".fifo"))):
		return invalid("The name of a FIFO queue c" + can + ", must end with .fifo suffix and be 1 to 80 in length.")
	case !fifo && !queueName.MatchString(name):
		return invalid("C" + can + ". 1 to 80 in length")
	}
	return nil
}

// betweenQueues is how long after a queue was deleted its name can be used again, and after a purge the next can be made.
const betweenQueues = time.Minute

// findOrMake finds a queue, or makes it.
func (s *Server) findOrMake(arn string, attributes, tags map[string]string) (q *queue, created bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q, ok := s.queues[arn]; ok {
		return q, false, nil
	}
	if at, ok := s.deletedQueues[arn]; ok && time.Since(at) < betweenQueues {
		return nil, false, errQueueDeletedRecently
	}
	delete(s.deletedQueues, arn)
	q = newQueue(s, arn)
	q.attributes, q.tags = withDefaults(attributes, q.fifo), maps.Clone(tags)
	q.scope.value = q.attributes["DeduplicationScope"]
	q.scope.next = q.scope.value
	s.queues[arn] = q
	s.keep(q)
	return q, true, nil
}

func (r *request) getQueueURL(in *struct{ QueueName, QueueOwnerAWSAccountId string }) (*queueURL, error) {
	account := cmp.Or(in.QueueOwnerAWSAccountId, r.account)
	if in.QueueName == "" {
		return nil, missingParameter("QueueName")
	}
	if r.server.queueByARN(arn("sqs", r.region, account, in.QueueName)) == nil {
		return nil, errNoQueue
	}
	return &queueURL{r.url(account, in.QueueName)}, nil
}

// listQueues lists by name, in pages where MaxResults asks for them.
func (r *request) listQueues(in *struct {
	QueueNamePrefix string
	MaxResults      int
	NextToken       string
}) (any, error) {
	if in.MaxResults < 0 || in.MaxResults > 1000 {
		return nil, invalidValue("MaxResults", in.MaxResults, "Must be >= 1 and <= 1000, if provided.")
	}
	names := r.server.queueNames(r.caller)
	var out struct {
		QueueUrls []string `json:",omitempty"`
		NextToken string   `json:",omitempty"`
	}
	for _, name := range names {
		if !strings.HasPrefix(name, in.QueueNamePrefix) || in.NextToken != "" && name <= in.NextToken {
			continue
		}
		if in.MaxResults > 0 && len(out.QueueUrls) == in.MaxResults {
			last := out.QueueUrls[len(out.QueueUrls)-1]
			out.NextToken = last[strings.LastIndexByte(last, '/')+1:]
			break
		}
		if in.MaxResults == 0 && len(out.QueueUrls) == 1000 {
			break
		}
		out.QueueUrls = append(out.QueueUrls, r.url(r.account, name))
	}
	return out, nil
}

// queueNames are the sorted names of a caller's queues.
func (s *Server) queueNames(c caller) (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		if q.region == c.region && q.account == c.account {
			names = append(names, q.name)
		}
	}
	slices.Sort(names)
	return names
}

func (r *request) deleteQueue(in *queueURL) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	r.server.mu.Lock()
	delete(r.server.queues, q.arn)
	r.server.deletedQueues[q.arn] = time.Now()
	r.server.mu.Unlock()
	q.lock()
	defer q.unlock()
	q.deleted = true
	q.empty()
	q.touchQueue()
	q.notify()
	return nil, nil
}

// purgeQueue deletes every message, those in flight included, and forgets the deduplication ids.
func (r *request) purgeQueue(in *queueURL) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.lock()
	defer q.unlock()
	now := time.Now()
	if now.Sub(q.purged) < betweenQueues {
		return nil, purgeInProgress(q.name)
	}
	q.purged = now
	q.empty()
	return nil, nil
}

// empty forgets every message and every deduplication id.
func (q *queue) empty() {
	for _, m := range q.byID {
		q.touch(m)
	}
	for key := range q.seen {
		q.touchSighting(key)
	}
	q.byID, q.ready, q.groups = make(map[string]*message), list.New(), newGroups()
	q.seen, q.sightings = make(map[sightingKey]sighting), nil
	q.timed, q.inFlight, q.delayed = nil, 0, 0
}

func (r *request) getQueueAttributes(in *struct {
	QueueUrl       string
	AttributeNames []string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.lock()
	defer q.unlock()
	q.settle(time.Now())
	all := q.describe()
	out := struct {
		Attributes map[string]string `json:",omitempty"`
	}{make(map[string]string)}
	for _, name := range in.AttributeNames {
		if name == "All" {
			out.Attributes = all
			break
		}
		if value, ok := all[name]; ok {
			out.Attributes[name] = value
		} else if !knownAttribute(name) {
			return nil, unknownAttribute(name)
		}
	}
	return out, nil
}

func (r *request) setQueueAttributes(in *struct {
	QueueUrl   string
	Attributes map[string]string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	given, err := checkAttributes(in.Attributes, q.fifo, false)
	if err != nil {
		return nil, err
	}
	if err := r.server.checkDeadLetters(q.arn, given); err != nil {
		return nil, err
	}
	q.lock()
	defer q.unlock()
	next := maps.Clone(q.attributes)
	setAttributes(next, given)
	if err := checkThroughput(next); err != nil {
		return nil, err
	}
	q.attributes, q.modified = next, time.Now()
	q.scope.change(given["DeduplicationScope"], q.modified.Add(attributeDelay))
	q.touchQueue()
	return nil, nil
}
