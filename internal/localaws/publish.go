package localaws

import (
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
	Subject                string
	MessageStructure       string
	MessageAttributes      map[string]attributeValue
	MessageGroupId         string
	MessageDeduplicationId string
}

type publishInput struct {
	TopicArn string
	publishEntry
}

type publishedMessage struct {
	Id             string `xml:",omitempty"`
	MessageId      string
	SequenceNumber string `xml:",omitempty"`
}

func (r *request) publish(in *publishInput) (*publishedMessage, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	return r.server.publish(t, &in.publishEntry)
}

// publishBatchOutput is a batchOutput in XML.
type publishBatchOutput struct {
	Successful []any         `xml:"Successful>member"`
	Failed     []failedEntry `xml:"Failed>member"`
}

func (r *request) publishBatch(in *struct {
	TopicArn                   string
	PublishBatchRequestEntries []publishEntry
}) (*publishBatchOutput, error) {
	t, err := r.topic(in.TopicArn)
	if err != nil {
		return nil, err
	}
	entries := in.PublishBatchRequestEntries
	total := 0
	for i := range entries {
		total += entries[i].size()
	}
	if total > maxPublished {
		return nil, errBatchTooLong
	}
	out, err := runBatch(r, entries, func(e *publishEntry) string { return e.Id }, func(e *publishEntry) (any, error) {
		published, err := r.server.publish(t, e)
		if err != nil {
			return nil, err
		}
		published.Id = e.Id
		return published, nil
	})
	if err != nil {
		return nil, err
	}
	return &publishBatchOutput{out.Successful, out.Failed}, nil
}

// publish gives a message to every subscription that lets it through. A FIFO topic takes a deduplication
// id once in five minutes and answers as if it had taken it again.
func (s *Server) publish(t *topic, e *publishEntry) (*publishedMessage, error) {
	if err := e.check(t.fifo); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock() // held while queues take the message: a FIFO topic keeps its order
	published := publishedMessage{MessageId: uuid.NewString()}
	if t.fifo {
		now := time.Now()
		dedup, err := t.deduplicationID(e)
		if err != nil {
			return nil, err
		}
		if first, ok := t.seen[dedup]; ok && now.Before(first.until) {
			return &first.published, nil
		}
		t.sequence++
		e.MessageDeduplicationId, published.SequenceNumber = dedup, sequenceText(t.sequence)
		t.seen[dedup] = topicSighting{published, now.Add(deduplicationInterval)}
	}
	for _, sub := range t.subscriptions {
		if sub.passes(e) {
			s.deliver(sub, e, published)
		}
	}
	return &published, nil
}

func (t *topic) deduplicationID(e *publishEntry) (string, error) {
	if e.MessageDeduplicationId != "" {
		return e.MessageDeduplicationId, nil
	}
	if t.attributes["ContentBasedDeduplication"] != "true" {
		return "", invalidParameter("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	}
	sum := sha256.Sum256([]byte(e.Message))
	return hex.EncodeToString(sum[:]), nil
}

// check refuses what SNS refuses.
func (e *publishEntry) check(fifo bool) error {
	switch {
	case e.Message == "":
		return invalidParameter("Empty message")
	case e.size() > maxPublished:
		return invalidParameter("Message too long")
	case !carried(e.Message):
		return invalidParameter("Message Reason: it has characters outside the allowed set")
	case len([]rune(e.Subject)) > 100:
		return invalidParameter("Subject")
	case e.MessageStructure != "" && e.MessageStructure != "json":
		return invalidParameter("MessageStructure")
	case fifo && e.MessageGroupId == "":
		return invalidParameter("The MessageGroupId parameter is required for FIFO topics")
	case !fifo && e.MessageDeduplicationId != "":
		return invalidParameter("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	case !validID(e.MessageGroupId) || !validID(e.MessageDeduplicationId):
		return invalidParameter("MessageGroupId or MessageDeduplicationId Reason: they have 1 to 128 letters, digits and punctuation marks")
	}
	for name, value := range e.MessageAttributes {
		if err := value.check(name); err != nil {
			return refused("ParameterValueInvalid", "%s", err.(*apiError).message)
		}
	}
	if e.MessageStructure == "json" {
		_, err := e.text()
		return err
	}
	return nil
}

// text is what queues get: the message, or of a message for each protocol theirs.
func (e *publishEntry) text() (string, error) {
	if e.MessageStructure != "json" {
		return e.Message, nil
	}
	var texts map[string]string
	if err := json.Unmarshal([]byte(e.Message), &texts); err != nil {
		return "", invalidParameter("Message Structure - JSON message body failed to parse")
	}
	if _, ok := texts["default"]; !ok {
		return "", invalidParameter("Message Structure - No default entry in JSON message body")
	}
	if text, ok := texts["sqs"]; ok {
		return text, nil
	}
	return texts["default"], nil
}

func (e *publishEntry) size() int {
	size := len(e.Message)
	for name, v := range e.MessageAttributes {
		size += len(name) + len(v.DataType) + len(v.BinaryValue)
		if v.StringValue != nil {
			size += len(*v.StringValue)
		}
	}
	return size
}
