package localaws

import (
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

func (r *request) url(name string) string {
	return "http://" + r.host + "/" + r.server.account + "/" + name
}

// queue finds a queue by its URL, whose host does not matter.
func (r *request) queue(url string) (*queue, error) {
	if url == "" {
		return nil, missingParameter("QueueUrl")
	}
	q := r.server.byName(url[strings.LastIndexByte(url, '/')+1:])
	if q == nil {
		return nil, errNoQueue
	}
	return q, nil
}

func (s *Server) byName(name string) *queue {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queues[name]
}

// createQueue makes a queue. Making it again with the same attributes returns the one there is.
func (r *request) createQueue(in *struct {
	QueueName  string
	Attributes map[string]string
}) (*queueURL, error) {
	name := in.QueueName
	if !queueName.MatchString(strings.TrimSuffix(name, ".fifo")) || len(name) > 80 {
		return nil, invalidValue("QueueName", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	}
	if err := checkAttributes(in.Attributes, isFIFO(name), true); err != nil {
		return nil, err
	}
	q, created := r.server.findOrMake(name, in.Attributes)
	if !created && !q.agrees(in.Attributes) {
		return nil, errQueueExists
	}
	return &queueURL{r.url(name)}, nil
}

// findOrMake finds a queue, or makes it.
func (s *Server) findOrMake(name string, attributes map[string]string) (q *queue, created bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if q, ok := s.queues[name]; ok {
		return q, false
	}
	q = newQueue(s, name)
	q.attributes = withDefaults(attributes, q.fifo)
	s.queues[name] = q
	return q, true
}

func (r *request) getQueueURL(in *struct{ QueueName string }) (*queueURL, error) {
	if r.server.byName(in.QueueName) == nil {
		return nil, errNoQueue
	}
	return &queueURL{r.url(in.QueueName)}, nil
}

// listQueues lists by name, in pages where MaxResults asks for them.
func (r *request) listQueues(in *struct {
	QueueNamePrefix string
	MaxResults      int
	NextToken       string
}) (any, error) {
	r.server.mu.Lock()
	names := slices.Sorted(maps.Keys(r.server.queues))
	r.server.mu.Unlock()
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
		out.QueueUrls = append(out.QueueUrls, r.url(name))
	}
	return out, nil
}

func (r *request) deleteQueue(in *queueURL) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	r.server.mu.Lock()
	delete(r.server.queues, q.name)
	r.server.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.deleted = true
	q.notify()
	return nil, nil
}

// purgeQueue deletes every message, those in flight included.
func (r *request) purgeQueue(in *queueURL) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.byID, q.ready, q.groups = make(map[string]*message), list.New(), newGroups()
	q.timed, q.inFlight, q.delayed = nil, 0, 0
	return nil, nil
}

func (r *request) getQueueAttributes(in *struct {
	QueueUrl       string
	AttributeNames []string
}) (any, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
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
			return nil, refused("InvalidAttributeName", "Unknown Attribute %s.", name)
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
	if err := checkAttributes(in.Attributes, q.fifo, false); err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for name, value := range in.Attributes {
		if value == "" { // an empty policy removes it
			delete(q.attributes, name)
			continue
		}
		q.attributes[name] = value
	}
	q.modified = time.Now()
	return nil, nil
}
