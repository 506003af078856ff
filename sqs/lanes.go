package sqs

import "sync"

// lanes order the messages of a FIFO queue: those of one group are ready in order and one at a time, the
// groups side by side. A lane lives while it has messages.
type lanes struct {
	run *run

	mu      sync.Mutex
	waiting map[string][]*delivery // by group; present while a message of the group is ready or runs
}

// admit enters the messages of one receive and returns those that are ready. It does so in one step: were
// the first of a group to fail before those behind it are in its lane, or after it was found to be in flight
// already and before they are, they would run before it.
func (l *lanes) admit(received []*delivery) (ready []*delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.push(l.run.entered(received))
}

// push has messages wait in their lanes, and returns those that need not. The caller holds mu.
func (l *lanes) push(entered []*delivery) (ready []*delivery) {
	for _, d := range entered {
		group := d.message.GroupID()
		if waiting, busy := l.waiting[group]; busy {
			l.waiting[group] = append(waiting, d)
			continue
		}
		l.waiting[group] = nil
		ready = append(ready, d)
	}
	return ready
}

// handled goes on with d's group, after a failure once the rest of it was given back.
func (l *lanes) handled(d *delivery, res result) {
	switch res.outcome {
	case handled, discarded, duplicate:
		l.run.settleSoon(d, res)
		l.next(d.message.GroupID())
	default:
		go l.holdBack(d, res) // the run has its messages counted
	}
}

// next makes the next message of a group ready.
func (l *lanes) next(group string) {
	if d := l.pop(group); d != nil {
		l.run.workers.push(d)
	}
}

// holdBack gives the rest of the group back before d is settled: while d is in flight SQS gives out
// no other message of its group, so that the order is kept.
func (l *lanes) holdBack(d *delivery, res result) {
	group := d.message.GroupID()
	l.putBack(l.popAll(group))
	l.run.settleNow(d, res)
	for {
		next, early, ended := l.resume(group, d.message.MessageID)
		l.putBack(early)
		if next != nil {
			l.run.workers.push(next)
		}
		if ended {
			return
		}
	}
}

func (l *lanes) putBack(deliveries []*delivery) {
	var released sync.WaitGroup
	for _, d := range deliveries {
		released.Go(func() { l.run.putBack(d) })
	}
	released.Wait()
}

// resume decides on what got into the lane of a message that was held back. Where the message itself is the
// first, it was given out again, and the lane goes on. Anything else was received while the message was in
// flight here and visible to SQS already, after a pause or a slow answer: it comes after that message and has
// to be given back, or it would run before it.
func (l *lanes) resume(group, heldBack string) (next *delivery, early []*delivery, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.waiting[group]
	switch {
	case len(waiting) == 0:
		delete(l.waiting, group)
		return nil, nil, true
	case waiting[0].message.MessageID == heldBack:
		l.waiting[group] = waiting[1:]
		return waiting[0], nil, true
	}
	l.waiting[group] = nil
	return nil, waiting, false
}

func (l *lanes) pop(group string) *delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.waiting[group]
	if len(waiting) == 0 {
		delete(l.waiting, group)
		return nil
	}
	l.waiting[group] = waiting[1:]
	return waiting[0]
}

func (l *lanes) popAll(group string) []*delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting := l.waiting[group]
	l.waiting[group] = nil
	return waiting
}
