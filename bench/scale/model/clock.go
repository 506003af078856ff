// Package model is a queue with its consumers as events in simulated time: what a fleet of consumers calls,
// locks and waits for. It knows the rules of package sqs (pollers, slots, batches of deletes), and times and
// limits of SQS and Redis. One seed gives one course of events.
package model

// clock runs events in the order of their times, those of one time in the order they were set.
type clock struct {
	now    float64 // seconds
	events []event
	count  uint64
}

type event struct {
	at float64
	n  uint64
	do func()
}

// after has do run when d seconds have passed.
func (c *clock) after(d float64, do func()) {
	c.count++
	c.events = append(c.events, event{c.now + d, c.count, do})
	c.up(len(c.events) - 1)
}

// run runs what is due until the end, or until nothing is left.
func (c *clock) run(end float64) {
	for len(c.events) > 0 && c.events[0].at <= end {
		e := c.pop()
		c.now = e.at
		e.do()
	}
	c.now = max(c.now, end)
}

// The heap is written out: container/heap allocates for each event, of which there are a hundred million.

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.n < other.n
}

func (c *clock) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !c.events[i].before(c.events[parent]) {
			return
		}
		c.events[i], c.events[parent] = c.events[parent], c.events[i]
		i = parent
	}
}

func (c *clock) pop() event {
	first, last := c.events[0], len(c.events)-1
	c.events[0] = c.events[last]
	c.events[last] = event{}
	c.events = c.events[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && c.events[child+1].before(c.events[child]) {
			child++
		}
		if !c.events[child].before(c.events[i]) {
			return first
		}
		c.events[i], c.events[child] = c.events[child], c.events[i]
		i = child
	}
}
