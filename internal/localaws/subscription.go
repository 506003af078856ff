package localaws

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/seed08532102/iniesta/internal/filter"
)

// subscription has a queue, or an http endpoint on this machine, receive what a topic is sent.
type subscription struct {
	arn, protocol, endpoint, owner string

	topic      *topic
	token      string            // of its confirmation; guarded by the topic's mu, as all below
	confirmed  bool              // queues are from the beginning
	attributes map[string]string // that were set
	filter     *filter.Filter    // nil where everything passes
}

func (s *subscription) pending() bool { return !s.confirmed }

type subscriptionARN struct{ SubscriptionArn string }

// protocols are those of SNS. Only the first two are delivered to.
var protocols = []string{"sqs", "http", "https", "email", "email-json", "sms", "application", "lambda", "firehose"}

// subscribe subscribes an endpoint. Subscribing it again with the same attributes returns what there is.
func (r *request) subscribe(in *struct {
	TopicArn, Protocol, Endpoint string
	ReturnSubscriptionArn        string
	Attributes                   map[string]string
}) (*subscriptionARN, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	if err := checkEndpoint(t, in.Protocol, in.Endpoint); err != nil {
		return nil, err
	}
	s := &subscription{topic: t, protocol: in.Protocol, endpoint: in.Endpoint, owner: r.account, confirmed: in.Protocol == "sqs",
		attributes: map[string]string{"RawMessageDelivery": "false", "FilterPolicyScope": "MessageAttributes"}}
	if err := s.set(in.Attributes, "Attributes Reason: "); err != nil {
		return nil, err
	}
	s, made, err := t.subscribe(s, in.Attributes)
	if err != nil {
		return nil, err
	}
	if s.pending() {
		if made {
			r.server.askForConfirmation(s, r.host)
		}
		if in.ReturnSubscriptionArn != "true" {
			return &subscriptionARN{"pending confirmation"}, nil
		}
	}
	return &subscriptionARN{s.arn}, nil
}

func checkEndpoint(t *topic, protocol, endpoint string) error {
	switch protocol {
	case "sqs":
		if _, _, _, ok := splitARN("sqs", endpoint); !ok {
			return invalidParameter("SQS endpoint ARN")
		}
		if isFIFO(endpoint) && !t.fifo {
			return invalidParameter("Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics")
		}
		return nil
	case "http":
		return checkHTTPEndpoint(endpoint)
	}
	if slices.Contains(protocols, protocol) {
		return invalidParameter("Protocol Reason: %s is not offered here: queues, and http endpoints on the loopback, are delivered to", protocol)
	}
	return invalidParameter("Amazon SNS does not support this protocol string: %s", printable(protocol))
}

// subscribe adds a subscription unless the endpoint has one.
func (t *topic) subscribe(s *subscription, given map[string]string) (_ *subscription, made bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, other := range t.subscriptions {
		if other.endpoint != s.endpoint || other.protocol != s.protocol {
			continue
		}
		for name := range given {
			if other.attributes[name] != s.attributes[name] {
				return nil, false, invalidParameter("Attributes Reason: Subscription already exists with different attributes")
			}
		}
		return other, false, nil
	}
	s.arn = t.arn + ":" + uuid.NewString()
	if !s.confirmed {
		s.token = strings.ReplaceAll(uuid.NewString()+uuid.NewString(), "-", "")
	}
	t.subscriptions = append(t.subscriptions, s)
	t.save()
	return s, true, nil
}

// subscription finds a subscription by its ARN.
func (r *request) subscription(arn string) (*subscription, error) {
	n := strings.Count(arn, ":") + 1
	switch {
	case arn == "":
		return nil, invalidParameter("SubscriptionArn Reason: no value for required parameter")
	case n < 6:
		return nil, invalidParameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", n)
	case n == 6:
		return nil, invalidParameter("SubscriptionId")
	}
	r.server.mu.Lock()
	t := r.server.topics[arn[:strings.LastIndexByte(arn, ':')]]
	r.server.mu.Unlock()
	if t == nil {
		return nil, errNoSubscription
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
	s.topic.ended++
	s.topic.save()
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
		if t := topics[arn]; t.region == r.region && t.account == r.account {
			all = append(all, t.list()...)
		}
	}
	page, next, err := pageOf(all, in.NextToken)
	return &subscriptionPage{page, next}, err
}

func (r *request) listSubscriptionsByTopic(in *struct{ TopicArn, NextToken string }) (*subscriptionPage, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(t.list(), in.NextToken)
	return &subscriptionPage{page, next}, err
}

func (t *topic) list() []subscriptionEntry {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []subscriptionEntry
	for _, s := range t.subscriptions {
		arn := s.arn
		if s.pending() {
			arn = "PendingConfirmation"
		}
		all = append(all, subscriptionEntry{arn, s.owner, s.protocol, s.endpoint, t.arn})
	}
	return all
}
