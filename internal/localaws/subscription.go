package localaws

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/seed08532102/iniesta/internal/filter"
)

// subscription has a queue receive what a topic is sent. Only queues are delivered to.
type subscription struct {
	arn, endpoint string
	topic         *topic
	attributes    map[string]string // guarded by the topic's mu, as filter
	filter        *filter.Filter    // nil where everything passes
}

type subscriptionARN struct{ SubscriptionArn string }

// subscriptionAttributes can be set.
var subscriptionAttributes = []string{"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery"}

// subscribe subscribes a queue. Subscribing it again with the same attributes returns what there is.
func (r *request) subscribe(in *struct {
	TopicArn, Protocol, Endpoint string
	Attributes                   map[string]string
}) (*subscriptionARN, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if in.Protocol != "sqs" {
		return nil, invalidParameter("Protocol Reason: only sqs is delivered to here")
	}
	if !strings.HasPrefix(in.Endpoint, "arn:aws:sqs:") {
		return nil, invalidParameter("SQS endpoint ARN")
	}
	if isFIFO(in.Endpoint) && !t.fifo {
		return nil, invalidParameter("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
	}
	s := &subscription{topic: t, endpoint: in.Endpoint, attributes: map[string]string{"RawMessageDelivery": "false"}}
	if err := s.set(in.Attributes); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, other := range t.subscriptions {
		if other.endpoint != in.Endpoint {
			continue
		}
		if !other.agrees(in.Attributes) {
			return nil, invalidParameter("Attributes Reason: Subscription already exists with different attributes")
		}
		return &subscriptionARN{other.arn}, nil
	}
	s.arn = t.arn + ":" + uuid.NewString()
	t.subscriptions = append(t.subscriptions, s)
	return &subscriptionARN{s.arn}, nil
}

func (s *subscription) agrees(given map[string]string) bool {
	for name, value := range given {
		if s.attributes[name] != value {
			return false
		}
	}
	return true
}

// set changes attributes, all of them or none.
func (s *subscription) set(given map[string]string) error {
	next := maps.Clone(s.attributes)
	for name, value := range given {
		if !slices.Contains(subscriptionAttributes, name) {
			return invalidParameter("AttributeName")
		}
		switch {
		case name == "RawMessageDelivery" && value != "true" && value != "false":
			return invalidParameter("Attributes Reason: RawMessageDelivery: Invalid value [%s]. Must be true or false.", printable(value))
		case name == "FilterPolicyScope" && value != "MessageAttributes" && value != "MessageBody":
			return invalidParameter("FilterPolicyScope: Invalid value [%s]. Please use either MessageBody or MessageAttributes", printable(value))
		}
		if next[name] = value; value == "" {
			delete(next, name)
		}
	}
	compiled, err := compileFilter(next)
	if err != nil {
		return err
	}
	s.attributes, s.filter = next, compiled
	return nil
}

func compileFilter(attributes map[string]string) (*filter.Filter, error) {
	policy := attributes["FilterPolicy"]
	if policy == "" {
		return nil, nil
	}
	if attributes["FilterPolicyScope"] == "" {
		attributes["FilterPolicyScope"] = "MessageAttributes"
	}
	compiled, err := filter.Compile(policy, attributes["FilterPolicyScope"] == "MessageBody")
	if err != nil {
		return nil, invalidParameter("FilterPolicy: %v", err)
	}
	return compiled, nil
}

// subscription finds a subscription by its ARN.
func (r *request) subscription(arn string) (*subscription, error) {
	cut := strings.LastIndexByte(arn, ':')
	if cut < 0 {
		return nil, invalidParameter("SubscriptionArn")
	}
	t, err := r.topic(arn[:cut])
	if err == errNoTopic {
		return nil, errNoSubscription
	}
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.subscriptions, func(s *subscription) bool { return s.arn == arn })
	if i < 0 {
		return nil, errNoSubscription
	}
	return t.subscriptions[i], nil
}

// unsubscribe ends a subscription. Ending what is gone succeeds.
func (r *request) unsubscribe(in *subscriptionARN) (any, error) {
	s, err := r.subscription(in.SubscriptionArn)
	if err == errNoSubscription {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s.topic.mu.Lock()
	defer s.topic.mu.Unlock()
	s.topic.subscriptions = slices.DeleteFunc(s.topic.subscriptions, func(other *subscription) bool { return other == s })
	return nil, nil
}

type subscriptionEntry struct{ SubscriptionArn, Owner, Protocol, Endpoint, TopicArn string }

type subscriptionPage struct {
	Subscriptions []subscriptionEntry `xml:"Subscriptions>member"`
	NextToken     string              `xml:",omitempty"`
}

func (r *request) listSubscriptions(in *struct{ NextToken string }) (*subscriptionPage, error) {
	r.server.mu.Lock()
	topics := maps.Clone(r.server.topics)
	r.server.mu.Unlock()
	var all []subscriptionEntry
	for _, arn := range slices.Sorted(maps.Keys(topics)) {
		all = append(all, topics[arn].list(r.server.account)...)
	}
	page, next, err := pageOf(all, in.NextToken)
	return &subscriptionPage{page, next}, err
}

func (r *request) listSubscriptionsByTopic(in *struct{ TopicArn, NextToken string }) (*subscriptionPage, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(t.list(r.server.account), in.NextToken)
	return &subscriptionPage{page, next}, err
}

func (t *topic) list(owner string) []subscriptionEntry {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []subscriptionEntry
	for _, s := range t.subscriptions {
		all = append(all, subscriptionEntry{s.arn, owner, "sqs", s.endpoint, t.arn})
	}
	return all
}

func (r *request) getSubscriptionAttributes(in *subscriptionARN) (*attributeMap, error) {
	s, err := r.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	s.topic.mu.Lock()
	defer s.topic.mu.Unlock()
	all := maps.Clone(s.attributes)
	maps.Copy(all, map[string]string{
		"SubscriptionArn": s.arn, "TopicArn": s.topic.arn, "Protocol": "sqs", "Endpoint": s.endpoint,
		"Owner": r.server.account, "PendingConfirmation": "false", "ConfirmationWasAuthenticated": "true",
	})
	return entriesOf(all), nil
}

func (r *request) setSubscriptionAttributes(in *struct{ SubscriptionArn, AttributeName, AttributeValue string }) (any, error) {
	s, err := r.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	s.topic.mu.Lock()
	defer s.topic.mu.Unlock()
	return nil, s.set(map[string]string{in.AttributeName: in.AttributeValue})
}
