package sqs

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Registry holds handlers by event. The zero value is ready to use. Its methods may be called from
// several goroutines, also while messages are being received.
type Registry struct {
	table atomic.Pointer[table] // replaced whole, so that a lookup takes no lock

	mu   sync.Mutex
	errs []error
}

// table is never changed once it is in a Registry.
type table struct {
	byEvent  map[string]*binding // every binding, wildcards and Default included
	byPrefix map[string]*binding // wildcards, by what events begin with
	longest  int                 // the longest key of byPrefix; what is behind it in an event cannot matter
	fallback *binding
}

// binding is one event with its handler.
type binding struct {
	event, name, signature, location string
	call                             HandlerFunc
}

// NewRegistry makes an empty registry, for a client given WithRegistry.
func NewRegistry() *Registry { return &Registry{} }

// AddHandler binds fn to events in r. See the package's AddHandler.
func (r *Registry) AddHandler(fn any, events ...string) error {
	if len(events) == 0 {
		events = []string{Default}
	}
	at := callerLocation()
	h, err := bind(fn)
	if err != nil {
		return r.failed(fmt.Errorf("sqs: adding a handler for %s at %s: %w", quoted(events), at, err))
	}
	bindings := make([]*binding, len(events))
	for i, event := range events {
		bindings[i] = h.to(event, at)
	}
	if problems := r.add(bindings); len(problems) > 0 {
		return r.failed(fmt.Errorf("sqs: adding handler %s at %s: %w", h.name, at, errors.Join(problems...)))
	}
	return nil
}

// Handlers lists what is bound, sorted by event.
func (r *Registry) Handlers() []HandlerInfo {
	t := r.table.Load()
	if t == nil {
		return nil
	}
	infos := make([]HandlerInfo, 0, len(t.byEvent))
	for _, b := range t.byEvent {
		infos = append(infos, HandlerInfo{Event: b.event, Name: b.name, Signature: b.signature, Location: b.location})
	}
	slices.SortFunc(infos, func(a, b HandlerInfo) int { return strings.Compare(a.Event, b.Event) })
	return infos
}

// Err returns every failed registration, joined, and nil when all succeeded.
func (r *Registry) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.errs...)
}

// Reset forgets every handler and every failed registration. It is for tests.
func (r *Registry) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table.Store(nil)
	r.errs = nil
}

func (r *Registry) failed(err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errs = append(r.errs, err)
	return err
}

// add binds all of bindings, or none where there are problems, those known before included.
func (r *Registry) add(bindings []*binding, problems ...error) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.table.Load().clone()
	for _, b := range bindings {
		if err := next.add(b); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) == 0 {
		r.table.Store(next)
	}
	return problems
}

// lookup finds the handler of an event: its own, that of its longest prefix, or the default one.
func (r *Registry) lookup(event string) (*binding, bool) {
	t := r.table.Load()
	if t == nil {
		return nil, false
	}
	if b, ok := t.byEvent[event]; ok {
		return b, true
	}
	head := event[:min(len(event), t.longest)] // an event of 256 KiB of dots would take seconds otherwise
	for end := strings.LastIndexByte(head, '.'); end >= 0; end = strings.LastIndexByte(head[:end], '.') {
		if b, ok := t.byPrefix[head[:end+1]]; ok {
			return b, true
		}
	}
	return t.fallback, t.fallback != nil
}

func (t *table) clone() *table {
	if t == nil {
		return &table{byEvent: make(map[string]*binding), byPrefix: make(map[string]*binding)}
	}
	return &table{byEvent: maps.Clone(t.byEvent), byPrefix: maps.Clone(t.byPrefix), longest: t.longest, fallback: t.fallback}
}

func (t *table) add(b *binding) error {
	if err := checkEvent(b.event); err != nil {
		return err
	}
	if first, ok := t.byEvent[b.event]; ok {
		return fmt.Errorf("%w: %s to %s at %s: an event has one handler, bind the second to another event",
			ErrDuplicateEvent, quoted([]string{b.event}), first.name, first.location)
	}
	t.byEvent[b.event] = b
	if prefix, ok := prefixOf(b.event); ok {
		t.byPrefix[prefix] = b
		t.longest = max(t.longest, len(prefix))
	}
	if b.event == Default {
		t.fallback = b
	}
	return nil
}

// quoted writes events for an error.
func quoted(events []string) string {
	texts := make([]string, len(events))
	for i, event := range events {
		texts[i] = fmt.Sprintf("%q", event)
		if event == Default {
			texts[i] = "every other event (the default)"
		}
	}
	return strings.Join(texts, ", ")
}
