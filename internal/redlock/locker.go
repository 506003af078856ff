package redlock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-redsync/redsync/v4"
	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/redis/go-redis/v9"
)

// Node is one Redis server of the lock.
type Node struct {
	Name string // for people, without a password
	Pool redsyncredis.Pool
}

// Options of a Locker. A zero value takes the default.
type Options struct {
	Expiry      time.Duration // of a lease that is not extended; 10 s
	Tries       int           // attempts to acquire; 1
	RetryDelay  time.Duration // between attempts; 100 ms
	NodeTimeout time.Duration // for one command to one node; a twentieth of Expiry, 100 ms at least
}

// Locker acquires leases. It is safe for use by several goroutines.
type Locker struct {
	nodes    []Node
	servers  []*node // of each
	options  Options
	redsync  *redsync.Redsync
	mutex    []redsync.Option
	commands commands // also those that nobody waits for any more
	evidence evidence
	probes   probes
}

// New makes a Locker over nodes, which should be servers of their own and odd in number.
func New(nodes []Node, o Options) (*Locker, error) {
	if len(nodes) == 0 {
		return nil, errors.New("opening the lock: there are no lock nodes: set INIESTA_CACHES")
	}
	l := &Locker{nodes: nodes, options: o.withDefaults()}
	pools := make([]redsyncredis.Pool, len(nodes))
	for i, n := range nodes {
		l.servers = append(l.servers, &node{
			index: i, server: newServer(n.Pool, l.options.NodeTimeout), commands: &l.commands, mostRest: l.mostRest})
		pools[i] = pool{l.servers[i]}
	}
	l.redsync = redsync.New(pools...)
	l.mutex = []redsync.Option{
		redsync.WithExpiry(l.options.Expiry),
		redsync.WithTries(1), // between attempts the caller's context counts
		redsync.WithFailFast(true),
		redsync.WithSetNXOnExtend(),
	}
	return l, nil
}

func newServer(pool redsyncredis.Pool, timeout time.Duration) server {
	if s, ok := pool.(shared); ok {
		return &pipeline{client: s.client, timeout: timeout}
	}
	return pooled{pool, timeout}
}

func (o Options) withDefaults() Options {
	if o.Expiry <= 0 {
		o.Expiry = 10 * time.Second
	}
	if o.RetryDelay <= 0 {
		o.RetryDelay = 100 * time.Millisecond
	}
	if o.NodeTimeout <= 0 {
		o.NodeTimeout = max(o.Expiry/20, 100*time.Millisecond)
	}
	o.Tries = max(o.Tries, 1)
	return o
}

// Acquire takes the lease on name. It returns an error matching ErrHeld, ErrDone or ErrOutage, and
// ctx's error where ctx ended first.
func (l *Locker) Acquire(ctx context.Context, name string) (*Lease, error) {
	for attempt := 1; ; attempt++ {
		lease, err := l.acquire(ctx, name)
		if err == nil || errors.Is(err, ErrDone) || attempt == l.options.Tries || ctx.Err() != nil {
			return lease, err
		}
		select {
		case <-time.After(l.options.RetryDelay):
		case <-ctx.Done():
			return nil, fmt.Errorf("acquiring %s: %w", name, ctx.Err())
		}
	}
}

// acquire tries once.
func (l *Locker) acquire(ctx context.Context, name string) (*Lease, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("acquiring %s: %w", name, err)
	}
	attempt := l.evidence.begin()
	lease, err := l.tryAcquire(ctx, name)
	l.evidence.end(attempt, plainWrite, err)
	return lease, err
}

func (l *Locker) tryAcquire(ctx context.Context, name string) (*Lease, error) {
	lease, err := l.lease(name)
	if err == nil {
		return lease, nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, fmt.Errorf("acquiring %s: %w", name, ctxErr)
	}
	if failed := l.failedNodes(err); l.isOutage(failed) {
		return nil, fmt.Errorf("acquiring %s: %w: %w", name, ErrOutage, nodeErrors(failed))
	}
	if errors.Is(err, errTooLate) {
		return nil, fmt.Errorf("acquiring %s: %w: %w", name, ErrOutage, err)
	}
	return nil, fmt.Errorf("acquiring %s: %w", name, l.holder(ctx, name))
}

// Close waits for the commands that are still on their way: for the node timeout, or a few where the
// commands of one lease wait for one another on a node that hangs.
func (l *Locker) Close() error {
	l.commands.wait()
	return nil
}

// clients are those of the nodes that have one.
func (l *Locker) clients() (clients []redis.UniversalClient) {
	for _, n := range l.nodes {
		if s, ok := n.Pool.(shared); ok {
			clients = append(clients, s.client)
		}
	}
	return clients
}

func (l *Locker) majority() int { return len(l.nodes)/2 + 1 }

// mostRest reports whether a majority of the nodes failed lately.
func (l *Locker) mostRest() bool {
	resting := 0
	for _, n := range l.servers {
		if n.failures.Load() >= restAfter {
			resting++
		}
	}
	return resting >= l.majority()
}

// isOutage reports whether too many nodes failed for the others to be a majority.
func (l *Locker) isOutage(failed []error) bool { return len(l.nodes)-len(failed) < l.majority() }
