package model

import "math"

// Settings are those of a consumer that matter here, as in package sqs.
type Settings struct {
	Concurrency int
	Pollers     int     // at most; twice as many helpers less two come to it while a backlog lasts
	Handler     float64 // mean seconds of a handler, exponentially distributed
	API         float64 // seconds of a call of SQS
	Redis       float64 // seconds of a round trip to the lock nodes
	RedisRate   float64 // commands a second that a lock node manages
}

// What package sqs has for its constants.
const (
	batchSize = 10
	linger    = 0.1  // of deletes, in seconds
	moment    = 0.05 // that a poller waits for more room than little
	mostAhead = 2.0
	partial   = 2 // batches that are not full may be under way
)

// consumer is a process.
type consumer struct {
	world *World
	Settings

	running, helping         int // pollers and helpers
	expected, held           int
	through, receive         float64 // moving averages of handling and of full receives
	fewSince                 float64 // when there began to be some room, but not enough; -1 for never
	waiting                  []*poller
	ready                    []*message
	handling                 int
	deletes                  int                 // that wait for a batch
	deleting                 int                 // batches that are not full and under way
	open                     map[*poller]float64 // when its long polls end at the latest
	lingering, due, stopping bool
}

type poller struct {
	helper bool
}

func (c *consumer) start() {
	c.fewSince, c.open = -1, make(map[*poller]float64)
	c.grow()
}

// stop has it receive nothing more: what it has is handled, what still comes is released.
func (c *consumer) stop() { c.stopping = true }

func (c *consumer) grow() {
	switch helpers := 2 * (c.Pollers - 1); {
	case c.stopping:
	case c.running < c.Pollers:
		c.running++
		c.poll(&poller{})
	case c.helping < helpers:
		c.helping++
		c.poll(&poller{helper: true})
	}
}

func (c *consumer) worth() int { return min(batchSize, max(c.Concurrency/10, 1)) }

func (c *consumer) room() int {
	ahead := 0
	if c.through > 0 && c.receive > 0 {
		ahead = int(float64(c.Concurrency) * min(mostAhead, c.receive/c.through))
		ahead -= ahead % c.worth()
	}
	return max(c.Concurrency+ahead-c.held-c.expected, 0)
}

// poll receives, or waits until there is room that is worth a call.
func (c *consumer) poll(p *poller) {
	if c.stopping {
		return
	}
	w := c.world
	room := c.take()
	if room == 0 {
		c.waiting = append(c.waiting, p)
		return
	}
	c.expected += room
	began := w.clock.now
	w.counts.Receives++
	c.open[p] = began + c.API + waitTime
	w.clock.after(c.API/2, func() {
		w.queue.receive(room, func(got []*message) {
			w.clock.after(c.API/2, func() { c.received(p, room, got, began) })
		})
	})
}

func (c *consumer) received(p *poller, asked int, got []*message, began float64) {
	w := c.world
	delete(c.open, p)
	c.expected -= asked
	if c.stopping {
		c.giveBack(got)
		return
	}
	c.held += len(got)
	if len(got) == asked {
		average(&c.receive, w.clock.now-began)
	}
	c.ready = append(c.ready, got...)
	c.work()
	switch {
	case p.helper && len(got) < asked:
		c.helping--
	case !p.helper && len(got) == 0 && c.running > 1:
		c.running--
	default:
		if len(got) == asked && c.room() >= c.worth() {
			c.grow()
		}
		c.poll(p)
	}
	c.wake()
}

// take says for how many to ask: none where there is little room and has been for less than a moment.
func (c *consumer) take() int {
	now, room := c.world.clock.now, min(batchSize, c.room())
	switch {
	case room == 0:
		c.fewSince = -1
		return 0
	case room >= c.worth():
	case c.fewSince < 0:
		c.fewSince = now
		c.world.clock.after(moment, c.wake)
		return 0
	case now-c.fewSince < moment:
		return 0
	}
	c.fewSince = -1
	return room
}

// giveBack shows what came after a stop, once no long poll of its own could take it again.
func (c *consumer) giveBack(got []*message) {
	if len(got) == 0 {
		return
	}
	w := c.world
	quiet := w.clock.now
	for _, end := range c.open {
		quiet = max(quiet, end)
	}
	w.counts.Deletes++ // a batch of visibility changes
	w.clock.after(quiet-w.clock.now+c.API, func() {
		w.queue.inFlight -= len(got)
		for _, m := range got {
			w.queue.put(m)
		}
	})
}

// wake has pollers that wait look again, as long as there is room for them.
func (c *consumer) wake() {
	for len(c.waiting) > 0 {
		before := len(c.waiting)
		p := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.poll(p)
		if len(c.waiting) == before || c.stopping {
			return
		}
	}
}

// work has ready messages locked and handled, as many as may run.
func (c *consumer) work() {
	for c.handling < c.Concurrency && len(c.ready) > 0 {
		m := c.ready[0]
		c.ready = c.ready[1:]
		c.handling++
		c.lock(m)
	}
}

func (c *consumer) lock(m *message) {
	w := c.world
	began := w.clock.now
	w.clock.after(c.Redis+w.redis(1), func() { // SET NX, on each node
		if m.done || m.locked {
			w.counts.Contended++
			w.redis(2) // looks who has it, and leaves
			c.ended(m, m.done)
			return
		}
		m.locked = true
		w.started(m)
		w.clock.after(w.random.ExpFloat64()*c.Handler, func() {
			m.locked, m.done = false, true
			w.redis(1) // the mark, which nobody waits for
			w.counts.Handled++
			average(&c.through, w.clock.now-began)
			c.ended(m, true)
		})
	})
}

// ended frees the slot. What was handled is deleted.
func (c *consumer) ended(m *message, deleted bool) {
	c.handling--
	c.held--
	if deleted {
		c.deletes++
		c.flush()
	} else {
		c.world.queue.inFlight-- // left to whoever has it
	}
	c.work()
	c.wake()
}

// flush sends full batches at once, and the rest when it has lingered.
func (c *consumer) flush() {
	for c.deletes >= batchSize {
		c.send(batchSize, func() {})
	}
	switch {
	case c.deletes == 0 || c.lingering:
	case c.due:
		if c.deleting >= partial {
			return
		}
		c.deleting++
		c.due = false
		c.send(c.deletes, func() { c.deleting--; c.flush() })
	default:
		c.lingering = true
		c.world.clock.after(linger, func() {
			c.lingering, c.due = false, c.deletes > 0
			c.flush()
		})
	}
}

func (c *consumer) send(n int, then func()) {
	w := c.world
	c.deletes -= n
	w.counts.Deletes++
	w.clock.after(c.API, func() {
		w.queue.inFlight -= n
		w.deleted += n
		then()
	})
}

func average(a *float64, value float64) {
	value = math.Max(value, 1e-6)
	if *a == 0 {
		*a = value
		return
	}
	*a += (value - *a) / 8
}
