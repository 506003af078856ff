package redlock

import (
	"context"
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
	until  atomic.Int64 // nanoseconds since the epoch of monotonic time below
	epoch  time.Time

	mu    sync.Mutex // a redsync.Mutex is not safe for concurrent use
	mutex *redsync.Mutex
	order *steps
	over  bool // marked done or given up: an extension would set the key again
}

func newLease(l *Locker, mutex *redsync.Mutex, order *steps) *Lease {
	lease := &Lease{locker: l, mutex: mutex, order: order, epoch: time.Now()}
	lease.remember()
	return lease
}

// remember keeps the mutex's end where Until finds it without waiting for an extension under way.
func (l *Lease) remember() { l.until.Store(int64(l.mutex.Until().Sub(l.epoch))) }

// Name is what the lease is on.
func (l *Lease) Name() string { return l.mutex.Name() }

// Token is the random value that the lease has on the nodes.
func (l *Lease) Token() string { return l.mutex.Value() }

// Until is when the lease ends unless it is extended.
func (l *Lease) Until() time.Time { return l.epoch.Add(time.Duration(l.until.Load())) }

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
	ok, err := l.mutex.ExtendContext(l.order.next())
	switch {
	case !time.Now().Before(end):
		return l.lost("it ended before its extension was confirmed")
	case ok:
		l.remember()
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
	doing := "marking " + l.Name() + " done"
	token, ms := l.mutex.Value(), max(window.Milliseconds(), 1)
	answers := l.locker.ask(func(n *node) (bool, error) {
		status, err := n.eval(markScript, l.Name(), token, DoneMark, ms)
		return status == int64(1), err
	})
	marked := 0
	var failed, refused []error
	for range l.locker.nodes {
		select {
		case a := <-answers:
			switch {
			case a.ok:
				marked++
			case a.err != nil:
				failed = append(failed, l.locker.nodeError(a.node, a.err))
			default:
				refused = append(refused, l.locker.nodeError(a.node, errOther))
			}
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", doing, ctx.Err())
		}
		if marked == l.locker.majority() {
			l.over = true
			return nil
		}
		if len(refused) == l.locker.majority() {
			break
		}
	}
	return l.locker.unconfirmed(doing, failed, refused)
}

// Release gives the lease up, also when ctx has ended: the key would stay. A lease that has ended is
// given up already. An error matches ErrOutage: the keys that are left end by themselves.
func (l *Lease) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	ok, err := l.mutex.UnlockContext(l.order.next())
	if ok {
		return nil
	}
	if failed := l.locker.failedNodes(err); l.locker.isOutage(failed) {
		return fmt.Errorf("releasing %s: %w: %w", l.Name(), ErrOutage, nodeErrors(failed))
	}
	return nil // ended, or taken by another holder since
}
