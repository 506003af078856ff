package localaws

import (
	"encoding/json"
	"maps"
	"strconv"
)

func (r *request) getTopicAttributes(in *topicARN) (*attributeMap, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return entriesOf(t.describe()), nil
}

// describe lists every attribute with its present value.
func (t *topic) describe() map[string]string {
	all := map[string]string{"DisplayName": "", "Policy": t.policy(), "EffectiveDeliveryPolicy": t.deliveryPolicy()}
	maps.Copy(all, t.attributes)
	all["Policy"] = t.policy()
	pending := 0
	for _, s := range t.subscriptions {
		if s.pending() {
			pending++
		}
	}
	all["TopicArn"], all["Owner"] = t.arn, t.account
	all["SubscriptionsConfirmed"] = strconv.Itoa(len(t.subscriptions) - pending)
	all["SubscriptionsPending"], all["SubscriptionsDeleted"] = strconv.Itoa(pending), strconv.Itoa(t.ended)
	return all
}

// policy is the topic's policy, which lets its owner do everything where none was set.
func (t *topic) policy() string {
	if set := t.attributes["Policy"]; set != "" {
		return set
	}
	statement := struct {
		Sid, Effect string
		Principal   struct{ AWS string }
		Action      []string
		Resource    string
		Condition   map[string]map[string]string
	}{
		Sid: "__default_statement_ID", Effect: "Allow", Principal: struct{ AWS string }{"*"}, Resource: t.arn,
		Action: []string{
			"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic",
			"SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
		},
		Condition: map[string]map[string]string{"StringEquals": {"AWS:SourceOwner": t.account}},
	}
	return accessPolicy{Version: "2008-10-17", ID: "__default_policy_ID", Statement: []json.RawMessage{encode(statement)}}.text()
}

// retryPolicy is how often deliveries to http endpoints are tried again, and how long after the one before.
type retryPolicy struct {
	MinDelayTarget     int    `json:"minDelayTarget"` // seconds
	MaxDelayTarget     int    `json:"maxDelayTarget"`
	NumRetries         int    `json:"numRetries"`
	NumMaxDelayRetries int    `json:"numMaxDelayRetries"`
	NumNoDelayRetries  int    `json:"numNoDelayRetries"`
	NumMinDelayRetries int    `json:"numMinDelayRetries"`
	BackoffFunction    string `json:"backoffFunction"`
}

type deliveryPolicy struct {
	HTTP httpPolicy `json:"http"`
}

type httpPolicy struct {
	DefaultHealthyRetryPolicy    retryPolicy   `json:"defaultHealthyRetryPolicy"`
	DisableSubscriptionOverrides bool          `json:"disableSubscriptionOverrides"`
	DefaultRequestPolicy         requestPolicy `json:"defaultRequestPolicy"`
}

type requestPolicy struct {
	HeaderContentType string `json:"headerContentType"`
}

// effectiveDelivery is the topic's delivery policy over the defaults of SNS.
func (t *topic) effectiveDelivery() deliveryPolicy {
	var p deliveryPolicy
	p.HTTP.DefaultHealthyRetryPolicy = retryPolicy{MinDelayTarget: 20, MaxDelayTarget: 20, NumRetries: 3, BackoffFunction: "linear"}
	p.HTTP.DefaultRequestPolicy.HeaderContentType = "text/plain; charset=UTF-8"
	_ = json.Unmarshal([]byte(t.attributes["DeliveryPolicy"]), &p) // what it does not say stays
	return p
}

func (t *topic) deliveryPolicy() string { return string(encode(t.effectiveDelivery())) }

// effectiveDelivery is the subscription's delivery policy over its topic's, unless that allows none.
func (s *subscription) effectiveDelivery() httpPolicy {
	p := s.topic.effectiveDelivery().HTTP
	if p.DisableSubscriptionOverrides {
		return p
	}
	own := struct {
		HealthyRetryPolicy *retryPolicy   `json:"healthyRetryPolicy"`
		RequestPolicy      *requestPolicy `json:"requestPolicy"`
	}{&p.DefaultHealthyRetryPolicy, &p.DefaultRequestPolicy}
	_ = json.Unmarshal([]byte(s.attributes["DeliveryPolicy"]), &own) // what it does not say stays
	return p
}
