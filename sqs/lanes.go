package sqs

import "sync"

// lanes run the messages of a FIFO queue: those of one group in order and one at a time, the groups
// side by side. A lane lives while it has messages.
type lanes struct {
	run *run

	mu      sync.Mutex
	waiting map[string][]*delivery // by group; present while the group's lane runs
}

// push hands the messages of one receive over. Those of a group get into its lane together: if the
// first fails before the next is there, the next would run.
func (l *lanes) push(received []*delivery) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range received {
		group := d.message.GroupID()
		waiting, running := l.waiting[group]
		l.waiting[group] = append(waiting, d)
		if !running {
			l.run.deliveries.Go(func() { l.follow(group) })
		}
	}
}

// follow runs the group's messages until none waits.
func (l *lanes) follow(group string) {
	for d := l.pop(group); d != nil; d = l.pop(group) {
		res := l.handle(d)
		switch res.outcome {
		case handled, discarded, duplicate:
			l.run.deliveries.Go(func() { l.run.settleNow(d, res) })
		default:
			l.holdBack(group, d, res)
		}
	}
}

// handle runs d in a goroutine of its own: a handler that ends its goroutine must not end the lane.
func (l *lanes) handle(d *delivery) result {
	results := make(chan result, 1)
	l.run.deliveries.Go(func() {
		l.run.handle(d, func(_ *delivery, res result) { results <- res })
	})
	return <-results
}

// holdBack gives the rest of the group back before d is settled: while d is in flight SQS gives out
// no other message of its group, so that the order is kept.
func (l *lanes) holdBack(group string, d *delivery, res result) {
	rest := l.popAll(group)
	var released sync.WaitGroup
	for _, next := range rest {
		released.Go(func() { l.run.putBack(next) })
	}
	released.Wait()
	l.run.settleNow(d, res)
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
