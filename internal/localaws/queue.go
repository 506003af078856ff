package localaws

import (
	"container/heap"
	"container/list"
	"sync"
	"time"
)

// queue is one queue. A message is in exactly one place: ready (or its group's line, in a FIFO
// queue), or timed while it is delayed or in flight.
type queue struct {
	name, arn       string
	region, account string
	server          *Server
	fifo            bool

	mu         sync.Mutex
	attributes map[string]string
	tags       map[string]string
	created    time.Time
	modified   time.Time
	byID       map[string]*message
	ready      *list.List // of a standard queue, the oldest first
	groups     groups     // of a FIFO queue
	timed      timedHeap
	inFlight   int
	delayed    int
	changed    chan struct{} // closed when something becomes ready; nil while nobody waits
	abandoned  []abandonedPoll
	scope      delayedValue             // of deduplication ids
	seen       map[sightingKey]sighting // deduplication ids of the last five minutes
	sightings  []sightingKey            // those, the oldest first
	deletes    map[string]int           // how often a message was deleted, by id
	purged     time.Time
	deleted    bool
	dirty      map[string]bool // keys in the store that are not as they are here; nil without a store
	leaving    []letter        // for their dead-letter queues, once the queue's lock is free
}

// message is one message of a queue.
type message struct {
	id, body      string
	md5, md5Attrs string
	attributes    map[string]attributeValue
	trace         string // the AWSTraceHeader
	group         string
	dedup         string
	sender        string
	source        string // the ARN of the queue it was moved here from, as a dead letter
	sequence      int64
	sentAt        time.Time
	firstReceived time.Time
	takenAt       time.Time // of the newest receive
	receives      int       // in every queue that it was in
	receivesHere  int       // in this queue, which is what maxReceiveCount is about
	handles       int       // receipt handles given out; the newest has this number
	inFlight      bool
	visibleAt     time.Time // while timed
	index         int       // in timed, -1 when not there
	place         *list.Element
}

func newQueue(s *Server, arn string) *queue {
	now := time.Now()
	region, account, name, _ := splitARN("sqs", arn)
	return &queue{
		name: name, arn: arn, region: region, account: account, server: s,
		fifo:    isFIFO(name),
		created: now, modified: now,
		byID: make(map[string]*message), ready: list.New(), groups: newGroups(),
		seen: make(map[sightingKey]sighting), deletes: make(map[string]int),
	}
}

// settle moves what is due to where it can be received. Every operation begins with it. The caller
// holds mu, here and below.
func (q *queue) settle(now time.Time) {
	for len(q.timed) > 0 && !q.timed[0].visibleAt.After(now) {
		m := heap.Pop(&q.timed).(*message)
		at := m.visibleAt
		if m.inFlight {
			q.land(m)
		} else {
			q.delayed--
		}
		q.makeReady(m, at)
	}
}

// makeReady puts a message where it can be received, as of the time at.
func (q *queue) makeReady(m *message, at time.Time) {
	if q.fifo {
		q.groups.put(m)
	} else {
		m.place = q.ready.PushBack(m)
	}
	q.feedAbandoned(at)
	q.notify()
}

// notify wakes the long polls.
func (q *queue) notify() {
	if q.changed != nil {
		close(q.changed)
		q.changed = nil
	}
}

// hold takes a message that can be received out of reach until a time: delayed or in flight.
func (q *queue) hold(m *message, until time.Time, inFlight bool) {
	m.visibleAt, m.inFlight = until, inFlight
	if inFlight {
		q.inFlight++
	} else {
		q.delayed++
	}
	heap.Push(&q.timed, m)
	q.touch(m)
}

// land ends the flight of a message.
func (q *queue) land(m *message) {
	m.inFlight = false
	q.inFlight--
	if q.fifo {
		q.groups.landed(m)
	}
}

// remove takes a message out of the queue, wherever it is.
func (q *queue) remove(m *message) {
	if m.index >= 0 {
		heap.Remove(&q.timed, m.index)
		if m.inFlight {
			q.land(m)
		} else {
			q.delayed--
		}
	} else {
		q.withdraw(m)
	}
	q.forget(m)
	if q.fifo {
		q.notify() // the rest of its group may be ready now
	}
}

// withdraw takes a message out of those that are visible.
func (q *queue) withdraw(m *message) {
	if q.fifo {
		q.groups.remove(m)
		return
	}
	q.ready.Remove(m.place)
	m.place = nil
}

// forget ends what the queue knows of a message that is nowhere in it any more.
func (q *queue) forget(m *message) {
	delete(q.byID, m.id)
	q.touch(m)
}

// next is when the next timed message is due, the zero time for never.
func (q *queue) next() time.Time {
	if len(q.timed) == 0 {
		return time.Time{}
	}
	return q.timed[0].visibleAt
}

// change returns what is closed when something becomes ready.
func (q *queue) change() <-chan struct{} {
	if q.changed == nil {
		q.changed = make(chan struct{})
	}
	return q.changed
}

// timedHeap orders messages by when they can be received.
type timedHeap []*message

func (h timedHeap) Len() int           { return len(h) }
func (h timedHeap) Less(i, j int) bool { return h[i].visibleAt.Before(h[j].visibleAt) }
func (h timedHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}
func (h *timedHeap) Push(m any) {
	m.(*message).index = len(*h)
	*h = append(*h, m.(*message))
}
func (h *timedHeap) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	m.index = -1
	return m
}
