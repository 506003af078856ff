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
}

func newLease(l *Locker, mutex *redsync.Mutex) *Lease {
	lease := &Lease{locker: l, mutex: mutex, epoch: time.Now()}
	lease.remember()
	return lease
}

// remember keeps the mutex's end where Until finds it without waiting for an extension under way.
func (l *Lease) remember() { l.until.Store(int64(l.mutex.Until().Sub(l.epoch))) }

// Name is what the lease is on.
func (l *Lease) Name() string { return l.mutex.Name() }

// Token is the value of the key while the lease is held.
func (l *Lease) Token() string { return l.mutex.Value() }

// Until is when the lease ends unless it is extended.
func (l *Lease) Until() time.Time { return l.epoch.Add(time.Duration(l.until.Load())) }

// Extend renews the lease for its whole time. It returns an error matching ErrLost when a majority of
// the nodes says that the token is gone, or when the renewal was not confirmed before the lease's end;
// after an error matching ErrOutage it may be tried again.
func (l *Lease) Extend(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := l.Until()
	if !time.Now().Before(end) {
		return l.lost("it has ended")
	}
	ok, err := l.mutex.ExtendContext(ctx)
	switch {
	case !time.Now().Before(end):
		return l.lost("it ended before its extension was confirmed")
	case ok:
		l.remember()
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("extending %s: %w", l.Name(), ctx.Err())
	}
	failed := l.locker.failedNodes(err)
	if len(failed) <= len(l.locker.nodes)/2 {
		return l.lost("a majority of the lock nodes has another value")
	}
	return fmt.Errorf("extending %s: %w: %w", l.Name(), ErrOutage, nodeErrors(failed))
}

func (l *Lease) lost(why string) error {
	return fmt.Errorf("extending %s: %w: %s", l.Name(), ErrLost, why)
}

// MarkDone turns the lease into a done mark that stays for window, in one round trip to each node. It
// returns nil once a majority has the mark, and an error matching ErrOutage or ErrLost otherwise.
func (l *Lease) MarkDone(ctx context.Context, window time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	token, ms := l.mutex.Value(), window.Milliseconds()
	answers := l.locker.ask(func(c redis.Conn) (bool, error) {
		status, err := c.Eval(markScript, l.Name(), token, DoneMark, ms)
		return status == int64(1), err
	})
	marked, failed := 0, []error(nil)
	for range l.locker.nodes {
		select {
		case a := <-answers:
			if a.ok {
				marked++
			} else if a.err != nil {
				failed = append(failed, l.locker.nodeError(a.node, a.err))
			}
		case <-ctx.Done():
			return fmt.Errorf("marking %s done: %w", l.Name(), ctx.Err())
		}
		if marked > len(l.locker.nodes)/2 {
			return nil
		}
	}
	if len(failed) == 0 {
		return fmt.Errorf("marking %s done: %w: the lock nodes have another value", l.Name(), ErrLost)
	}
	return fmt.Errorf("marking %s done: %w: %w", l.Name(), ErrOutage, nodeErrors(failed))
}

// Release gives the lease up. A lease that has ended is given up already.
func (l *Lease) Release(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	ok, err := l.mutex.UnlockContext(ctx)
	if ok {
		return nil
	}
	if failed := l.locker.failedNodes(err); len(failed) > 0 {
		return fmt.Errorf("releasing %s: %w: %w", l.Name(), ErrOutage, nodeErrors(failed))
	}
	return nil // ended, or taken by another holder since
}
