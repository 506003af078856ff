package sqs

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// envelope is what SNS puts around a message for a subscription without raw delivery.
type envelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicARN          string `json:"TopicArn"`
	Message           *string
	MessageAttributes map[string]struct{ Type, Value string }
}

// unwrap takes the SNS envelope off. Anything that is not one stays as it is.
func (m *Message) unwrap() {
	if !m.maybeEnvelope() {
		return
	}
	var e envelope
	if json.Unmarshal([]byte(m.RawBody), &e) != nil || !e.valid() {
		return
	}
	m.wrapped, m.RawBody, m.topicARN = m.RawBody, *e.Message, e.TopicARN
	m.MessageAttributes = e.attributes()
}

// maybeEnvelope spares nearly every message the decoding. A message that has its event as an
// attribute came raw.
func (m *Message) maybeEnvelope() bool {
	if _, raw := m.MessageAttributes[m.eventKey()]; raw {
		return false
	}
	return strings.HasPrefix(strings.TrimLeft(m.RawBody, " \t\r\n"), "{") &&
		strings.Contains(m.RawBody, `"TopicArn"`) && strings.Contains(m.RawBody, `"Notification"`)
}

func (e *envelope) valid() bool {
	return e.Type == "Notification" && e.MessageID != "" && strings.HasPrefix(e.TopicARN, "arn:") && e.Message != nil
}

func (e *envelope) attributes() map[string]types.MessageAttributeValue {
	attributes := make(map[string]types.MessageAttributeValue, len(e.MessageAttributes))
	for name, a := range e.MessageAttributes {
		v := types.MessageAttributeValue{DataType: aws.String(a.Type)}
		base, _, _ := strings.Cut(a.Type, ".")
		decoded, err := base64.StdEncoding.DecodeString(a.Value)
		if base == "Binary" && err == nil {
			v.BinaryValue = decoded
		} else {
			v.StringValue = aws.String(a.Value)
		}
		attributes[name] = v
	}
	return attributes
}
