package sim

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/redlock"
)

// left is a message in the queue.
type left = localaws.MessageState

// left are the messages that are still in the queue.
func (w *world) left() []left { return w.server.Inspect(w.queue()).Messages }

// judge looks at what is left when the calm has passed.
func (w *world) judge() {
	l := w.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	state := w.server.Inspect(w.queue())
	for _, m := range state.Messages {
		l.fail(l.life(m.ID), "it is still in the queue after %s of calm, received %d times, in flight %v", w.calm, m.Receives, m.InFlight)
	}
	for _, m := range l.bodies {
		if m.succeeded == nil {
			l.fail(m, "it is lost: no handler has succeeded, and it was deleted %d times", state.Deleted[m.id])
		}
	}
	for body := range l.again {
		if !l.succeededAs(body) {
			l.wrong = append(l.wrong, fmt.Sprintf("a message that a handler sent as %s is lost: no handler has succeeded", body))
		}
	}
	for id := range state.Deleted {
		if m := l.life(id); m.succeeded == nil {
			l.fail(m, "it was deleted and no handler has succeeded")
		}
	}
}

func (l *ledger) succeededAs(body string) bool {
	for _, m := range l.lives {
		if m.body == body && m.succeeded != nil {
			return true
		}
	}
	return false
}

// judgeProcesses looks at whether those that live still receive, and say that they are well.
func (w *world) judgeProcesses(ctx context.Context) {
	asked := make(map[*goConsumer]int64)
	for _, c := range w.processes() {
		if g, ok := c.(*goConsumer); ok && !g.at.dead() {
			asked[g] = g.client.Stats().ReceiveCalls
		}
	}
	time.Sleep(time.Minute)
	for c, before := range asked {
		if c.client.Stats().ReceiveCalls == before {
			w.ledger.failProcess("%s receives no more after %s of calm", c.at.name, w.calm)
		}
		if err := c.client.Healthy(ctx); err != nil {
			w.ledger.failProcess("%s is not healthy after %s of calm: %v", c.at.name, w.calm, err)
		}
	}
}

// judgeLocks looks for locks that nobody needs any more.
func (w *world) judgeLocks() {
	l := w.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(w.server.Inspect(w.queue()).Messages) > 0 {
		return
	}
	for i, node := range w.nodes {
		others := 0
		for key, value := range node.Keys() {
			switch m := l.lives[strings.TrimPrefix(key, "sqs:event:")]; {
			case m == nil: // such as those that the nodes are asked with, which end by themselves
				others++
			case value != redlock.DoneMark:
				l.fail(m, "it is still locked on node %d, and the queue is empty", i)
			}
		}
		if most := 2 * w.made; others > most {
			l.wrong = append(l.wrong, fmt.Sprintf("node %d has %d keys that lock no message, more than %d", i, others, most))
		}
	}
}
