package localaws

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Store keeps what a server has for its next start. A key is what a thing is, a value the thing in JSON.
type Store interface {
	// Each calls f with everything that is kept.
	Each(f func(key string, value []byte) error) error
	// Write makes changes, all of them or none.
	Write(changes ...Change) error
}

// Change is a new value of a key, or none.
type Change struct {
	Key   string
	Value []byte // nil removes the key
}

func queueKey(arn string) string { return "queue/" + arn }
func topicKey(arn string) string { return "topic/" + arn }

// messageKey and sightingStoreKey begin with the queue, whose ARN has no slash.
func messageKey(queue, id string) string { return "message/" + queue + "/" + id }

func sightingStoreKey(queue string, key sightingKey) string {
	return "deduplication/" + queue + "/" + string(encode(key))
}

// Keep loads what a store has, and keeps every change in it from then on. It is called before the server is used.
func (s *Server) Keep(store Store) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &loader{server: s, now: time.Now()}
	if err := store.Each(l.load); err != nil {
		return fmt.Errorf("localaws: loading what was kept: %w", err)
	}
	s.store = store
	if err := l.settle(); err != nil {
		return fmt.Errorf("localaws: loading what was kept: %w", err)
	}
	return nil
}

// write makes changes in the store. A store that fails once is not written again: the server refuses calls from then on,
// rather than keep a part.
func (s *Server) write(changes ...Change) {
	if s.store == nil || len(changes) == 0 {
		return
	}
	if err := s.store.Write(changes...); err != nil {
		s.storing.Lock()
		defer s.storing.Unlock()
		s.broken = fmt.Errorf("what is to be kept cannot be written: %w: end the server and free space, or start it without a directory for its data", err)
	}
}

// whole is the error that calls get once the store failed.
func (s *Server) whole() error {
	s.storing.Lock()
	defer s.storing.Unlock()
	return s.broken
}

func (q *queue) lock() { q.mu.Lock() }

// unlock writes what has changed, lets others have the queue, and sends on what has become a dead letter.
func (q *queue) unlock() {
	if len(q.dirty) > 0 {
		q.flush()
	}
	leaving := q.leaving
	q.leaving = nil
	q.mu.Unlock()
	for _, l := range leaving {
		l.target.arrive(l.message)
	}
}

// touch notes that a message has changed, come or gone.
func (q *queue) touch(m *message) {
	if q.dirty != nil {
		q.dirty[messageKey(q.arn, m.id)] = true
	}
}

func (q *queue) touchSighting(key sightingKey) {
	if q.dirty != nil {
		q.dirty[sightingStoreKey(q.arn, key)] = true
	}
}

func (q *queue) touchQueue() {
	if q.dirty != nil {
		q.dirty[queueKey(q.arn)] = true
	}
}

func (q *queue) flush() {
	changes := make([]Change, 0, len(q.dirty))
	for key := range q.dirty {
		changes = append(changes, Change{key, q.kept(key)})
	}
	clear(q.dirty)
	for _, l := range q.leaving { // gone here and there at once
		changes = append(changes, Change{messageKey(l.target.arn, l.id), encode(l.keep())})
	}
	q.server.write(changes...)
}

// kept is the value of a key at present.
func (q *queue) kept(key string) []byte {
	kind, _, _ := strings.Cut(key, "/")
	rest := strings.TrimPrefix(key, kind+"/"+q.arn+"/")
	switch kind {
	case "message":
		if m := q.byID[rest]; m != nil {
			return encode(m.keep())
		}
	case "deduplication":
		var of sightingKey
		_ = json.Unmarshal([]byte(rest), &of) // it was encoded here
		if s, ok := q.seen[of]; ok {
			return encode(s)
		}
	case "queue":
		if !q.deleted {
			return encode(q.keep())
		}
	}
	return nil
}

// keep keeps a new queue, where the server keeps anything. The caller holds the server's mu.
func (s *Server) keep(q *queue) {
	if s.store == nil {
		return
	}
	q.dirty = make(map[string]bool)
	s.write(Change{queueKey(q.arn), encode(q.keep())})
}

// save keeps the topic as it is. The caller holds its mu, or nobody else has it.
func (t *topic) save() {
	if t.server.store != nil {
		t.server.write(Change{topicKey(t.arn), encode(t.keep())})
	}
}
