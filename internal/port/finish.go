package port

import (
	"slices"
	"strings"
)

// finish sorts what was found, and looks for events that two handlers have.
func (r *reader) finish() {
	byPlace := func(a, b Place) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	}
	f := r.found
	for _, c := range f.Clients {
		c.Receiving = r.receiving[c.At]
	}
	slices.SortStableFunc(f.Handlers, func(a, b *Handler) int { return byPlace(a.At, b.At) })
	slices.SortStableFunc(f.Routes, func(a, b *Route) int { return byPlace(a.At, b.At) })
	slices.SortStableFunc(f.Messages, func(a, b *Message) int { return byPlace(a.At, b.At) })
	slices.SortStableFunc(f.Clients, func(a, b *Client) int { return byPlace(a.At, b.At) })
	slices.SortStableFunc(f.Settings, func(a, b *Setting) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return byPlace(a.At, b.At)
	})
	first := map[string]*Bind{}
	for _, h := range f.Handlers {
		for _, b := range h.Binds {
			key := b.key()
			if b.Unresolved != "" {
				continue
			}
			if known := first[key]; known != nil {
				b.First = known
				continue
			}
			first[key] = b
		}
	}
	r.notImported()
	slices.SortStableFunc(f.Left, func(a, b Left) int { return byPlace(a.At, b.At) })
}

// notImported names modules with handlers that Python does not load by what was read.
func (r *reader) notImported() {
	for _, h := range r.found.Handlers {
		m := h.module
		starts := slices.ContainsFunc(r.found.InitApp, func(p Place) bool { return p.File == m.file })
		if m.imported || m.isPackage || starts || len(r.all) == 1 {
			continue
		}
		r.found.leave(Place{File: m.file}, "nothing that was read imports it: Python binds its handlers only where something does, Go always")
	}
}

// key is the event, as the registry in Go knows it.
func (b *Bind) key() string {
	if b.Default {
		return "*"
	}
	return b.Event
}
