package localaws

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/internal/policy"
)

// notification is a message on its way to the subscriptions of a topic.
type notification struct {
	entry     *publishEntry
	topic     *topic
	published publishedMessage
	dedup     string // of a FIFO topic
	at        time.Time
	base      string // URL of the server, as the publisher sees it
	trace     string
	signed    map[string]string // signatures, by text
}

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

// deliver gives a message to a subscription's endpoint. What the queue does not take goes to the subscription's
// dead-letter queue: the queue is gone, its policy does not let the topic send, or the message cannot be raw.
func (s *Server) deliver(sub *subscription, n *notification) {
	if sub.protocol == "http" {
		s.post(sub, n)
		return
	}
	if !s.sendTo(sub.endpoint, sub, n) {
		s.undeliverable(sub, n)
	}
}

// undeliverable puts a message into the subscription's dead-letter queue, or counts and drops it.
func (s *Server) undeliverable(sub *subscription, n *notification) {
	var policy redrivePolicy
	if json.Unmarshal([]byte(sub.attributes["RedrivePolicy"]), &policy) != nil || !s.sendTo(policy.DeadLetterTargetArn, sub, n) {
		s.undelivered.Add(1)
	}
}

func (s *Server) sendTo(queueARN string, sub *subscription, n *notification) bool {
	q := s.queueByARN(queueARN)
	if q == nil || !q.admits(sub.topic.arn) {
		return false
	}
	_, err := q.send(sub.message(n, q.fifo))
	return err == nil
}

// Undelivered counts messages that subscriptions let through, and neither their endpoints nor their dead-letter queues
// took.
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

// message is what a queue gets: the message with its attributes where delivery is raw, else in an
// envelope. A FIFO topic's group is not told to standard queues.
func (s *subscription) message(n *notification, fifo bool) *sendEntry {
	e := n.entry
	body, _ := e.textFor(s.protocol) // was checked
	out := &sendEntry{MessageBody: body, MessageAttributes: e.MessageAttributes, trace: n.trace}
	if fifo || !n.topic.fifo {
		out.MessageGroupId = e.MessageGroupId
	}
	if fifo {
		out.MessageDeduplicationId = &n.dedup
	}
	if s.attributes["RawMessageDelivery"] != "true" {
		out.MessageBody, out.MessageAttributes = s.envelope(body, n), nil
	}
	return out
}

// envelope is what SNS puts around a message. Its parts are in the order in which SNS has them.
type envelope struct {
	Type              string
	MessageId         string
	Token             string `json:",omitempty"`
	SequenceNumber    string `json:",omitempty"`
	TopicArn          string
	Subject           string `json:",omitempty"`
	Message           string
	SubscribeURL      string `json:",omitempty"`
	Timestamp         string
	SignatureVersion  string                       `json:",omitempty"`
	Signature         string                       `json:",omitempty"`
	SigningCertURL    string                       `json:",omitempty"`
	UnsubscribeURL    string                       `json:",omitempty"`
	MessageAttributes map[string]envelopeAttribute `json:",omitempty"`
}

type envelopeAttribute struct{ Type, Value string }

// envelope is the notification around a message. Those of FIFO topics have no signature.
func (s *subscription) envelope(body string, n *notification) string {
	out := envelope{
		Type: "Notification", MessageId: n.published.MessageId, SequenceNumber: n.published.SequenceNumber, TopicArn: n.topic.arn,
		Subject: text(n.entry.Subject), Message: body, Timestamp: timestamp(n.at),
		UnsubscribeURL: n.base + "/?Action=Unsubscribe&SubscriptionArn=" + s.arn,
	}
	if !n.topic.fifo {
		n.sign(&out)
	}
	for name, v := range n.entry.MessageAttributes {
		if out.MessageAttributes == nil {
			out.MessageAttributes = make(map[string]envelopeAttribute)
		}
		value := base64.StdEncoding.EncodeToString(v.BinaryValue)
		if v.StringValue != nil {
			value = *v.StringValue
		}
		out.MessageAttributes[name] = envelopeAttribute{v.DataType, value}
	}
	return out.text()
}

func timestamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

func (e envelope) text() string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(e); err != nil {
		panic(err) // it is made of strings
	}
	return strings.TrimSuffix(out.String(), "\n")
}
