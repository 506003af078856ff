package sqs

import (
	"crypto/fips140"
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/attribute"
	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// Message is a message received from the queue, or one to send to it. A handler has its message to
// itself while it runs; a Message is not safe for use by several goroutines, but for Send.
//
// Printed, logged or written as JSON, YAML or XML it is its id, event and receive count: the body and the
// attributes are left out, since logs are no place for them.
//
// For tests of handlers make one with a literal: &sqs.Message{MessageID: "1", RawBody: `{"id":1}`}.
type Message struct {
	MessageID         string
	ReceiptHandle     string // of this delivery
	RawBody           string // the body; for an SNS notification the message inside it
	MD5OfBody         string // as SQS computed it, of the body as it was received
	Attributes        map[string]string
	MessageAttributes map[string]types.MessageAttributeValue

	wrapped  string // the body before an SNS envelope was taken off, where there was one
	topicARN string
	received bool
	queue    *queue
	send     outgoing
}

// defaultEventKey names the event where a message belongs to no client.
const defaultEventKey = "iniesta_pass"

// newMessage makes a Message of what was received.
func newMessage(raw *types.Message, q *queue) *Message {
	m := &Message{}
	m.fill(raw, q)
	return m
}

// fill makes the zero Message the one that was received.
func (m *Message) fill(raw *types.Message, q *queue) {
	m.MessageID = aws.ToString(raw.MessageId)
	m.ReceiptHandle = aws.ToString(raw.ReceiptHandle)
	m.RawBody = aws.ToString(raw.Body)
	m.MD5OfBody = aws.ToString(raw.MD5OfBody)
	m.Attributes = raw.Attributes
	m.MessageAttributes = raw.MessageAttributes
	m.received = true
	m.queue = q
	m.unwrap()
}

// Event is the event the message was published as, empty where it has none. Python: event.
func (m *Message) Event() string {
	v, ok := m.MessageAttributes[m.eventKey()]
	if !ok {
		return ""
	}
	return aws.ToString(v.StringValue)
}

func (m *Message) eventKey() string {
	if m.queue == nil || m.queue.eventKey == "" {
		return defaultEventKey
	}
	return m.queue.eventKey
}

// Body is the decoded JSON of the body, or the body itself where it is not JSON. A number is a
// json.Number, which has every digit: 9007199254740993 is no float64. Python: body.
func (m *Message) Body() any {
	var body any
	if jsonbody.Decode(m.RawBody, &body) != nil {
		return m.RawBody
	}
	return body
}

// Attribute returns a message attribute by its data type: a string, a json.Number, []byte, or []any
// for String.Array, with a json.Number for each number in it. A label after the type's dot ("Number.int") says nothing here, as in Python.
func (m *Message) Attribute(name string) (value any, ok bool) {
	v, ok := m.MessageAttributes[name]
	if !ok {
		return nil, false
	}
	return attribute.Decode(attribute.Value{
		DataType: aws.ToString(v.DataType), StringValue: aws.ToString(v.StringValue), BinaryValue: v.BinaryValue,
	}), true
}

// ChecksumBody reports whether the body arrived as SQS has it. MD5 protects no secret here, so it is
// computed also where only approved cryptography is allowed (GODEBUG=fips140=only). Python:
// checksum_body.
func (m *Message) ChecksumBody() (arrived bool) {
	body := m.RawBody
	if m.wrapped != "" {
		body = m.wrapped
	}
	fips140.WithoutEnforcement(func() {
		sum := md5.Sum([]byte(body))
		arrived = hex.EncodeToString(sum[:]) == m.MD5OfBody
	})
	return arrived
}

// ReceiveCount is how often the message was received, this time included; 0 where SQS did not say.
func (m *Message) ReceiveCount() int {
	count := m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)]
	if count == "" {
		return 0
	}
	n, _ := strconv.Atoi(count)
	return n
}

// SentAt is when the message was sent to the queue, zero where SQS did not say.
func (m *Message) SentAt() time.Time {
	ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// GroupID is the message group, of a FIFO queue or of a fair queue.
func (m *Message) GroupID() string {
	return m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]
}

// TopicARN is the SNS topic the message came through, known only where its envelope was taken off.
func (m *Message) TopicARN() string { return m.topicARN }
