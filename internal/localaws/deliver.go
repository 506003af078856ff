package localaws

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/internal/policy"
)

// passes asks the subscription's filter.
func (s *subscription) passes(e *publishEntry) bool {
	if s.filter == nil {
		return true
	}
	if s.attributes["FilterPolicyScope"] == "MessageBody" {
		return s.filter.PassesBody(e.Message)
	}
	values := make(map[string]any, len(e.MessageAttributes))
	for name, v := range e.MessageAttributes {
		if value, ok := v.filtered(); ok {
			values[name] = value
		}
	}
	return s.filter.PassesAttributes(values)
}

// filtered is the attribute as filters see it. Binary attributes are not seen.
func (v attributeValue) filtered() (any, bool) {
	base, label, _ := strings.Cut(v.DataType, ".")
	switch {
	case v.StringValue == nil:
		return nil, false
	case base == "Number":
		return json.Number(*v.StringValue), true
	case base == "String" && label == "Array":
		var list []any
		decoder := json.NewDecoder(strings.NewReader(*v.StringValue))
		decoder.UseNumber()
		return list, decoder.Decode(&list) == nil
	}
	return *v.StringValue, true
}

// deliver puts a message into the subscription's queue. What the queue does not take is counted and
// dropped, as it is where a subscription has no dead-letter queue: the queue is gone, its policy does not
// let the topic send, or the message cannot be raw.
func (s *Server) deliver(sub *subscription, e *publishEntry, published publishedMessage) {
	q := s.byName(sub.endpoint[strings.LastIndexByte(sub.endpoint, ':')+1:])
	if q == nil || !q.admits(sub.topic.arn) {
		s.undelivered.Add(1)
		return
	}
	if _, err := q.send(sub.message(e, published, q.fifo)); err != nil {
		s.undelivered.Add(1)
	}
}

// Undelivered counts messages that subscriptions let through and queues did not take.
func (s *Server) Undelivered() int64 { return s.undelivered.Load() }

// admits reports whether the queue's policy lets a topic send to it. What a policy leaves undecided, since it asks for
// what there is only at AWS, such as an organization, is let in: a consumer starts with such a policy too, with a
// warning.
func (q *queue) admits(topicARN string) bool {
	q.mu.Lock()
	text := q.attributes["Policy"]
	q.mu.Unlock()
	p, err := policy.Parse(text)
	if err != nil {
		return false
	}
	return p.TopicMaySend(topicARN, q.arn).Decision != policy.No
}

// message is what the queue gets: the message with its attributes where delivery is raw, else in an
// envelope.
func (s *subscription) message(e *publishEntry, published publishedMessage, fifo bool) *sendEntry {
	text, _ := e.text() // was checked
	out := &sendEntry{MessageBody: text, MessageAttributes: e.MessageAttributes, MessageGroupId: e.MessageGroupId}
	if fifo {
		out.MessageDeduplicationId = e.MessageDeduplicationId
	}
	if s.attributes["RawMessageDelivery"] != "true" {
		out.MessageBody, out.MessageAttributes = s.envelope(text, e, published), nil
	}
	return out
}

type envelope struct {
	Type              string
	MessageId         string
	SequenceNumber    string `json:",omitempty"`
	TopicArn          string
	Subject           string `json:",omitempty"`
	Message           string
	Timestamp         string
	UnsubscribeURL    string
	MessageAttributes map[string]envelopeAttribute `json:",omitempty"`
}

type envelopeAttribute struct{ Type, Value string }

// envelope is the notification around a message. It has no signature: there is nobody who could check it.
func (s *subscription) envelope(text string, e *publishEntry, published publishedMessage) string {
	out := envelope{
		Type: "Notification", MessageId: published.MessageId, SequenceNumber: published.SequenceNumber, TopicArn: s.topic.arn,
		Subject: e.Subject, Message: text, Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		UnsubscribeURL: "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=" + s.arn,
	}
	for name, v := range e.MessageAttributes {
		if out.MessageAttributes == nil {
			out.MessageAttributes = make(map[string]envelopeAttribute)
		}
		value := base64.StdEncoding.EncodeToString(v.BinaryValue)
		if v.StringValue != nil {
			value = *v.StringValue
		}
		out.MessageAttributes[name] = envelopeAttribute{v.DataType, value}
	}
	body, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		panic(err) // it is made of strings
	}
	return string(body)
}
