package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// ledger knows what handlers did, and what they should not have done.
type ledger struct {
	plan  *plan
	began time.Time

	mu        sync.Mutex
	lives     map[string]*life // by message id
	bodies    map[string]*life // of messages that producers know were sent
	again     map[string]bool  // bodies of messages that handlers sent
	outages   []span           // of a majority of the lock nodes
	wrong     []string
	wrongLife *life // of the first thing that is wrong
	entries   int
}

// life is one message's.
type life struct {
	id, body, group string
	order           string // in its group: the sequence number
	runs            []*run
	succeeded       *run // the newest that did
	received        int
	pythons         map[*process]time.Time // until when those hold its lock
	hindered        map[*process]time.Time // when code of the user's that is about it last misbehaved
	receipts        map[*process][]time.Time
	notes           []note
}

// run is one run of a handler.
type run struct {
	process  *process
	ctx      context.Context // nil for Python, whose handlers are told nothing
	from, to time.Time       // to is zero while it runs
	ok       bool
	lost     bool // its lock is lost, as was logged
	late     bool // it succeeded when its message was somebody else's already
}

type span struct{ from, to time.Time }

// graceOfAStop is what a stop may take beyond its timeout, for handlers that were told to end.
const graceOfAStop = 3 * time.Second

// settleTime is what a process needs after a handler's success to mark it, at most.
const settleTime = 20 * time.Second

func newLedger(p *plan) *ledger {
	return &ledger{plan: p, began: time.Now(), lives: make(map[string]*life), bodies: make(map[string]*life), again: make(map[string]bool)}
}

func (l *ledger) life(id string) *life {
	if l.lives[id] == nil {
		l.lives[id] = &life{id: id}
	}
	return l.lives[id]
}

func (l *ledger) note(life *life, format string, args ...any) {
	l.entries++
	life.add(time.Since(l.began), fmt.Sprintf(format, args...))
}

func (l *ledger) fail(life *life, format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf("message %s: ", life.id)+fmt.Sprintf(format, args...))
	l.note(life, "WRONG: "+format, args...)
	if l.wrongLife == nil {
		l.wrongLife = life
	}
}

// failProcess notes that a process did what it should not have, whatever the message.
func (l *ledger) failProcess(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// sent notes a message whose sending SQS confirmed.
func (l *ledger) sent(id, body, group, order string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.life(id)
	if m.body != "" && m.body != body {
		l.fail(m, "it ran as %s before it was known to be sent as %s", m.body, body)
	}
	m.body, m.group, m.order = body, group, order
	l.bodies[body] = m
	l.note(m, "sent as %s", body)
}

// sentAgain notes a message that a handler sent. Its id is not known: it is another message, whoever sent it.
func (l *ledger) sentAgain(body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again[body] = true
}

// hinder notes that code of the user's, about a message or none, misbehaves in a process.
func (l *ledger) hinder(p *process, id, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id == "" {
		return
	}
	m := l.life(id)
	if m.hindered == nil {
		m.hindered = make(map[*process]time.Time)
	}
	m.hindered[p] = time.Now()
	l.note(m, "%s", what)
}

// start notes that a handler runs, and looks at every promise about that.
func (l *ledger) start(ctx context.Context, p *process, id, body string) *run {
	l.mu.Lock()
	defer l.mu.Unlock()
	m, r := l.life(id), &run{process: p, ctx: ctx, from: time.Now()}
	if m.body == "" {
		m.body = body
	}
	m.received++
	l.note(m, "%s runs it", p.name)
	if m.body != body {
		l.fail(m, "%s runs it with a body that nobody sent", p.name)
	}
	for _, other := range m.runs {
		if l.overlaps(m, other) {
			l.fail(m, "%s runs it while %s still does", p.name, other.process.name)
		}
	}
	if l.remembered(m) {
		l.fail(m, "%s runs it again, %s after %s had succeeded", p.name, time.Since(m.succeeded.to), m.succeeded.process.name)
	}
	if p.stopping() && !p.python {
		l.fail(m, "%s runs it after it was told to stop", p.name)
	}
	if l.plan.fifo {
		l.inOrder(m)
	}
	m.runs = append(m.runs, r)
	return r
}

// overlaps reports whether a run that has not ended goes on while another begins. One that was told that
// its lock is lost does not count, nor one whose process stands still or is dead: it does nothing more.
func (l *ledger) overlaps(m *life, other *run) bool {
	if !other.to.IsZero() || other.process.still() {
		return false
	}
	if other.ctx != nil {
		ended := context.Cause(other.ctx) != nil // for another reason, and once: there is nothing to tell it a second time
		return !l.told(other) && !(ended && l.mayLose(m, other, time.Now()))
	}
	// Python is told nothing when its lock ends.
	return time.Now().Before(m.pythons[other.process]) && !other.process.stoodStill(other.from, time.Now())
}

// pythonHolds notes that a Python process has the lock of a message until then.
func (l *ledger) pythonHolds(id string, p *process, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.life(id)
	if m.pythons == nil {
		m.pythons = make(map[*process]time.Time)
	}
	m.pythons[p] = until
}

// remembered reports whether a success should keep a message from running.
func (l *ledger) remembered(m *life) bool {
	s := m.succeeded
	if s == nil || s.late || s.process.python { // which marks nothing
		return false
	}
	if window := l.plan.window; time.Since(s.to) >= window-window/50 { // the nodes' clocks drift
		return false
	}
	until := s.to.Add(settleTime)
	if s.process.stoodStill(s.to, until) {
		return false
	}
	if m.hindered[s.process].After(s.to.Add(-slowest)) { // its Locker did not return while it was to mark
		return false
	}
	return l.plan.keepsInvisible() || !l.outageDuring(s.to.Add(-time.Second), until)
}

// keepsInvisible reports whether nothing but its consumer can make a message visible: then its success can be
// marked however long that takes.
func (p *plan) keepsInvisible() bool {
	return !slices.ContainsFunc([]string{"api", "lost", "slow-api", "batch", "entries", "duplicate", "denied", "sdk", "locker", "logger", "kill", "pause", "stop"}, p.has)
}

// mayLose reports whether there is a reason for a process to lose the lock of a message whose handler runs.
func (l *ledger) mayLose(m *life, r *run, at time.Time) bool {
	recently := at.Add(-2 * l.plan.lockTimeout)
	return l.outageDuring(recently, at) || r.process.stoodStill(recently, at) || m.hindered[r.process].After(recently.Add(-slowest)) || l.keptLong(m, r)
}

// keptLong reports whether INIESTA_MAX_EXTENSION has passed since a receipt that a run may come from: its lock is not
// extended any more.
func (l *ledger) keptLong(m *life, r *run) bool {
	most := l.plan.maxExtension
	return slices.ContainsFunc(m.receipts[r.process], func(at time.Time) bool {
		return !at.After(r.from) && r.from.Sub(at) <= most && time.Since(at) >= most-l.plan.lockTimeout
	})
}

// receipt notes that a process received a message.
func (l *ledger) receipt(p *process, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.life(id)
	if m.receipts == nil {
		m.receipts = make(map[*process][]time.Time)
	}
	m.receipts[p] = append(m.receipts[p], time.Now())
}

// lostLock notes that a process says that it lost the lock of a message at a time: its logger may be slow.
func (l *ledger) lostLock(m *life, p *process, at time.Time) {
	for _, r := range m.runs { // also where its context had ended before, by a timeout
		if r.process != p || !r.to.IsZero() {
			continue
		}
		if r.lost = true; !l.mayLose(m, r, at) {
			l.fail(m, "%s lost its lock, and nothing was wrong with the nodes", p.name)
		}
	}
}

// told reports whether a handler knows that its message may be somebody else's: its lock is lost, or is not
// extended any more since INIESTA_MAX_EXTENSION has passed since its receipt, which was some time before it
// began.
func (l *ledger) told(r *run) bool {
	cause := context.Cause(r.ctx)
	if cause == nil {
		return false
	}
	return r.lost || errors.Is(cause, sqs.ErrLockLost) || strings.Contains(cause.Error(), "INIESTA_MAX_EXTENSION") ||
		time.Since(r.from) > l.plan.maxExtension-30*time.Second
}

func (l *ledger) outageDuring(from, to time.Time) bool {
	return slices.ContainsFunc(l.outages, func(s span) bool {
		return s.from.Before(to) && (s.to.IsZero() || s.to.After(from))
	})
}

// outrun reports whether a run that ends was told that it is not alone, and so cannot mark what it did.
func (l *ledger) outrun(m *life, r *run) bool {
	if r.ctx != nil && l.told(r) {
		return true
	}
	return slices.ContainsFunc(m.runs, func(other *run) bool { return other != r && other.from.After(r.from) })
}

// inOrder checks that all before it in its group are done.
func (l *ledger) inOrder(m *life) {
	for _, other := range l.bodies {
		if other.group == m.group && other.order < m.order && other.succeeded == nil {
			l.fail(m, "it runs before message %s of its group is done", other.id)
		}
	}
}

// end notes that a handler has returned.
func (l *ledger) end(id string, r *run, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.life(id)
	r.to, r.ok = time.Now(), err == nil
	if r.ok && (m.succeeded == nil || !l.outrun(m, r)) {
		m.succeeded = r
		r.late = l.outrun(m, r)
	}
	l.note(m, "%s ends it: %v", r.process.name, err)
}

// outage notes that a majority of the lock nodes is gone, or back.
func (l *ledger) outage(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if on {
		l.outages = append(l.outages, span{from: time.Now()})
		return
	}
	l.outages[len(l.outages)-1].to = time.Now()
}
