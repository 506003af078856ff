package sqs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/attribute"
	"github.com/seed08532102/iniesta/internal/guard"
	"github.com/seed08532102/iniesta/internal/jsonbody"
)

// ErrInvalidMessage is matched by the refusal of what SQS would not take: a delay, an attribute, an id
// or a size out of its limits.
var ErrInvalidMessage = errors.New("invalid message")

// The limits of SQS for one message.
const (
	maxDelay      = 15 * time.Minute
	maxAttributes = 10
	maxSize       = 1 << 20 // bytes of the body and the attributes together
	maxIDLength   = 128     // characters of a group or deduplication id
)

// outgoing is what only a message to send has.
type outgoing struct {
	delay           time.Duration
	delaySet        bool
	group           string
	deduplicationID string
}

// newOutgoing makes a message to send to q.
func newOutgoing(body any, q *queue) (*Message, error) {
	text, ok := body.(string)
	if !ok {
		var err error
		if text, err = jsonbody.Encode(body); err != nil {
			return nil, fmt.Errorf("sqs: creating a message: %w", err)
		}
	}
	return &Message{RawBody: text, MessageAttributes: make(map[string]types.MessageAttributeValue), queue: q}, nil
}

// AddEvent sets the event to "{event}.{service name}", or to event itself where it ends in the service
// name already. Without SERVICE_NAME it returns an error. Python: add_event.
func (m *Message) AddEvent(event string) error {
	service := ""
	if m.queue != nil {
		service = m.queue.serviceName
	}
	if service == "" {
		return fmt.Errorf("sqs: adding event %q: %w: the service's name is not known: set SERVICE_NAME, or use AddRawEvent", event, ErrInvalidMessage)
	}
	if suffix := "." + service; event != "" && !strings.HasSuffix(event, suffix) {
		event += suffix
	}
	return m.AddRawEvent(event)
}

// AddRawEvent sets the event as it is. Python: add_event with raw=True.
func (m *Message) AddRawEvent(event string) error {
	if event == "" {
		return fmt.Errorf("sqs: adding an event: %w: it is empty", ErrInvalidMessage)
	}
	return m.AddAttribute(m.eventKey(), event)
}

// AddAttribute sets a message attribute: a string is sent as String, a number as Number, []byte as
// Binary, any other list as String.Array. An error matches ErrInvalidMessage. Python: add_attribute.
func (m *Message) AddAttribute(name string, value any) error {
	if err := attribute.CheckName(name); err != nil {
		return fmt.Errorf("sqs: adding an attribute: %w: %w", ErrInvalidMessage, err)
	}
	v, err := attribute.Encode(value)
	if err != nil {
		return fmt.Errorf("sqs: adding attribute %q: %w: %w", name, ErrInvalidMessage, err)
	}
	encoded := types.MessageAttributeValue{DataType: aws.String(v.DataType)}
	if v.DataType == attribute.Binary {
		encoded.BinaryValue = v.BinaryValue
	} else {
		encoded.StringValue = aws.String(v.StringValue)
	}
	if m.MessageAttributes == nil {
		m.MessageAttributes = make(map[string]types.MessageAttributeValue)
	}
	m.MessageAttributes[name] = encoded
	return nil
}

// SetDelay keeps the message from being received for d: 0 to 15 minutes, in whole seconds. An error
// matches ErrInvalidMessage. Python: delay_seconds.
func (m *Message) SetDelay(d time.Duration) error {
	if d < 0 || d > maxDelay {
		return fmt.Errorf("sqs: setting the delay: %w: it must be between 0 and 15 minutes (900 seconds) inclusive, got %s", ErrInvalidMessage, d)
	}
	if d%time.Second != 0 {
		return fmt.Errorf("sqs: setting the delay: %w: SQS counts whole seconds, got %s", ErrInvalidMessage, d)
	}
	m.send.delay, m.send.delaySet = d, true
	return nil
}

// SetGroup sets the message group: 1 to 128 letters, digits and punctuation marks. A FIFO queue
// requires one; on a standard queue it makes a fair queue. An error matches ErrInvalidMessage.
func (m *Message) SetGroup(id string) error {
	if err := checkID(id); err != nil {
		return fmt.Errorf("sqs: setting the message group: %w: %w", ErrInvalidMessage, err)
	}
	m.send.group = id
	return nil
}

// SetDeduplicationID sets what a FIFO queue knows a repeated message by, for five minutes: 1 to 128
// letters, digits and punctuation marks. An error matches ErrInvalidMessage.
func (m *Message) SetDeduplicationID(id string) error {
	if err := checkID(id); err != nil {
		return fmt.Errorf("sqs: setting the deduplication id: %w: %w", ErrInvalidMessage, err)
	}
	m.send.deduplicationID = id
	return nil
}

func checkID(id string) error {
	if id == "" || len(id) > maxIDLength {
		return fmt.Errorf("it must have 1 to %d characters, got %d", maxIDLength, len(id))
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return fmt.Errorf("only letters, digits and punctuation marks of ASCII are allowed, got %q", id)
		}
	}
	return nil
}

// sending guards what Send reads and sets of a message that several goroutines send.
var sending sync.Mutex

// Send sends a copy of the message to the client's queue: its body, its message attributes, and what
// SetDelay, SetGroup and SetDeduplicationID said. It may be called again, and by several goroutines: each
// call sends another copy. Of a message that CreateMessage made it sets MessageID and MD5OfBody to those of
// the copy; a message that was received stays as it is, and its system attributes are not sent: a FIFO queue
// needs SetGroup.
//
// What SQS would refuse is refused before the call, with an error matching ErrInvalidMessage, and so is a
// message made by hand, which belongs to no queue. The call takes ten seconds at most. Python: send.
func (m *Message) Send(ctx context.Context) error {
	if m == nil || m.queue == nil {
		return fmt.Errorf("sqs: sending a message: %w: it belongs to no queue: make it with CreateMessage", ErrInvalidMessage)
	}
	sent := m.copy()
	if err := sent.checkLimits(); err != nil {
		return fmt.Errorf("sqs: sending a message to %s: %w: %w", m.queue.name, ErrInvalidMessage, err)
	}
	out, err := sent.call(ctx)
	if err != nil {
		return fmt.Errorf("sqs: sending a message to %s: %w", m.queue.name, err)
	}
	if m.received {
		return nil
	}
	sending.Lock()
	defer sending.Unlock()
	m.MessageID, m.MD5OfBody = aws.ToString(out.MessageId), aws.ToString(out.MD5OfMessageBody)
	return nil
}

// copy is the message as it is sent, which shares nothing with m that a handler may change meanwhile.
func (m *Message) copy() *Message {
	sending.Lock()
	defer sending.Unlock()
	c := *m
	c.MessageAttributes = maps.Clone(m.MessageAttributes)
	return &c
}

// call sends the message by an API that may be a user's.
func (m *Message) call(ctx context.Context) (out *sqs.SendMessageOutput, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err = guard.Call("the API", func() (err error) {
		if out, err = m.queue.api.SendMessage(ctx, m.input()); err == nil && out == nil {
			err = errors.New("the API returned nothing")
		}
		return err
	})
	return out, err
}

func (m *Message) input() *sqs.SendMessageInput {
	in := &sqs.SendMessageInput{
		QueueUrl: &m.queue.url, MessageBody: &m.RawBody, MessageAttributes: m.MessageAttributes,
	}
	if m.send.delaySet {
		in.DelaySeconds = int32(m.send.delay / time.Second)
	}
	if m.send.group != "" {
		in.MessageGroupId = &m.send.group
	}
	if m.send.deduplicationID != "" {
		in.MessageDeduplicationId = &m.send.deduplicationID
	}
	return in
}

func (m *Message) checkLimits() error {
	if m.RawBody == "" {
		return errors.New("the body is empty")
	}
	if err := attribute.CheckText(m.RawBody); err != nil {
		return fmt.Errorf("the body: %w", err)
	}
	if n := len(m.MessageAttributes); n > maxAttributes {
		return fmt.Errorf("it has %d attributes, at most %d are allowed", n, maxAttributes)
	}
	if size := m.size(); size > maxSize {
		return fmt.Errorf("body and attributes have %d bytes, at most %d are allowed", size, maxSize)
	}
	return m.checkQueueRules()
}

func (m *Message) checkQueueRules() error {
	switch {
	case m.queue.fifo && m.send.group == "":
		return errors.New("a FIFO queue requires a message group: call SetGroup")
	case m.queue.fifo && m.send.delay > 0:
		return errors.New("a FIFO queue takes no delay for a single message: set it on the queue")
	case !m.queue.fifo && m.send.deduplicationID != "":
		return errors.New("only a FIFO queue takes a deduplication id")
	}
	return nil
}

func (m *Message) size() int {
	size := len(m.RawBody)
	for name, v := range m.MessageAttributes {
		size += len(name) + len(aws.ToString(v.DataType)) + len(aws.ToString(v.StringValue)) + len(v.BinaryValue)
	}
	return size
}
