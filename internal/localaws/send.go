package localaws

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

const maxMessage = 1 << 20 // bytes of body and attributes, of one message and of a batch

type sendEntry struct {
	Id                     string
	MessageBody            string
	DelaySeconds           *int
	MessageAttributes      map[string]attributeValue
	MessageGroupId         string
	MessageDeduplicationId string
}

type sendInput struct {
	QueueUrl string
	sendEntry
}

type sentMessage struct {
	Id                     string `json:",omitempty"`
	MessageId              string
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
	SequenceNumber         string `json:",omitempty"`
}

func (r *request) sendMessage(in *sendInput) (*sentMessage, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return q.send(&in.sendEntry)
}

func (r *request) sendMessageBatch(in *struct {
	QueueUrl string
	Entries  []sendEntry
}) (*batchOutput, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	total := 0
	for i := range in.Entries {
		total += in.Entries[i].size()
	}
	if total > maxMessage {
		return nil, errBatchTooLong
	}
	return runBatch(r, in.Entries, func(e *sendEntry) string { return e.Id }, func(e *sendEntry) (any, error) {
		sent, err := q.send(e)
		if err != nil {
			return nil, err
		}
		sent.Id = e.Id
		return sent, nil
	})
}

// send puts a message into the queue, or finds that it was sent before: a FIFO queue takes a
// deduplication id once in five minutes and answers as if it had taken it again.
func (q *queue) send(e *sendEntry) (*sentMessage, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.settle(now)
	if q.deleted {
		return nil, errNoQueue
	}
	delay, err := q.check(e)
	if err != nil {
		return nil, err
	}
	dedup := q.deduplicationID(e)
	if first, ok := q.sighted(dedup, now); ok {
		first.MD5OfMessageBody, first.MD5OfMessageAttributes = md5Hex(e.MessageBody), md5OfAttributes(e.MessageAttributes)
		return first, nil
	}
	q.sequence++
	m := &message{
		id: uuid.NewString(), body: e.MessageBody, md5: md5Hex(e.MessageBody), md5Attrs: md5OfAttributes(e.MessageAttributes),
		attributes: e.MessageAttributes, group: e.MessageGroupId, dedup: dedup, sender: q.server.account,
		sequence: q.sequence, sentAt: now, index: -1,
	}
	q.byID[m.id] = m
	sent := &sentMessage{MessageId: m.id, MD5OfMessageBody: m.md5, MD5OfMessageAttributes: m.md5Attrs}
	if q.fifo {
		sent.SequenceNumber = sequenceText(m.sequence)
		q.seen[dedup] = sighting{sent: *sent, until: now.Add(deduplicationInterval)}
	}
	if delay > 0 {
		q.hold(m, now.Add(delay), false)
		q.notify() // a long poll has a new time to wake at
	} else {
		q.makeReady(m, now)
	}
	return sent, nil
}

// check refuses what SQS refuses, and returns the message's delay.
func (q *queue) check(e *sendEntry) (time.Duration, error) {
	most := q.number("MaximumMessageSize")
	switch size := e.size(); {
	case e.MessageBody == "":
		return 0, missingParameter("MessageBody")
	case size > most:
		return 0, invalidValue("MessageBody", "One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", most)
	case !carried(e.MessageBody):
		return 0, refused("InvalidMessageContents", "The message contains characters outside the allowed set.")
	case len(e.MessageAttributes) > 10:
		return 0, invalidValue("MessageAttributes", "Number of message attributes [%d] exceeds the allowed maximum [10].", len(e.MessageAttributes))
	}
	for name, value := range e.MessageAttributes {
		if err := value.check(name); err != nil {
			return 0, err
		}
	}
	if err := q.checkFIFO(e); err != nil {
		return 0, err
	}
	delay, err := within("DelaySeconds", e.DelaySeconds, q.number("DelaySeconds"), 0, 900)
	return time.Duration(delay) * time.Second, err
}

func (q *queue) checkFIFO(e *sendEntry) error {
	switch {
	case q.fifo && e.MessageGroupId == "":
		return missingParameter("MessageGroupId")
	case q.fifo && e.MessageDeduplicationId == "" && q.attributes["ContentBasedDeduplication"] != "true":
		return invalidValue("MessageDeduplicationId",
			"The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly.")
	case q.fifo && e.DelaySeconds != nil && *e.DelaySeconds != 0:
		return invalidValue("DelaySeconds", "The request include parameter that is not valid for this queue type.")
	case !q.fifo && e.MessageDeduplicationId != "":
		return invalidValue("MessageDeduplicationId", "The request include parameter that is not valid for this queue type.")
	case !validID(e.MessageGroupId):
		return invalidValue("MessageGroupId", "It can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	case !validID(e.MessageDeduplicationId):
		return invalidValue("MessageDeduplicationId", "It can only include alphanumeric and punctuation characters. 1 to 128 in length.")
	}
	return nil
}

// deduplicationInterval is how long a FIFO queue remembers a deduplication id.
const deduplicationInterval = 5 * time.Minute

// sighting is a deduplication id that was used, with the answer it got.
type sighting struct {
	sent  sentMessage
	until time.Time
}

func (q *queue) deduplicationID(e *sendEntry) string {
	if !q.fifo || e.MessageDeduplicationId != "" {
		return e.MessageDeduplicationId
	}
	sum := sha256.Sum256([]byte(e.MessageBody))
	return hex.EncodeToString(sum[:])
}

func (q *queue) sighted(dedup string, now time.Time) (*sentMessage, bool) {
	s, ok := q.seen[dedup]
	if !ok {
		return nil, false
	}
	if !now.Before(s.until) {
		delete(q.seen, dedup)
		return nil, false
	}
	sent := s.sent
	return &sent, true
}

func (e *sendEntry) size() int {
	size := len(e.MessageBody)
	for name, v := range e.MessageAttributes {
		size += len(name) + len(v.DataType) + len(v.BinaryValue)
		if v.StringValue != nil {
			size += len(*v.StringValue)
		}
	}
	return size
}

func carried(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	}) < 0
}

// validID accepts no id too: whether one is needed is another question.
func validID(id string) bool {
	return len(id) <= 128 && strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// sequenceText writes a sequence number with the twenty digits that SQS gives it.
func sequenceText(n int64) string { return fmt.Sprintf("1%019d", n) }

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
