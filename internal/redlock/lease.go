package redlock

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis"
)

// DoneMark is the value of a key whose work is done. It can be neither a token of redsync (base64 of
// 16 bytes) nor one of aioredlock (a UUID).
const DoneMark = "iniesta:done"

// markScript writes the mark where the key is ours, gone or marked already, and nowhere else.
var markScript = redis.NewScript(1, `
	local value = redis.call("GET", KEYS[1])
	if value == false or value == ARGV[1] or value == ARGV[2] then
		redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
		return 1
	end
	return 0
`, "71d7695766f0975e9415df2e7e1cefc2d42eb617")

// Lease is a name that is ours for a while. Its methods may be called from several goroutines.
type Lease struct {
	locker *Locker
	name   string
	token  string
	asked  time.Time
	until  atomic.Int64 // nanoseconds since asked

	// What locking and marking need is here: a lease is made for every message.
	steps   steps
	lock    setNX
	locking round
	first   step
	marking marking // the first attempt

	mu       sync.Mutex // a redsync.Mutex is not safe for concurrent use
	mutex    *redsync.Mutex
	doubtful bool // it was extended, or should have been: a node may have another value
	over     bool // marked done or given up: an extension would set the key again
}

// lease asks every node for the name at once and waits until they have decided. Where a majority has
// given it in time, which is what redsync asks for, redsync is spared: it would ask the nodes one by
// one, each from a goroutine that waits. Else it judges the answers and takes back what was given.
func (l *Locker) lease(name string) (*Lease, error) {
	lease := &Lease{locker: l, name: name, token: newToken(), asked: time.Now()}
	lease.steps.init(l)
	lease.locking.init(len(l.servers), true, &lease.steps)
	lease.lock.init(name, lease.token, l.options.Expiry)
	l.tell(&lease.lock, &lease.locking)
	won := lease.locking.decide()
	lease.lastsFrom(lease.asked)
	if won && time.Now().Before(lease.Until()) {
		return lease, nil
	}
	if err := lease.judge(); err != nil {
		return nil, err
	}
	_ = lease.Release(context.Background()) // else it ends by itself
	return nil, errTooLate
}

// errTooLate is an outage: a majority answered, after the lease had ended.
var errTooLate = errors.New("the lock nodes answered after the lease had ended")

// judge has redsync lock by the answers that came.
func (l *Lease) judge() error {
	l.first.initLock(&l.steps, l.locker, &l.locking)
	return l.redsync().LockContext(&l.first)
}

// redsync is the lease as redsync has it, made where it is needed.
func (l *Lease) redsync() *redsync.Mutex {
	if l.mutex == nil {
		l.mutex = l.locker.redsync.NewMutex(l.name, l)
	}
	return l.mutex
}

// Apply is a redsync.Option: the locker's, and the token that the nodes were told.
func (l *Lease) Apply(m *redsync.Mutex) {
	for _, option := range l.locker.mutex {
		option.Apply(m)
	}
	redsync.WithValue(l.token).Apply(m)
	redsync.WithGenValueFunc(func() (string, error) { return l.token, nil }).Apply(m)
}

// newToken is a random value of the kind that redsync makes.
func newToken() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.StdEncoding.EncodeToString(b[:])
}

// lastsFrom sets the lease's end, where Until finds it without waiting for an extension under way. As
// redsync has it, it counts from when the nodes were asked, less an allowance for clocks that drift.
func (l *Lease) lastsFrom(asked time.Time) {
	end := asked.Add(l.locker.options.Expiry * 99 / 100)
	l.until.Store(int64(end.Sub(l.asked)))
}

// Name is what the lease is on.
func (l *Lease) Name() string { return l.name }

// Token is the random value that the lease has on the nodes.
func (l *Lease) Token() string { return l.token }

// Until is when the lease ends unless it is extended.
func (l *Lease) Until() time.Time { return l.asked.Add(time.Duration(l.until.Load())) }

// Extend renews the lease for its whole time. It returns an error matching ErrLost when a majority of
// the nodes has another value, when the renewal was not confirmed before the lease's end, and after
// MarkDone and Release. After any other error (ErrOutage, or ctx's own) it may be tried again.
func (l *Lease) Extend(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := l.Until()
	switch {
	case l.over:
		return l.lost("it was marked done or released")
	case !time.Now().Before(end):
		return l.lost("it has ended")
	}
	attempt := l.locker.evidence.begin()
	err := l.extend(ctx, end)
	l.locker.evidence.end(attempt, scriptWrite, err)
	return err
}

// extend renews a lease that ends at end.
func (l *Lease) extend(ctx context.Context, end time.Time) error {
	asked := time.Now()
	l.doubtful = true
	ok, err := l.redsync().ExtendContext(l.steps.next())
	switch {
	case !time.Now().Before(end):
		return l.lost("it ended before its extension was confirmed")
	case ok:
		l.lastsFrom(asked)
		return nil
	}
	failed, refused := l.locker.nodesIn(err)
	if ctx.Err() != nil && len(refused) < l.locker.majority() {
		return fmt.Errorf("extending %s: %w", l.Name(), ctx.Err())
	}
	return l.locker.unconfirmed("extending "+l.Name(), failed, refused)
}

func (l *Lease) lost(why string) error {
	return fmt.Errorf("extending %s: %w: %s", l.Name(), ErrLost, why)
}

// MarkDone turns the lease into a done mark that stays for window, 1 ms at least, in one round trip to
// each node. It returns nil once a majority has the mark, and else an error matching ErrLost (a
// majority has another value), ErrOutage, or ctx's own; a node that was told may have the mark then. A
// lease that ended is marked all the same where nobody else took it: the work is done.
func (l *Lease) MarkDone(ctx context.Context, window time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.attempt()
	l.tellMark(m, window, nil)
	if m.round.decide() {
		l.over = true
	}
	err := m.outcome(l)
	if ctx.Err() != nil && !errors.Is(err, ErrLost) {
		return fmt.Errorf("marking %s done: %w", l.Name(), ctx.Err())
	}
	return err
}

// MarkDoneThen is MarkDone for who has something else to do meanwhile: it returns at once, and then is
// called with what MarkDone would return, in a goroutine that carries commands out and must not be held
// up. The lease is not extended any more.
func (l *Lease) MarkDoneThen(window time.Duration, then func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	m := l.attempt()
	l.tellMark(m, window, func(bool) { then(m.outcome(l)) })
}

// marking is one attempt to mark a lease done.
type marking struct {
	told    bool
	mark    mark
	round   round
	attempt attempt
	kind    write
}

// attempt is the next attempt to mark. Answers to the one before may still come.
func (l *Lease) attempt() *marking {
	if l.marking.told {
		l.doubtful = true
		return new(marking)
	}
	return &l.marking
}

// tellMark tells every node that the work is done.
func (l *Lease) tellMark(m *marking, window time.Duration, then func(won bool)) {
	m.told = true
	m.mark.init(l.name, l.token, window)
	m.round.init(len(l.locker.servers), int64(1), nil)
	m.round.then = then
	m.attempt = l.locker.evidence.begin()
	if l.mayBeForeign() {
		m.kind = scriptWrite
		l.locker.tell(m.mark.careful(), &m.round)
		return
	}
	l.locker.tell(&m.mark, &m.round)
}

// outcome is nil where a majority has the mark, and else says why not. The attempt is decided.
func (m *marking) outcome(l *Lease) error {
	var err error
	if !m.round.decide() {
		failed, refused := m.round.against(l.locker)
		err = l.locker.unconfirmed("marking "+l.Name()+" done", failed, refused)
	}
	l.locker.evidence.end(m.attempt, m.kind, err)
	return err
}

// mayBeForeign reports whether a majority of the keys could be somebody else's, so that they must not
// be set unseen. Those of a lease that lasts longer than a command takes are ours.
func (l *Lease) mayBeForeign() bool {
	return l.doubtful || time.Until(l.Until()) < l.locker.options.NodeTimeout
}

// Release gives the lease up, also when ctx has ended: the key would stay. A lease that has ended is
// given up already. An error matches ErrOutage: the keys that are left end by themselves.
func (l *Lease) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	attempt := l.locker.evidence.begin()
	ok, err := l.redsync().UnlockContext(l.steps.next())
	if ok {
		l.locker.evidence.end(attempt, scriptWrite, nil)
		return nil
	}
	if failed := l.locker.failedNodes(err); l.locker.isOutage(failed) {
		err := fmt.Errorf("releasing %s: %w: %w", l.Name(), ErrOutage, nodeErrors(failed))
		l.locker.evidence.end(attempt, scriptWrite, err)
		return err
	}
	return nil // ended, or taken by another holder since
}
