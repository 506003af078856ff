package localaws

import (
	"container/list"
	"slices"
)

// groups are the message groups of a FIFO queue. While a message of a group is in flight, no other of
// it is given out; that keeps the order.
type groups struct {
	byID map[string]*group
	free *list.List // groups with messages and none in flight, in the order in which they became so
}

type group struct {
	id       string
	line     []*message // that can be received, by sequence
	inFlight int
	place    *list.Element // in free, nil when not there
}

func newGroups() groups {
	return groups{byID: make(map[string]*group), free: list.New()}
}

// put puts a message into its group's line, at the place its sequence gives it.
func (g *groups) put(m *message) {
	gr := g.byID[m.group]
	if gr == nil {
		gr = &group{id: m.group}
		g.byID[m.group] = gr
	}
	at, _ := slices.BinarySearchFunc(gr.line, m, func(a, b *message) int { return int(a.sequence - b.sequence) })
	gr.line = slices.Insert(gr.line, at, m)
	g.update(gr)
}

// take takes up to most messages of the group that is first in line.
func (g *groups) take(most int) []*message {
	if g.free.Len() == 0 {
		return nil
	}
	gr := g.free.Front().Value.(*group)
	n := min(most, len(gr.line))
	taken := slices.Clone(gr.line[:n])
	gr.line = slices.Delete(gr.line, 0, n)
	gr.inFlight += n
	g.update(gr)
	return taken
}

// landed notes that a message of the group is in flight no more.
func (g *groups) landed(id string) {
	gr := g.byID[id]
	gr.inFlight--
	g.update(gr)
}

// remove takes a message out of its group's line.
func (g *groups) remove(m *message) {
	gr := g.byID[m.group]
	gr.line = slices.DeleteFunc(gr.line, func(other *message) bool { return other == m })
	g.update(gr)
}

func (g *groups) update(gr *group) {
	free := gr.inFlight == 0 && len(gr.line) > 0
	switch {
	case free && gr.place == nil:
		gr.place = g.free.PushBack(gr)
	case !free && gr.place != nil:
		g.free.Remove(gr.place)
		gr.place = nil
	}
	if gr.inFlight == 0 && len(gr.line) == 0 {
		delete(g.byID, gr.id)
	}
}
