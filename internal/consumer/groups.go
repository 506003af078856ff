package consumer

import "sync"

// groups order the messages of a FIFO queue: the messages of one group are ready in order and one at a time, the groups
// side by side. It is told which messages came and which ended, and returns those that are ready. A group lives while
// it has messages.
type groups struct {
	mu      sync.Mutex
	waiting map[string][]*delivery // by group; present while a message of the group is ready, runs or is held back
	stopped bool
}

func newGroups() *groups { return &groups{waiting: make(map[string][]*delivery)} }

// admit takes in the messages of one receive, enters each as its record, and returns those that are ready. Both are one
// step: were the first message of a group to fail in between, the messages behind it would run before it. After a stop
// every message is returned at once.
func (g *groups) admit(received []*delivery, enter func(*delivery) bool) (ready []*delivery) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range received {
		if !enter(d) {
			continue
		}
		group := d.message.Group
		waiting, busy := g.waiting[group]
		switch {
		case g.stopped:
			ready = append(ready, d)
		case busy:
			g.waiting[group] = append(waiting, d)
		default:
			g.waiting[group] = nil
			ready = append(ready, d)
		}
	}
	return ready
}

// next returns the message of a group that is ready after the one before it was handled, nil where none waits.
func (g *groups) next(group string) *delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := g.waiting[group]
	if len(waiting) == 0 {
		delete(g.waiting, group)
		return nil
	}
	g.waiting[group] = waiting[1:]
	return waiting[0]
}

// takeWaiting returns the messages that wait behind one that is held back. The group stays busy.
func (g *groups) takeWaiting(group string) []*delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := g.waiting[group]
	g.waiting[group] = nil
	return waiting
}

// resume decides on the messages that came while a message of their group was held back. Where the first of them is
// that message itself, SQS gave it out again and the group goes on with it. Any other message was received while the
// held back message was in flight here and visible to SQS already, after a pause or a slow answer: it belongs behind
// that message, so it is early and has to be released. Ended reports that the group is not held back any longer.
func (g *groups) resume(group, heldBack string) (next *delivery, early []*delivery, ended bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	waiting := g.waiting[group]
	switch {
	case len(waiting) == 0:
		delete(g.waiting, group)
		return nil, nil, true
	case waiting[0].message.ID == heldBack:
		g.waiting[group] = waiting[1:]
		return waiting[0], nil, true
	}
	g.waiting[group] = nil
	return nil, waiting, false
}

// stop returns every message that waits. Messages that come later wait for none.
func (g *groups) stop() (waiting []*delivery) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	for group, ds := range g.waiting {
		waiting = append(waiting, ds...)
		g.waiting[group] = nil
	}
	return waiting
}
