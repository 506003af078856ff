package sns

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/seed08532102/iniesta/internal/attribute"
	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// MaxSize is the most bytes of a message, its body and attributes together. Python: MAX_BODY_SIZE.
const MaxSize = 256 << 10

const (
	maxSubject    = 100 // characters
	maxAttributes = 10  // of a message that SQS takes
)

// Message is a message to publish. Make one with CreateMessage. It is not safe for use by several
// goroutines. Printed, logged or written as JSON, YAML or XML it is its id and event: the body and the
// attributes are left out.
type Message struct {
	Body       string
	Attributes map[string]types.MessageAttributeValue
	MessageID  string // set by Publish

	topic           *topic
	subject         string
	structure       string
	group           string
	deduplicationID string
}

// MessageOption changes a message that is created.
type MessageOption func(*messageOptions)

type messageOptions struct {
	version    int
	rawEvent   bool
	attributes []namedValue
}

type namedValue struct {
	name  string
	value any
}

// WithVersion sets the attribute "version", 1 by default.
func WithVersion(version int) MessageOption { return func(o *messageOptions) { o.version = version } }

// WithRawEvent publishes the event as it is, without the service's name.
func WithRawEvent() MessageOption { return func(o *messageOptions) { o.rawEvent = true } }

// WithAttribute adds a message attribute: a string is sent as String, a number as Number, []byte as
// Binary, any other list as String.Array.
func WithAttribute(name string, value any) MessageOption {
	return func(o *messageOptions) { o.attributes = append(o.attributes, namedValue{name, value}) }
}

// CreateMessage makes a message to publish: a string is published as it is, anything else as JSON. The
// event becomes "{event}.{service name}" unless it ends in that or WithRawEvent is given. An error
// matches ErrInvalidMessage, or ErrNotInitialized before Initialize. Python: create_message.
func (c *Client) CreateMessage(event string, body any, opts ...MessageOption) (*Message, error) {
	t, err := c.initialized("creating a message")
	if err != nil {
		return nil, err
	}
	o := messageOptions{version: 1}
	for _, option := range opts {
		option(&o)
	}
	text, err := encode(body)
	if err != nil {
		return nil, fmt.Errorf("sns: creating a message: %w: %w", ErrInvalidMessage, err)
	}
	m := &Message{Body: text, Attributes: make(map[string]types.MessageAttributeValue), topic: t, structure: "string"}
	for _, a := range o.attributes {
		if err := m.AddAttribute(a.name, a.value); err != nil {
			return nil, err
		}
	}
	if event, err = t.event(event, o.rawEvent); err != nil {
		return nil, fmt.Errorf("sns: creating a message: %w: %w", ErrInvalidMessage, err)
	}
	if err := m.AddAttribute(t.eventKey, event); err != nil {
		return nil, err
	}
	return m, m.AddAttribute("version", o.version)
}

// event is the event as it is published.
func (t *topic) event(event string, raw bool) (string, error) {
	switch {
	case event == "":
		return "", errors.New("the event is empty")
	case raw:
		return event, nil
	case t.serviceName == "":
		return "", fmt.Errorf("event %q: the service's name is not known: set SERVICE_NAME, or use WithRawEvent", event)
	}
	if suffix := "." + t.serviceName; !strings.HasSuffix(event, suffix) {
		event += suffix
	}
	return event, nil
}

func encode(body any) (string, error) {
	if text, ok := body.(string); ok {
		return text, nil
	}
	return jsonbody.Encode(body)
}

// Event is the event as it is published. Python: event.
func (m Message) Event() string {
	if m.topic == nil {
		return ""
	}
	return aws.ToString(m.Attributes[m.topic.eventKey].StringValue)
}

// AddAttribute adds a message attribute, as WithAttribute does. An error matches ErrInvalidMessage.
// Python: add_attribute.
func (m *Message) AddAttribute(name string, value any) error {
	if err := attribute.CheckName(name); err != nil {
		return fmt.Errorf("sns: adding an attribute: %w: %w", ErrInvalidMessage, err)
	}
	v, err := attribute.Encode(value)
	if err != nil {
		return fmt.Errorf("sns: adding attribute %q: %w: %w", name, ErrInvalidMessage, err)
	}
	encoded := types.MessageAttributeValue{DataType: aws.String(v.DataType)}
	if v.DataType == attribute.Binary {
		encoded.BinaryValue = v.BinaryValue
	} else {
		encoded.StringValue = aws.String(v.StringValue)
	}
	if m.Attributes == nil {
		m.Attributes = make(map[string]types.MessageAttributeValue)
	}
	m.Attributes[name] = encoded
	return nil
}

// SetSubject sets the subject for subscribers by email: 1 to 100 characters on one line. An error
// matches ErrInvalidMessage. Python: subject.
func (m *Message) SetSubject(subject string) error {
	if n := len([]rune(subject)); n == 0 || n > maxSubject || strings.ContainsAny(subject, "\r\n") {
		return fmt.Errorf("sns: setting the subject: %w: it must have 1 to %d characters on one line, got %d", ErrInvalidMessage, maxSubject, n)
	}
	m.subject = subject
	return nil
}

// SetMessageStructure says how SNS reads the body: "string", which is the default, or "json" for a body
// that has a text for each protocol. An error matches ErrInvalidMessage. Python: message_structure.
func (m *Message) SetMessageStructure(structure string) error {
	if structure != "string" && structure != "json" {
		return fmt.Errorf("sns: setting the message structure: %w: accepted are \"string\" and \"json\", got %q", ErrInvalidMessage, structure)
	}
	m.structure = structure
	return nil
}

// SetGroup sets the message group, which a FIFO topic requires.
func (m *Message) SetGroup(id string) { m.group = id }

// SetDeduplicationID sets what a FIFO topic knows a repeated message by, for five minutes.
func (m *Message) SetDeduplicationID(id string) { m.deduplicationID = id }

// Size is what the message counts against MaxSize: the bytes of its body, and of its attributes' names,
// types and values.
func (m *Message) Size() int {
	size := len(m.Body)
	for name, v := range m.Attributes {
		size += len(name) + len(aws.ToString(v.DataType)) + len(aws.ToString(v.StringValue)) + len(v.BinaryValue)
	}
	return size
}

// check refuses what SNS would refuse.
func (m *Message) check() error {
	switch {
	case m.Body == "":
		return errors.New("the body is empty")
	case m.Size() > MaxSize:
		return fmt.Errorf("body and attributes have %d bytes, at most %d are allowed", m.Size(), MaxSize)
	case len(m.Attributes) > maxAttributes:
		return fmt.Errorf("it has %d attributes, the event and the version among them, and at most %d are allowed: "+
			"SNS drops a message with more for every queue with raw delivery, without an error", len(m.Attributes), maxAttributes)
	case m.topic.fifo && m.group == "":
		return errors.New("a FIFO topic requires a message group: call SetGroup")
	case !m.topic.fifo && m.deduplicationID != "":
		return errors.New("only a FIFO topic takes a deduplication id")
	}
	return attribute.CheckText(m.Body)
}

func (m *Message) input() *sns.PublishInput {
	return &sns.PublishInput{
		TopicArn: &m.topic.arn, Message: &m.Body, MessageAttributes: m.Attributes,
		MessageStructure: m.sdkStructure(), Subject: optional(m.subject),
		MessageGroupId: optional(m.group), MessageDeduplicationId: optional(m.deduplicationID),
	}
}

// sdkStructure leaves "string" out, which says nothing to SNS.
func (m *Message) sdkStructure() *string {
	if m.structure == "json" {
		return &m.structure
	}
	return nil
}

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
