package consumer

import "sync"

// inflight finds the deliveries of this process by message id, so that a message which is received
// again while it is in flight joins the delivery that has it.
type inflight struct {
	mu   sync.Mutex
	byID map[string]*delivery
}

func newInflight() *inflight {
	return &inflight{byID: make(map[string]*delivery)}
}

// add enters d. Where its message is in flight already, the delivery that has it takes over d's
// receipt handle and is returned.
func (t *inflight) add(d *delivery) *delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	first, ok := t.byID[d.message.ID]
	if !ok {
		t.byID[d.message.ID] = d
		return nil
	}
	first.takeOver(d)
	return first
}

// removeIf removes d unless a newer receipt handle than handle came in meanwhile.
func (t *inflight) removeIf(d *delivery, handle string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d.receiptHandle() != handle {
		return false
	}
	t.drop(d)
	return true
}

// remove removes d. Removing it again does nothing.
func (t *inflight) remove(d *delivery) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(d)
}

func (t *inflight) drop(d *delivery) {
	if t.byID[d.message.ID] == d {
		delete(t.byID, d.message.ID)
	}
}

// overdue is how many of the handlers run on although their contexts have ended.
func (t *inflight) overdue() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range t.byID {
		if d.overdue() {
			n++
		}
	}
	return n
}

// len is how many messages are in flight.
func (t *inflight) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.byID)
}
