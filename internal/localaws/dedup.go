package localaws

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// deduplicationInterval is how long a FIFO queue remembers a deduplication id.
const deduplicationInterval = 5 * time.Minute

// sightingKey is a deduplication id, with its group where each group has ids of its own.
type sightingKey struct{ Dedup, Group string }

// sighting is the message that a deduplication id was used for.
type sighting struct {
	ID       string
	Sequence int64
	Until    time.Time
}

func (q *queue) deduplicationID(e *sendEntry) string {
	if !q.fifo || e.MessageDeduplicationId != nil {
		return text(e.MessageDeduplicationId)
	}
	sum := sha256.Sum256([]byte(e.MessageBody))
	return hex.EncodeToString(sum[:])
}

// sighted finds the message that a deduplication id was used for in the last five minutes.
func (q *queue) sighted(dedup, group string, now time.Time) (sighting, bool) {
	if !q.fifo {
		return sighting{}, false
	}
	q.forgetSightings(now)
	s, ok := q.seen[q.sightingKey(dedup, group, now)]
	return s, ok
}

// forgetSightings forgets the deduplication ids whose five minutes are over.
func (q *queue) forgetSightings(now time.Time) {
	for len(q.sightings) > 0 {
		key := q.sightings[0]
		if s, ok := q.seen[key]; ok && now.Before(s.Until) {
			return
		}
		delete(q.seen, key)
		q.touchSighting(key)
		q.sightings = q.sightings[1:]
	}
}

// see remembers a message's deduplication id.
func (q *queue) see(m *message, now time.Time) {
	key := q.sightingKey(m.dedup, m.group, now)
	q.remember(key, sighting{m.id, m.sequence, now.Add(deduplicationInterval)})
	q.touchSighting(key)
}

func (q *queue) remember(key sightingKey, s sighting) {
	if _, again := q.seen[key]; !again { // a moved message may have one that is remembered
		q.sightings = append(q.sightings, key)
	}
	q.seen[key] = s
}

func (q *queue) sightingKey(dedup, group string, now time.Time) sightingKey {
	if q.scope.at(now) == "messageGroup" {
		return sightingKey{dedup, group}
	}
	return sightingKey{Dedup: dedup}
}

// attributeDelay is how long SQS takes until a change of an attribute has its effect everywhere.
const attributeDelay = time.Minute

// delayedValue is a value that changes after a delay.
type delayedValue struct {
	value, next string
	from        time.Time // of next, zero where there is none
}

func (d *delayedValue) at(now time.Time) string {
	if !d.from.IsZero() && !now.Before(d.from) {
		d.value, d.from = d.next, time.Time{}
	}
	return d.value
}

func (d *delayedValue) change(next string, from time.Time) {
	if next != "" && next != d.next {
		d.next, d.from = next, from
	}
}
