package localaws

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// maxPublished is the most bytes of a message to a topic, and of a batch of them.
const maxPublished = 256 << 10

type publishEntry struct {
	Id                     string
	Message                string
	Subject                *string
	MessageStructure       string
	MessageAttributes      map[string]attributeValue
	MessageGroupId         *string
	MessageDeduplicationId *string
}

type publishInput struct {
	TopicArn, TargetArn, PhoneNumber string
	publishEntry
}

type publishedMessage struct {
	Id             string `xml:",omitempty"`
	MessageId      string
	SequenceNumber string `xml:",omitempty"`
}

func (r *request) publish(in *publishInput) (*publishedMessage, error) {
	if in.PhoneNumber != "" {
		return nil, invalidParameter("PhoneNumber Reason: text messages to phones are not offered here")
	}
	arn := cmp.Or(in.TopicArn, in.TargetArn)
	if _, _, name, ok := splitARN("sns", in.TargetArn); in.TopicArn == "" && ok && len(name) > 9 && name[:9] == "endpoint/" {
		return nil, invalidParameter("TargetArn Reason: No endpoint found for the target arn specified")
	}
	t, err := r.topic(arn)
	if err != nil {
		return nil, err
	}
	if err := in.check(t, "messageAttributes"); err != nil {
		return nil, err
	}
	return r.publishTo(t, &in.publishEntry), nil
}

// publishBatchOutput is a batchOutput in XML.
type publishBatchOutput struct {
	Successful []any         `xml:"Successful>member"`
	Failed     []failedEntry `xml:"Failed>member"`
}

// publishBatch publishes all entries, or none where one is not valid.
func (r *request) publishBatch(in *struct {
	TopicArn                   string
	PublishBatchRequestEntries []publishEntry
}) (*publishBatchOutput, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	entries := in.PublishBatchRequestEntries
	if err := checkPublishBatch(t, entries); err != nil {
		return nil, err
	}
	out, err := runBatch(r, entries, func(e *publishEntry) string { return e.Id }, nil, func(e *publishEntry) (any, error) {
		published := r.publishTo(t, e)
		published.Id = e.Id
		return published, nil
	})
	if err != nil {
		return nil, err
	}
	return &publishBatchOutput{out.Successful, out.Failed}, nil
}

// publishTo gives a message to every subscription that lets it through. A FIFO topic takes a deduplication
// id once in five minutes and answers as if it had taken it again.
func (r *request) publishTo(t *topic, e *publishEntry) *publishedMessage {
	t.mu.Lock()
	defer t.mu.Unlock() // held while queues take the message: a FIFO topic keeps its order
	n := &notification{entry: e, topic: t, at: time.Now(), base: "http://" + r.host, trace: r.trace}
	n.published.MessageId = uuid.NewString()
	if t.fifo {
		n.dedup = e.deduplicationID()
		key := t.sightingKey(n.dedup, text(e.MessageGroupId))
		if first, ok := t.seen[key]; ok && n.at.Before(first.until) {
			return &first.published
		}
		t.sequence++
		n.published.SequenceNumber = sequenceText(t.sequence)
		t.seen[key] = topicSighting{n.published, n.at.Add(deduplicationInterval)}
	}
	for _, sub := range t.subscriptions {
		if !sub.pending() && sub.passes(e) {
			r.server.deliver(sub, n)
		}
	}
	return &n.published
}

func (t *topic) sightingKey(dedup, group string) sightingKey {
	if t.attributes["FifoThroughputScope"] == "MessageGroup" {
		return sightingKey{dedup, group}
	}
	return sightingKey{Dedup: dedup}
}

func (e *publishEntry) deduplicationID() string {
	if e.MessageDeduplicationId != nil {
		return *e.MessageDeduplicationId
	}
	sum := sha256.Sum256([]byte(e.Message))
	return hex.EncodeToString(sum[:])
}

// textFor is what an endpoint of a protocol gets: the message, or of a message for each protocol its own.
func (e *publishEntry) textFor(protocol string) (string, error) {
	if e.MessageStructure != "json" {
		return e.Message, nil
	}
	var texts map[string]any
	if err := json.Unmarshal([]byte(e.Message), &texts); err != nil || texts == nil {
		return "", invalidParameter("Message Structure - JSON message body failed to parse")
	}
	fallback, ok := texts["default"].(string)
	if !ok {
		return "", invalidParameter("Message Structure - No default entry in JSON message body")
	}
	if own, ok := texts[protocol].(string); ok { // what is no text is not looked at
		return own, nil
	}
	return fallback, nil
}

func (e *publishEntry) size() int { return len(e.Message) + sizeOf(e.MessageAttributes) }
