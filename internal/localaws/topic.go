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
	server          *Server
	arn             string
	region, account string
	fifo            bool

	mu            sync.Mutex
	attributes    map[string]string
	tags          map[string]string
	subscriptions []*subscription // in the order in which they were made
	ended         int             // subscriptions that were ended
	sequence      int64
	seen          map[sightingKey]topicSighting // deduplication ids of the last five minutes
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

// statusAttribute matches the attributes about logging deliveries, which are kept and mean nothing.
var statusAttribute = regexp.MustCompile(`^(Application|Firehose|HTTP|Lambda|SQS)(SuccessFeedbackRoleArn|SuccessFeedbackSampleRate|FailureFeedbackRoleArn)$`)

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

func notFound(message string) *apiError { return refused("NotFound", "%s", message).withStatus(404) }

type topicARN struct{ TopicArn string }

// createTopic makes a topic. Making it again with the same attributes and tags returns the topic that is there.
func (r *request) createTopic(in *struct {
	Name       string
	Attributes map[string]string
	Tags       []tag
}) (*topicARN, error) {
	fifo := strings.EqualFold(in.Attributes["FifoTopic"], "true")
	if !topicName.MatchString(strings.TrimSuffix(in.Name, ".fifo")) || len(in.Name) > 256 || fifo != isFIFO(in.Name) {
		return nil, invalidParameter("Topic Name")
	}
	attributes, err := checkTopicAttributes(in.Attributes, fifo)
	if err != nil {
		return nil, err
	}
	tags, err := tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	t, created := r.server.findOrMakeTopic(arn("sns", r.region, r.account, in.Name), attributes, tags)
	switch {
	case !created && !t.agrees(attributes):
		return nil, invalidParameter("Attributes Reason: Topic already exists with different attributes")
	case !created && !t.isTagged(tags):
		return nil, invalidParameter("Tags Reason: Topic already exists with different tags")
	}
	return &topicARN{t.arn}, nil
}

func (s *Server) findOrMakeTopic(arn string, attributes, tags map[string]string) (t *topic, created bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t, ok := s.topics[arn]; ok {
		return t, false
	}
	t = newTopic(s, arn)
	maps.Copy(t.attributes, attributes)
	if t.fifo && t.attributes["ContentBasedDeduplication"] == "" {
		t.attributes["ContentBasedDeduplication"] = "false"
	}
	t.tags = tags
	s.topics[arn] = t
	t.save()
	return t, true
}

func newTopic(s *Server, arn string) *topic {
	region, account, name, _ := splitARN("sns", arn)
	return &topic{server: s, arn: arn, region: region, account: account, fifo: isFIFO(name),
		attributes: make(map[string]string), seen: make(map[sightingKey]topicSighting)}
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

// isTagged reports whether the topic has all of the tags.
func (t *topic) isTagged(tags map[string]string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, value := range tags {
		if has, ok := t.tags[key]; !ok || has != value {
			return false
		}
	}
	return true
}

// checkTopicAttributes returns the attributes of a new topic as they are kept. FifoTopic false is not kept.
func checkTopicAttributes(given map[string]string, fifo bool) (map[string]string, error) {
	kept := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		if name == "FifoTopic" || name == "ContentBasedDeduplication" {
			if value = strings.ToLower(value); value == "false" && !fifo {
				continue
			}
		}
		if err := checkTopicAttribute(name, value, fifo); err != nil {
			return nil, err
		}
		kept[name] = value
	}
	return kept, nil
}

func checkTopicAttribute(name, value string, fifo bool) error {
	if !slices.Contains(topicAttributes, name) && !statusAttribute.MatchString(name) {
		return invalidParameter("AttributeName")
	}
	isBoolean := name == "FifoTopic" || name == "ContentBasedDeduplication"
	switch {
	case !fifo && (isBoolean || name == "FifoThroughputScope"):
		return invalidParameter("Attributes Reason: %s is for FIFO topics", name)
	case isBoolean && value != "true" && value != "false":
		return invalidParameter("%s: Invalid value [%s]. Must be true or false.", name, printable(value))
	case name == "FifoThroughputScope" && value != "Topic" && value != "MessageGroup":
		return invalidParameter("%s: Invalid value [%s]. Must be Topic or MessageGroup.", name, printable(value))
	case name == "SignatureVersion" && value != "1" && value != "2":
		return invalidParameter("SignatureVersion: Invalid value [%s]. Must be 1 or 2.", printable(value))
	case name == "DisplayName" && len([]rune(value)) > 100:
		return invalidParameter("DisplayName Reason: it must be at most 100 characters long")
	case (name == "Policy" || name == "DeliveryPolicy") && value != "" && !json.Valid([]byte(value)):
		return invalidParameter("%s: failed to parse JSON.", name)
	}
	return nil
}

// topic finds a topic by its ARN.
func (r *request) topic(arn string) (*topic, error) {
	if err := r.checkTopicARN(arn); err != nil {
		return nil, err
	}
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	t, ok := r.server.topics[arn]
	if !ok {
		return nil, errNoTopic
	}
	return t, nil
}

// checkTopicARN refuses what is no topic's ARN, and topics of another region than the caller's.
func (r *request) checkTopicARN(arn string) error {
	if n := strings.Count(arn, ":") + 1; n < 6 {
		return invalidParameter("TopicArn Reason: An ARN must have at least 6 elements, not %d", n)
	}
	region, _, name, ok := splitARN("sns", arn)
	if !ok || region != r.region || strings.Contains(name, ":") {
		return invalidParameter("TopicArn")
	}
	return nil
}

// deleteTopic deletes a topic with its subscriptions. Deleting what is gone succeeds.
func (r *request) deleteTopic(in *topicARN) (any, error) {
	if err := r.checkTopicARN(in.TopicArn); err != nil {
		return nil, err
	}
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	delete(r.server.topics, in.TopicArn)
	r.server.write(Change{Key: topicKey(in.TopicArn)})
	return nil, nil
}

func (r *request) listTopics(in *struct{ NextToken string }) (any, error) {
	page, next, err := pageOf(r.server.topicARNs(r.caller), in.NextToken)
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

// topicARNs are the sorted ARNs of a caller's topics.
func (s *Server) topicARNs(c caller) (arns []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for arn, t := range s.topics {
		if t.region == c.region && t.account == c.account {
			arns = append(arns, arn)
		}
	}
	slices.Sort(arns)
	return arns
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

func (r *request) setTopicAttributes(in *struct{ TopicArn, AttributeName, AttributeValue string }) (any, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if in.AttributeName == "FifoTopic" {
		return nil, invalidParameter("AttributeName")
	}
	value := in.AttributeValue
	if in.AttributeName == "ContentBasedDeduplication" {
		value = strings.ToLower(value)
	}
	if err := checkTopicAttribute(in.AttributeName, value, t.fifo); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.attributes[in.AttributeName] = value
	t.save()
	return nil, nil
}
