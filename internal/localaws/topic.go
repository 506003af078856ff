package localaws

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// topic is one topic with its subscriptions.
type topic struct {
	arn  string
	fifo bool

	mu            sync.Mutex
	attributes    map[string]string
	subscriptions []*subscription // in the order in which they were made
	sequence      int64
	seen          map[string]topicSighting // deduplication ids of the last five minutes
}

// topicSighting is a deduplication id that a FIFO topic has had, with the answer it got.
type topicSighting struct {
	published publishedMessage
	until     time.Time
}

var topicName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// topicAttributes can be set.
var topicAttributes = []string{
	"ContentBasedDeduplication", "DeliveryPolicy", "DisplayName", "FifoThroughputScope", "FifoTopic",
	"KmsMasterKeyId", "Policy", "SignatureVersion", "TracingConfig",
}

const pageSize = 100

var (
	errNoTopic        = notFound("Topic does not exist")
	errNoSubscription = notFound("Subscription does not exist")
)

func invalidParameter(format string, args ...any) *apiError {
	e := refused("InvalidParameter", format, args...)
	e.message = "Invalid parameter: " + e.message
	return e
}

func notFound(message string) *apiError {
	return &apiError{shape: "NotFound", code: "NotFound", message: message, status: 404}
}

type topicARN struct{ TopicArn string }

// createTopic makes a topic. Making it again with the same attributes returns the one there is.
func (r *request) createTopic(in *struct {
	Name       string
	Attributes map[string]string
}) (*topicARN, error) {
	fifo := isFIFO(in.Name)
	if !topicName.MatchString(strings.TrimSuffix(in.Name, ".fifo")) || len(in.Name) > 256 {
		return nil, invalidParameter("Topic Name")
	}
	for name, value := range in.Attributes {
		if err := checkTopicAttribute(name, value, fifo); err != nil {
			return nil, err
		}
	}
	if fifo != (in.Attributes["FifoTopic"] == "true") {
		return nil, invalidParameter("Topic Name Reason: FIFO topics end in .fifo and have the attribute FifoTopic, others neither")
	}
	t, created := r.server.findOrMakeTopic(in.Name, in.Attributes)
	if !created && !t.agrees(in.Attributes) {
		return nil, invalidParameter("Attributes Reason: Topic already exists with different attributes")
	}
	return &topicARN{t.arn}, nil
}

func (s *Server) findOrMakeTopic(name string, attributes map[string]string) (t *topic, created bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := "arn:aws:sns:" + s.region + ":" + s.account + ":" + name
	if t, ok := s.topics[arn]; ok {
		return t, false
	}
	t = &topic{arn: arn, fifo: isFIFO(name), attributes: make(map[string]string), seen: make(map[string]topicSighting)}
	maps.Copy(t.attributes, attributes)
	if t.fifo && t.attributes["ContentBasedDeduplication"] == "" {
		t.attributes["ContentBasedDeduplication"] = "false"
	}
	s.topics[arn] = t
	return t, true
}

func (t *topic) agrees(given map[string]string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, value := range given {
		if t.attributes[name] != value {
			return false
		}
	}
	return true
}

func checkTopicAttribute(name, value string, fifo bool) error {
	if !slices.Contains(topicAttributes, name) {
		return invalidParameter("AttributeName")
	}
	if strings.Contains(name, "Fifo") || name == "ContentBasedDeduplication" {
		if !fifo {
			return invalidParameter("Attributes Reason: %s is for FIFO topics", name)
		}
	}
	if name == "Policy" && value != "" && !json.Valid([]byte(value)) {
		return invalidParameter("Policy Reason: it is not JSON")
	}
	return nil
}

// topic finds a topic by its ARN.
func (r *request) topic(arn string) (*topic, error) {
	if !strings.HasPrefix(arn, "arn:") {
		return nil, invalidParameter("TopicArn Reason: An ARN must have at least 6 elements, not %d", strings.Count(arn, ":")+1)
	}
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	t, ok := r.server.topics[arn]
	if !ok {
		return nil, errNoTopic
	}
	return t, nil
}

// deleteTopic deletes a topic with its subscriptions. Deleting what is gone succeeds.
func (r *request) deleteTopic(in *topicARN) (any, error) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.server.topics, in.TopicArn)
	return nil, nil
}

func (r *request) listTopics(in *struct{ NextToken string }) (any, error) {
	r.server.mu.Lock()
	arns := slices.Sorted(maps.Keys(r.server.topics))
	r.server.mu.Unlock()
	page, next, err := pageOf(arns, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &struct {
		Topics    []topicARN `xml:"Topics>member"`
		NextToken string     `xml:",omitempty"`
	}{NextToken: next}
	for _, arn := range page {
		out.Topics = append(out.Topics, topicARN{arn})
	}
	return out, nil
}

// pageOf is a page of a list and the token of the next, which is where that begins.
func pageOf[T any](all []T, token string) (page []T, next string, err error) {
	from := 0
	if token != "" {
		if from, err = strconv.Atoi(token); err != nil || from < 0 {
			return nil, "", invalidParameter("NextToken")
		}
	}
	from = min(from, len(all))
	to := min(from+pageSize, len(all))
	if to < len(all) {
		next = strconv.Itoa(to)
	}
	return all[from:to], next, nil
}

func (r *request) getTopicAttributes(in *topicARN) (*attributeMap, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	all := maps.Clone(t.attributes)
	all["TopicArn"], all["Owner"] = t.arn, r.server.account
	all["SubscriptionsConfirmed"] = strconv.Itoa(len(t.subscriptions))
	all["SubscriptionsPending"], all["SubscriptionsDeleted"] = "0", "0"
	return entriesOf(all), nil
}

func (r *request) setTopicAttributes(in *struct{ TopicArn, AttributeName, AttributeValue string }) (any, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if in.AttributeName == "FifoTopic" {
		return nil, invalidParameter("AttributeName")
	}
	if err := checkTopicAttribute(in.AttributeName, in.AttributeValue, t.fifo); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attributes[in.AttributeName] = in.AttributeValue
	return nil, nil
}
