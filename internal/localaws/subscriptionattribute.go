package localaws

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed08532102/iniesta/internal/filter"
)

// subscriptionAttributes can be set.
var subscriptionAttributes = []string{"DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"}

// set changes attributes, all of them or none. Errors about a value begin with a prefix.
func (s *subscription) set(given map[string]string, prefix string) error {
	next := maps.Clone(s.attributes)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		if !slices.Contains(subscriptionAttributes, name) {
			return invalidParameter("AttributeName")
		}
		if name == "RawMessageDelivery" {
			value = strings.ToLower(value)
		}
		if wrong := s.wrong(name, value); wrong != "" {
			return invalidParameter("%s%s: %s", prefix, name, strings.ReplaceAll(wrong, "VALUE", printable(given[name])))
		}
		if next[name] = value; value == "" {
			delete(next, name)
		}
	}
	compiled, err := compileFilter(next, prefix)
	if err != nil {
		return err
	}
	s.attributes, s.filter = next, compiled
	return nil
}

// wrong says what is wrong with a value, with VALUE in its place.
func (s *subscription) wrong(name, value string) string {
	switch {
	case name == "RawMessageDelivery" && value != "true" && value != "false":
		return "Invalid value [VALUE]. Must be true or false."
	case name == "FilterPolicyScope" && value != "MessageAttributes" && value != "MessageBody":
		return "Invalid value [VALUE]. Please use either MessageBody or MessageAttributes"
	case name == "DeliveryPolicy" && value != "" && !json.Valid([]byte(value)):
		return "failed to parse JSON."
	case name == "RedrivePolicy" && value != "":
		return s.wrongRedrive(value)
	}
	return ""
}

func (s *subscription) wrongRedrive(value string) string {
	var policy redrivePolicy
	if json.Unmarshal([]byte(value), &policy) != nil {
		return "failed to parse JSON."
	}
	if _, _, _, ok := splitARN("sqs", policy.DeadLetterTargetArn); !ok {
		return "deadLetterTargetArn is an invalid arn"
	}
	switch fifo := isFIFO(s.endpoint) && s.topic.fifo; {
	case fifo && !isFIFO(policy.DeadLetterTargetArn):
		return "must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic."
	case !fifo && isFIFO(policy.DeadLetterTargetArn):
		return "must use a standard queue as DLQ for this subscription."
	}
	return ""
}

func compileFilter(attributes map[string]string, prefix string) (*filter.Filter, error) {
	policy := attributes["FilterPolicy"]
	if policy == "" {
		return nil, nil
	}
	compiled, err := filter.Compile(policy, attributes["FilterPolicyScope"] == "MessageBody")
	switch {
	case err == filter.ErrNested:
		return nil, invalidParameter("%v", err)
	case err != nil:
		return nil, invalidParameter("%sFilterPolicy: %v", prefix, err)
	}
	return compiled, nil
}

func (r *request) getSubscriptionAttributes(in *subscriptionARN) (*attributeMap, error) {
	s, err := r.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	s.topic.mu.Lock()
	defer s.topic.mu.Unlock()
	all := maps.Clone(s.attributes)
	if all["FilterPolicy"] == "" {
		delete(all, "FilterPolicyScope")
	}
	maps.Copy(all, map[string]string{
		"SubscriptionArn": s.arn, "TopicArn": s.topic.arn, "Protocol": s.protocol, "Endpoint": s.endpoint, "Owner": s.owner,
		"PendingConfirmation": strconv.FormatBool(s.pending()), "ConfirmationWasAuthenticated": strconv.FormatBool(s.protocol == "sqs"),
		"SubscriptionPrincipal": "arn:" + partition(s.topic.region) + ":iam::" + s.owner + ":user/local",
	})
	if s.protocol == "http" {
		all["EffectiveDeliveryPolicy"] = s.topic.deliveryPolicy()
	}
	return entriesOf(all), nil
}

func (r *request) setSubscriptionAttributes(in *struct{ SubscriptionArn, AttributeName, AttributeValue string }) (any, error) {
	s, err := r.subscription(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	s.topic.mu.Lock()
	defer s.topic.mu.Unlock()
	if err := s.set(map[string]string{in.AttributeName: in.AttributeValue}, ""); err != nil {
		return nil, err
	}
	s.topic.save()
	return nil, nil
}
