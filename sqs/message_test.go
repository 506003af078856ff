package sqs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

func TestTheBodyIsDecodedWhereItIsJSON(t *testing.T) {
	for body, want := range map[string]any{
		`{"a":1}`: map[string]any{"a": json.Number("1")}, `[1]`: []any{json.Number("1")}, `"x"`: "x", `null`: nil,
		`9007199254740993`: json.Number("9007199254740993"), `1e400`: json.Number("1e400"),
		`plain`: "plain", ``: "", `{"a":`: `{"a":`, `{} {}`: `{} {}`, `{}}`: `{}}`,
	} {
		assert.Equal(t, want, (&sqs.Message{RawBody: body}).Body(), body)
	}
}

func TestChecksumBody(t *testing.T) {
	m := &sqs.Message{RawBody: "hello", MD5OfBody: "5d41402abc4b2a76b9719d911017c592"}
	assert.True(t, m.ChecksumBody())
	m.RawBody = "hullo"
	assert.False(t, m.ChecksumBody())
}

func TestSystemAttributesAreRead(t *testing.T) {
	m := &sqs.Message{Attributes: map[string]string{
		"ApproximateReceiveCount": "3", "SentTimestamp": "1700000000123", "MessageGroupId": "g"}}
	assert.Equal(t, 3, m.ReceiveCount())
	assert.Equal(t, time.UnixMilli(1700000000123), m.SentAt())
	assert.Equal(t, "g", m.GroupID())
	assert.Zero(t, (&sqs.Message{}).ReceiveCount())
	assert.True(t, (&sqs.Message{}).SentAt().IsZero())
}

func TestEnvelopesAreTakenOffAndNothingElseIs(t *testing.T) {
	tests := []struct {
		name, body  string
		attributes  bool
		want, event string
	}{
		{"an envelope", `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:x:1:t","Message":"in","MessageAttributes":{"iniesta_pass":{"Type":"String","Value":"A.b"}}}`, false, "in", "A.b"},
		{"without attributes", `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:x:1:t","Message":"in"}`, false, "in", ""},
		{"an empty message", `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:x:1:t","Message":""}`, false, "", ""},
		{"white space before", "\n {\"Type\":\"Notification\",\"MessageId\":\"1\",\"TopicArn\":\"arn:aws:sns:x:1:t\",\"Message\":\"in\"}", false, "in", ""},
		{"raw delivery of the like", `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:x:1:t","Message":"in"}`, true, "", "Raw.event"},
		{"another type", `{"Type":"SubscriptionConfirmation","MessageId":"1","TopicArn":"arn:aws:sns:x:1:t","Message":"in","Note":"Notification"}`, false, "", ""},
		{"no topic", `{"Type":"Notification","MessageId":"1","Message":"in","TopicArn":""}`, false, "", ""},
		{"no message", `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:x:1:t"}`, false, "", ""},
		{"not JSON", `{"Type":"Notification","TopicArn"`, false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := &types.Message{MessageId: aws.String("m"), Body: &tt.body}
			if tt.attributes {
				raw.MessageAttributes = map[string]types.MessageAttributeValue{"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("Raw.event")}}
			}
			m := sqs.NewMessage(raw)
			if tt.want == "" && tt.name != "an empty message" {
				tt.want = tt.body
			}
			assert.Equal(t, tt.want, m.RawBody)
			assert.Equal(t, tt.event, m.Event())
			assert.Equal(t, m.RawBody != tt.body, m.TopicARN() != "")
		})
	}
}

func TestBinaryAttributesOfAnEnvelopeAreDecoded(t *testing.T) {
	m := sqs.NewMessage(&types.Message{Body: aws.String(`{"Type":"Notification","MessageId":"1","TopicArn":"arn:t","Message":"in",
		"MessageAttributes":{"b":{"Type":"Binary","Value":"aGk="},"l":{"Type":"String.Array","Value":"[1]"},"n":{"Type":"Number","Value":"5"}}}`)})
	binary, _ := m.Attribute("b")
	list, _ := m.Attribute("l")
	number, _ := m.Attribute("n")
	_, ok := m.Attribute("none")
	assert.Equal(t, []byte("hi"), binary)
	assert.Equal(t, []any{json.Number("1")}, list)
	assert.Equal(t, json.Number("5"), number)
	assert.False(t, ok)
}

// sender remembers what was sent.
type sender struct {
	stubAPI
	sent *awssqs.SendMessageInput
	err  error
}

func (s *sender) SendMessage(_ context.Context, in *awssqs.SendMessageInput, _ ...func(*awssqs.Options)) (*awssqs.SendMessageOutput, error) {
	s.sent = in
	if s.err != nil {
		return nil, s.err
	}
	return &awssqs.SendMessageOutput{MessageId: aws.String("id-1"), MD5OfMessageBody: aws.String("md5")}, nil
}

func sending(t *testing.T, queue string) (*sqs.Client, *sender) {
	api := &sender{}
	c := sqs.New(sqs.WithConfig(testConfig()), sqs.WithAPI(api), sqs.WithoutLocks(), sqs.WithQueueName(queue))
	require.NoError(t, c.Initialize(t.Context()))
	return c, api
}

func TestAMessageIsSentAsItWasMade(t *testing.T) {
	c, api := sending(t, "orders")
	m, err := c.CreateMessage(map[string]string{"a": "<é>"})
	require.NoError(t, err)
	require.NoError(t, m.AddEvent("OrderPlaced"))
	require.NoError(t, m.AddAttribute("version", 1))
	require.NoError(t, m.AddAttribute("raw", []byte("b")))
	require.NoError(t, m.SetDelay(15*time.Minute))
	require.NoError(t, m.SetGroup("tenant-1"))
	require.NoError(t, m.Send(t.Context()))
	assert.Equal(t, `{"a":"<é>"}`, *api.sent.MessageBody)
	assert.EqualValues(t, 900, api.sent.DelaySeconds)
	assert.Equal(t, "tenant-1", *api.sent.MessageGroupId)
	assert.Equal(t, map[string]types.MessageAttributeValue{
		"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("OrderPlaced.shop")},
		"version":      {DataType: aws.String("Number"), StringValue: aws.String("1")},
		"raw":          {DataType: aws.String("Binary"), BinaryValue: []byte("b")},
	}, api.sent.MessageAttributes)
	assert.Equal(t, "id-1", m.MessageID)
	assert.Equal(t, "md5", m.MD5OfBody)

	m, err = c.CreateMessage("as it is")
	require.NoError(t, err)
	assert.Equal(t, "as it is", m.RawBody)
	_, err = c.CreateMessage(func() {})
	assert.EqualError(t, err, "sqs: creating a message: a func() cannot be written as JSON: json: unsupported type: func()")
}

func TestEventsGetTheServicesName(t *testing.T) {
	c, _ := sending(t, "orders")
	m, err := c.CreateMessage("x")
	require.NoError(t, err)
	for given, want := range map[string]string{"A": "A.shop", "A.shop": "A.shop", "A.user": "A.user.shop"} {
		require.NoError(t, m.AddEvent(given))
		assert.Equal(t, want, m.Event())
	}
	require.NoError(t, m.AddRawEvent("A.user"))
	assert.Equal(t, "A.user", m.Event())
	assert.ErrorIs(t, m.AddEvent(""), sqs.ErrInvalidMessage)
	assert.EqualError(t, (&sqs.Message{}).AddEvent("A"),
		`sqs: adding event "A": invalid message: the service's name is not known: set SERVICE_NAME, or use AddRawEvent`)
	own := &sqs.Message{}
	assert.NoError(t, own.AddRawEvent("A.b"), "a message of a literal")
	assert.Equal(t, "A.b", own.Event())
}

// shoryuken#457: a deduplication id that nobody set dropped distinct messages.
func TestWhatSQSWouldRefuseIsRefusedBeforeTheCall(t *testing.T) {
	tests := []struct {
		name  string
		queue string
		body  string
		make  func(m *sqs.Message) error
		want  string
	}{
		{"negative delay", "orders", "x", func(m *sqs.Message) error { return m.SetDelay(-time.Second) }, "sqs: setting the delay: invalid message: it must be between 0 and 15 minutes (900 seconds) inclusive, got -1s"},
		{"long delay", "orders", "x", func(m *sqs.Message) error { return m.SetDelay(901 * time.Second) }, "sqs: setting the delay: invalid message: it must be between 0 and 15 minutes (900 seconds) inclusive, got 15m1s"},
		{"part of a second", "orders", "x", func(m *sqs.Message) error { return m.SetDelay(1500 * time.Millisecond) }, "sqs: setting the delay: invalid message: SQS counts whole seconds, got 1.5s"},
		{"empty group", "orders", "x", func(m *sqs.Message) error { return m.SetGroup("") }, "sqs: setting the message group: invalid message: it must have 1 to 128 characters, got 0"},
		{"long group", "orders", "x", func(m *sqs.Message) error { return m.SetGroup(strings.Repeat("g", 129)) }, "sqs: setting the message group: invalid message: it must have 1 to 128 characters, got 129"},
		{"space in a group", "orders", "x", func(m *sqs.Message) error { return m.SetGroup("a b") }, `sqs: setting the message group: invalid message: only letters, digits and punctuation marks of ASCII are allowed, got "a b"`},
		{"deduplication id", "orders.fifo", "x", func(m *sqs.Message) error { return m.SetDeduplicationID("é") }, `sqs: setting the deduplication id: invalid message: only letters, digits and punctuation marks of ASCII are allowed, got "é"`},
		{"attribute name", "orders", "x", func(m *sqs.Message) error { return m.AddAttribute("a b", 1) }, `sqs: adding an attribute: invalid message: invalid message attribute: name "a b": only letters, digits, '_', '-' and '.' are allowed`},
		{"attribute value", "orders", "x", func(m *sqs.Message) error { return m.AddAttribute("a", true) }, `sqs: adding attribute "a": invalid message: invalid message attribute: a bool cannot be sent: use a string, a number, a list or []byte`},
		{"empty body", "orders", "", nil, "sqs: sending a message to orders: invalid message: the body is empty"},
		{"control character", "orders", "a\x01", nil, "sqs: sending a message to orders: invalid message: the body: character U+0001 at byte 1 is not allowed: only tab, line feed, carriage return and what is above U+001F is, but U+FFFE and U+FFFF"},
		{"too large", "orders", strings.Repeat("x", 1<<20+1), nil, "sqs: sending a message to orders: invalid message: body and attributes have 1048577 bytes, at most 1048576 are allowed"},
		{"attributes count", "orders", strings.Repeat("x", 1<<20-10), func(m *sqs.Message) error { return m.AddAttribute("name", "value") }, "sqs: sending a message to orders: invalid message: body and attributes have 1048581 bytes, at most 1048576 are allowed"},
		{"no group", "orders.fifo", "x", nil, "sqs: sending a message to orders.fifo: invalid message: a FIFO queue requires a message group: call SetGroup"},
		{"delay in a FIFO queue", "orders.fifo", "x", func(m *sqs.Message) error { return firstOf(m.SetGroup("g"), m.SetDelay(time.Second)) }, "sqs: sending a message to orders.fifo: invalid message: a FIFO queue takes no delay for a single message: set it on the queue"},
		{"deduplication elsewhere", "orders", "x", func(m *sqs.Message) error { return m.SetDeduplicationID("d") }, "sqs: sending a message to orders: invalid message: only a FIFO queue takes a deduplication id"},
		{"eleven attributes", "orders", "x", func(m *sqs.Message) error {
			for i := range 11 {
				if err := m.AddAttribute(fmt.Sprint("a", i), i); err != nil {
					return err
				}
			}
			return nil
		}, "sqs: sending a message to orders: invalid message: it has 11 attributes, at most 10 are allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, api := sending(t, tt.queue)
			m, err := c.CreateMessage(tt.body)
			require.NoError(t, err)
			if tt.make != nil {
				err = tt.make(m)
			}
			if err == nil {
				err = m.Send(t.Context())
			}
			require.ErrorIs(t, err, sqs.ErrInvalidMessage)
			assert.EqualError(t, err, tt.want)
			assert.Nil(t, api.sent, "no call was made")
		})
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestWhatIsJustWithinTheLimitsIsSent(t *testing.T) {
	c, api := sending(t, "orders")
	m, err := c.CreateMessage(strings.Repeat("x", 1<<20))
	require.NoError(t, err)
	require.NoError(t, m.SetDelay(0))
	require.NoError(t, m.SetGroup(strings.Repeat("g", 128)))
	require.NoError(t, m.Send(t.Context()))
	assert.NotNil(t, api.sent)
}

func TestAFailedSendNamesTheQueue(t *testing.T) {
	c, api := sending(t, "orders")
	api.err = context.DeadlineExceeded
	m, err := c.CreateMessage("x")
	require.NoError(t, err)
	err = m.Send(t.Context())
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.EqualError(t, err, "sqs: sending a message to orders: context deadline exceeded")
	assert.ErrorContains(t, (&sqs.Message{RawBody: "x"}).Send(t.Context()), "it belongs to no queue: make it with CreateMessage")
}

func TestAttributesSurviveTheQueue(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var got *sqs.Message
		w.handle(func(m *sqs.Message) { got = m }, "Order.shop")
		c := w.start()
		m, err := c.CreateMessage(`{"id":1}`)
		require.NoError(t, err)
		values := map[string]any{"s": "text", "n": 1.5, "i": 7, "l": []any{"a", json.Number("9007199254740993")}, "b": []byte{0, 1}}
		for name, value := range values {
			require.NoError(t, m.AddAttribute(name, value))
		}
		require.NoError(t, m.AddEvent("Order"))
		require.NoError(t, m.Send(t.Context()))
		w.after(time.Second)
		require.NotNil(t, got)
		values["n"], values["i"] = json.Number("1.5"), json.Number("7")
		for name, want := range values {
			value, _ := got.Attribute(name)
			assert.Equal(t, want, value, name)
		}
		assert.Equal(t, m.MessageID, got.MessageID)
		assert.True(t, got.ChecksumBody())
		assert.Equal(t, 1, got.ReceiveCount())
		assert.WithinDuration(t, time.Now(), got.SentAt(), 2*time.Second)
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add(`{"Type":"Notification","MessageId":"1","TopicArn":"arn:t","Message":"in","MessageAttributes":{"b":{"Type":"Binary","Value":"aGk="}}}`)
	f.Add(`{"Type":"Notification","TopicArn":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		m := sqs.NewMessage(&types.Message{Body: &body})
		if m.TopicARN() == "" && m.RawBody != body {
			t.Fatal("a body changed that was in no envelope")
		}
		_ = m.Event()
		_ = m.Body()
	})
}

func FuzzEvent(f *testing.F) {
	f.Add("Order.shop", "String")
	f.Add("", "Binary")
	f.Fuzz(func(t *testing.T, event, kind string) {
		r := sqs.NewRegistry()
		_ = r.AddHandler(placed, "Order.*")
		m := sqs.NewMessage(&types.Message{MessageAttributes: map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: &kind, StringValue: &event}}})
		if _, found := r.Lookup(m.Event()); found != strings.HasPrefix(event, "Order.") {
			t.Fatalf("lookup of %q: %v", event, found)
		}
	})
}

func FuzzPayload(f *testing.F) {
	f.Add(`{"ID":1,"Tags":["a"]}`)
	f.Add(`{"ID":1e999}`)
	f.Fuzz(func(t *testing.T, body string) {
		r := sqs.NewRegistry()
		type payload struct {
			ID   int
			Tags []string
			Any  any
		}
		ran := false
		_ = r.AddHandler(func(payload) { ran = true }, "A.b")
		call, _ := r.Lookup("A.b")
		_, err := call(context.Background(), &sqs.Message{RawBody: body})
		var v payload
		decoder := json.NewDecoder(strings.NewReader(body))
		decoder.UseNumber() // 1e999 is no float64
		valid := json.Valid([]byte(body)) && strings.TrimSpace(body) != "null" && decoder.Decode(&v) == nil
		if valid != ran || valid != (err == nil) {
			t.Fatalf("valid %v, ran %v, error %v", valid, ran, err)
		}
	})
}

func BenchmarkNewMessage(b *testing.B) {
	kind, event := "String", "Order.shop"
	bodies := map[string]string{"plain": `{"id":1}`,
		"envelope": `{"Type":"Notification","MessageId":"1","TopicArn":"arn:t","Message":"in","MessageAttributes":{"iniesta_pass":{"Type":"String","Value":"A.b"}}}`}
	for name, body := range bodies {
		raw := &types.Message{Body: &body}
		if name == "plain" {
			raw.MessageAttributes = map[string]types.MessageAttributeValue{"iniesta_pass": {DataType: &kind, StringValue: &event}}
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if sqs.NewMessage(raw).Event() == "" {
					b.Fatal("no event")
				}
			}
		})
	}
}
