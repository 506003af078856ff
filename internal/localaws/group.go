package localaws

import (
	"cmp"
	"container/list"
	"slices"
)

// groups are the message groups of a FIFO queue. A message is given out while no earlier message of its group is in
// flight; that keeps the order. A later message in flight does not hold an earlier message back.
type groups struct {
	byID map[string]*group
	free *list.List // groups with messages that can be given out, in the order in which they became so
}

type group struct {
	id       string
	line     []*message    // that are visible, by sequence
	inFlight []*message    // by sequence
	place    *list.Element // in free, nil when not there
}

func newGroups() groups {
	return groups{byID: make(map[string]*group), free: list.New()}
}

func bySequence(a, b *message) int { return cmp.Compare(a.sequence, b.sequence) }

// insert puts a message at the place that its sequence gives it.
func insert(messages []*message, m *message) []*message {
	at, _ := slices.BinarySearchFunc(messages, m, bySequence)
	return slices.Insert(messages, at, m)
}

func without(messages []*message, m *message) []*message {
	return slices.DeleteFunc(messages, func(other *message) bool { return other == m })
}

// put puts a message into its group's line.
func (g *groups) put(m *message) {
	gr := g.of(m.group)
	gr.line = insert(gr.line, m)
	g.update(gr)
}

func (g *groups) of(id string) *group {
	gr := g.byID[id]
	if gr == nil {
		gr = &group{id: id}
		g.byID[id] = gr
	}
	return gr
}

// deliverable is how many messages at the head of the line can be given out.
func (gr *group) deliverable() int {
	if len(gr.inFlight) == 0 {
		return len(gr.line)
	}
	n, _ := slices.BinarySearchFunc(gr.line, gr.inFlight[0], bySequence)
	return n
}

// take takes up to most messages of the group that is first in line.
func (g *groups) take(most int) []*message {
	if g.free.Len() == 0 {
		return nil
	}
	gr := g.free.Front().Value.(*group)
	n := min(most, gr.deliverable())
	taken := slices.Clone(gr.line[:n])
	gr.line = slices.Delete(gr.line, 0, n)
	gr.inFlight = slices.Concat(taken, gr.inFlight)
	g.update(gr)
	return taken
}

// fly notes that a message is in flight that was in no line.
func (g *groups) fly(m *message) {
	gr := g.of(m.group)
	gr.inFlight = insert(gr.inFlight, m)
	g.update(gr)
}

// landed notes that a message is no longer in flight.
func (g *groups) landed(m *message) {
	gr := g.byID[m.group]
	gr.inFlight = without(gr.inFlight, m)
	g.update(gr)
}

// remove takes a message out of its group's line.
func (g *groups) remove(m *message) {
	gr := g.byID[m.group]
	gr.line = without(gr.line, m)
	g.update(gr)
}

func (g *groups) update(gr *group) {
	free := gr.deliverable() > 0
	switch {
	case free && gr.place == nil:
		gr.place = g.free.PushBack(gr)
	case !free && gr.place != nil:
		g.free.Remove(gr.place)
		gr.place = nil
	}
	if len(gr.inFlight) == 0 && len(gr.line) == 0 {
		delete(g.byID, gr.id)
	}
}
