package localaws

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// keptQueue is a queue in the store.
type keptQueue struct {
	Attributes, Tags  map[string]string
	Created, Modified time.Time
}

// keptMessage is a message in the store.
type keptMessage struct {
	Body                            string
	Attributes                      map[string]attributeValue `json:",omitempty"`
	Trace, Group, Dedup             string                    `json:",omitempty"`
	Sender, Source                  string                    `json:",omitempty"`
	Sequence                        int64
	Sent                            time.Time
	FirstReceived, Taken, Visible   time.Time `json:",omitzero"`
	Receives, ReceivesHere, Handles int       `json:",omitempty"`
	InFlight                        bool      `json:",omitempty"`
}

// keptTopic is a topic in the store, with its subscriptions.
type keptTopic struct {
	Attributes, Tags map[string]string
	Subscriptions    []keptSubscription
	Ended            int
}

type keptSubscription struct {
	ARN, Protocol, Endpoint, Owner, Token string
	Confirmed                             bool
	Attributes                            map[string]string
}

func (q *queue) keep() keptQueue { return keptQueue{q.attributes, q.tags, q.created, q.modified} }

func (m *message) keep() keptMessage {
	k := keptMessage{
		Body: m.body, Attributes: m.attributes, Trace: m.trace, Group: m.group, Dedup: m.dedup, Sender: m.sender, Source: m.source,
		Sequence: m.sequence, Sent: m.sentAt, FirstReceived: m.firstReceived, Taken: m.takenAt,
		Receives: m.receives, ReceivesHere: m.receivesHere, Handles: m.handles, InFlight: m.inFlight,
	}
	if m.index >= 0 {
		k.Visible = m.visibleAt
	}
	return k
}

func (t *topic) keep() keptTopic {
	k := keptTopic{Attributes: t.attributes, Tags: t.tags, Ended: t.ended}
	for _, s := range t.subscriptions {
		k.Subscriptions = append(k.Subscriptions, keptSubscription{s.arn, s.protocol, s.endpoint, s.owner, s.token, s.confirmed, s.attributes})
	}
	return k
}

// loader puts what was kept into a server.
type loader struct {
	server    *Server
	now       time.Time
	messages  map[string][]*message // by the ARN of their queue
	sightings map[string]map[sightingKey]sighting
}

func (l *loader) load(key string, value []byte) error {
	kind, rest, _ := strings.Cut(key, "/")
	var err error
	switch kind {
	case "queue":
		err = l.queue(rest, value)
	case "topic":
		err = l.topic(rest, value)
	case "message":
		err = l.message(rest, value)
	case "deduplication":
		err = l.sighting(rest, value)
	default:
		err = fmt.Errorf("it is not of this version")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	return nil
}

func (l *loader) queue(arn string, value []byte) error {
	var k keptQueue
	if err := json.Unmarshal(value, &k); err != nil {
		return err
	}
	q := newQueue(l.server, arn)
	q.attributes, q.tags, q.created, q.modified = k.Attributes, k.Tags, k.Created, k.Modified
	q.scope.value = q.attributes["DeduplicationScope"]
	q.scope.next = q.scope.value
	l.server.queues[arn] = q
	return nil
}

func (l *loader) topic(arn string, value []byte) error {
	var k keptTopic
	if err := json.Unmarshal(value, &k); err != nil {
		return err
	}
	t := newTopic(l.server, arn)
	t.attributes, t.tags, t.ended, t.sequence = k.Attributes, k.Tags, k.Ended, l.now.UnixNano()
	for _, of := range k.Subscriptions {
		s := &subscription{topic: t, arn: of.ARN, protocol: of.Protocol, endpoint: of.Endpoint, owner: of.Owner, token: of.Token,
			confirmed: of.Confirmed, attributes: of.Attributes}
		var err error
		if s.filter, err = compileFilter(s.attributes, ""); err != nil {
			return err
		}
		t.subscriptions = append(t.subscriptions, s)
	}
	l.server.topics[arn] = t
	return nil
}

func (l *loader) message(key string, value []byte) error {
	queue, id, _ := strings.Cut(key, "/")
	var k keptMessage
	if err := json.Unmarshal(value, &k); err != nil {
		return err
	}
	m := &message{
		id: id, body: k.Body, md5: md5Hex(k.Body), md5Attrs: md5OfAttributes(k.Attributes), attributes: k.Attributes, trace: k.Trace,
		group: k.Group, dedup: k.Dedup, sender: k.Sender, source: k.Source, sequence: k.Sequence, sentAt: k.Sent,
		firstReceived: k.FirstReceived, takenAt: k.Taken, receives: k.Receives, receivesHere: k.ReceivesHere, handles: k.Handles,
		inFlight: k.InFlight, visibleAt: k.Visible, index: -1,
	}
	if l.messages == nil {
		l.messages = make(map[string][]*message)
	}
	l.messages[queue] = append(l.messages[queue], m)
	return nil
}

func (l *loader) sighting(key string, value []byte) error {
	queue, of, _ := strings.Cut(key, "/")
	var k sightingKey
	if err := json.Unmarshal([]byte(of), &k); err != nil {
		return err
	}
	var s sighting
	if err := json.Unmarshal(value, &s); err != nil {
		return err
	}
	if l.sightings == nil {
		l.sightings = make(map[string]map[sightingKey]sighting)
	}
	if l.sightings[queue] == nil {
		l.sightings[queue] = make(map[sightingKey]sighting)
	}
	l.sightings[queue][k] = s
	return nil
}

// settle puts the messages where they belong, once all is loaded.
func (l *loader) settle() error {
	l.server.sequence.Store(l.now.UnixNano()) // higher than any before
	for arn, messages := range l.messages {
		q := l.server.queues[arn]
		if q == nil {
			return fmt.Errorf("the queue %s of %d messages was not kept", arn, len(messages))
		}
		slices.SortFunc(messages, bySequence)
		for _, m := range messages {
			q.restore(m, l.now)
		}
	}
	for arn, sightings := range l.sightings {
		q := l.server.queues[arn]
		if q == nil {
			return fmt.Errorf("the queue %s of a deduplication id was not kept", arn)
		}
		q.restoreSightings(sightings)
	}
	for _, q := range l.server.queues {
		q.dirty = make(map[string]bool)
	}
	return nil
}

// restore puts a message where it was: in flight or delayed until its time, or visible.
func (q *queue) restore(m *message, now time.Time) {
	q.byID[m.id] = m
	if !m.visibleAt.After(now) {
		m.inFlight = false
		q.makeReady(m, now)
		return
	}
	inFlight := m.inFlight
	if q.fifo && inFlight {
		q.groups.fly(m)
	}
	q.hold(m, m.visibleAt, inFlight)
}

func (q *queue) restoreSightings(sightings map[sightingKey]sighting) {
	keys := make([]sightingKey, 0, len(sightings))
	for key := range sightings {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b sightingKey) int {
		return cmp.Compare(sightings[a].Until.UnixNano(), sightings[b].Until.UnixNano())
	})
	for _, key := range keys {
		q.remember(key, sightings[key])
	}
}
