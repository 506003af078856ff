package localaws

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

const maxMessage = 1 << 20 // bytes of body and attributes, of one message and of a batch

type sendEntry struct {
	Id                      string
	MessageBody             string
	DelaySeconds            *int
	MessageAttributes       map[string]attributeValue
	MessageSystemAttributes map[string]attributeValue
	MessageGroupId          *string
	MessageDeduplicationId  *string

	trace   string // of the request
	batched bool   // is one of a batch
	again   bool   // moved here, so that its deduplication id does not count
}

type sendInput struct {
	QueueUrl string
	sendEntry
}

type sentMessage struct {
	Id                           string `json:",omitempty"`
	MessageId                    string
	MD5OfMessageBody             string
	MD5OfMessageAttributes       string `json:",omitempty"`
	MD5OfMessageSystemAttributes string `json:",omitempty"`
	SequenceNumber               string `json:",omitempty"`
}

func (r *request) sendMessage(in *sendInput) (*sentMessage, error) {
	q, err := r.queue(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	in.traced(r.trace)
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
	check := func() error {
		if total > maxMessage {
			return batchTooLong(total)
		}
		return q.checkBatch(in.Entries)
	}
	return runBatch(r, in.Entries, func(e *sendEntry) string { return e.Id }, check, func(e *sendEntry) (any, error) {
		e.traced(r.trace)
		e.batched = true
		sent, err := q.send(e)
		if err != nil {
			return nil, err
		}
		sent.Id = e.Id
		return sent, nil
	})
}

// checkBatch refuses the whole batch where an entry to a FIFO queue has no group, or no deduplication id.
func (q *queue) checkBatch(entries []sendEntry) error {
	if !q.fifo {
		return nil
	}
	q.lock()
	defer q.unlock()
	for i := range entries {
		if entries[i].MessageGroupId == nil {
			return invalid("The request must contain the parameter MessageGroupId.")
		}
		if entries[i].MessageDeduplicationId == nil && q.attributes["ContentBasedDeduplication"] != "true" {
			return errNoDeduplication
		}
	}
	return nil
}

// send puts a message into the queue. In a FIFO queue a deduplication id that was used in the last
// five minutes has the message answered like the first and not sent.
func (q *queue) send(e *sendEntry) (*sentMessage, error) {
	q.lock()
	defer q.unlock()
	if q.deleted {
		return nil, errNoQueue
	}
	now := time.Now()
	q.settle(now)
	delay, err := q.check(e)
	if err != nil {
		return nil, err
	}
	dedup := q.deduplicationID(e)
	sent := sentMessage{
		MessageId: uuid.NewString(), MD5OfMessageBody: md5Hex(e.MessageBody), MD5OfMessageAttributes: md5OfAttributes(e.MessageAttributes),
		MD5OfMessageSystemAttributes: md5OfAttributes(e.MessageSystemAttributes),
	}
	if first, ok := q.sighted(dedup, text(e.MessageGroupId), now); ok && !e.again {
		sent.MessageId, sent.SequenceNumber = first.ID, sequenceText(first.Sequence)
		return &sent, nil
	}
	m := &message{
		id: sent.MessageId, body: e.MessageBody, md5: sent.MD5OfMessageBody, md5Attrs: sent.MD5OfMessageAttributes,
		attributes: e.MessageAttributes, trace: cmp.Or(text(e.MessageSystemAttributes[traceHeader].StringValue), e.trace),
		group: text(e.MessageGroupId), dedup: dedup, sender: q.server.account, sequence: q.server.sequence.Add(1), sentAt: now, index: -1,
	}
	q.byID[m.id] = m
	q.touch(m)
	if q.fifo {
		sent.SequenceNumber = sequenceText(m.sequence)
		q.see(m, now)
	}
	if delay > 0 {
		q.hold(m, now.Add(delay), false)
		q.notify() // a long poll has a new time to wake at
	} else {
		q.makeReady(m, now)
	}
	return &sent, nil
}

// text is an optional text.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// check refuses what SQS refuses, and returns the message's delay.
func (q *queue) check(e *sendEntry) (time.Duration, error) {
	most := q.number("MaximumMessageSize")
	switch size := e.size(); {
	case e.MessageBody == "":
		return 0, missingParameter("MessageBody")
	case size > most:
		return 0, tooLong(most, e.batched)
	case !carried(e.MessageBody):
		return 0, errContents
	case len(e.MessageAttributes) > 10:
		return 0, invalid("Number of message attributes [%d] exceeds the allowed maximum [10].", len(e.MessageAttributes))
	}
	if err := checkMessageAttributes(e.MessageAttributes); err != nil {
		return 0, err
	}
	if err := checkSystemAttributes(e.MessageSystemAttributes); err != nil {
		return 0, err
	}
	if err := q.checkFIFO(e); err != nil {
		return 0, err
	}
	if q.fifo { // only the queue has a delay
		return time.Duration(q.number("DelaySeconds")) * time.Second, nil
	}
	delay, err := within("DelaySeconds", e.DelaySeconds, q.number("DelaySeconds"), 0, 900)
	return time.Duration(delay) * time.Second, err
}

func tooLong(most int, batched bool) error {
	are := "are invalid"
	if batched {
		are = "cannot be validated"
	}
	return invalid("One or more parameters %s. Reason: Message must be shorter than %d bytes.", are, most)
}

const otherKind = "The request include parameter that is not valid for this queue type."

var errNoDeduplication = invalid("The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")

func (q *queue) checkFIFO(e *sendEntry) error {
	switch {
	case q.fifo && e.MessageGroupId == nil:
		return missingParameter("MessageGroupId")
	case q.fifo && e.MessageDeduplicationId == nil && q.attributes["ContentBasedDeduplication"] != "true":
		return errNoDeduplication
	case q.fifo && e.DelaySeconds != nil && *e.DelaySeconds != 0:
		return invalidValue("DelaySeconds", *e.DelaySeconds, otherKind)
	case !q.fifo && e.MessageDeduplicationId != nil:
		return invalidValue("MessageDeduplicationId", *e.MessageDeduplicationId, otherKind)
	}
	if err := checkID("MessageGroupId", e.MessageGroupId); err != nil {
		return err
	}
	return checkID("MessageDeduplicationId", e.MessageDeduplicationId)
}

func checkID(parameter string, id *string) error {
	if id != nil && !validID(*id) {
		return invalidValue(parameter, *id, "%s can only include alphanumeric and punctuation characters. 1 to 128 in length.", parameter)
	}
	return nil
}

func validID(id string) bool {
	return id != "" && len(id) <= 128 && strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

func (e *sendEntry) size() int { return len(e.MessageBody) + sizeOf(e.MessageAttributes) }

var errContents = refused("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")

// surrogate matches an escape of JSON, with what is escaped twice taken out of the way.
var surrogate = regexp.MustCompile(`\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// halfCharacter reports whether a request has the escape of half a character, which decoding would replace in silence.
func halfCharacter(body []byte) bool {
	if !bytes.Contains(body, []byte(`\u`)) {
		return false
	}
	for _, found := range surrogate.FindAll(body, -1) {
		if len(found) == len(`\ud800`) {
			return true
		}
	}
	return false
}

func carried(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	}) < 0
}

// sequenceText writes a sequence number with the twenty digits that SQS gives it.
func sequenceText(n int64) string { return fmt.Sprintf("1%019d", n) }

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}
