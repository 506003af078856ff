package redlock

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis"
)

var (
	// ErrHeld is matched when somebody else has the lease.
	ErrHeld = errors.New("the lease is held by somebody else")
	// ErrDone is matched when the name carries a done mark.
	ErrDone = errors.New("the name is marked done")
	// ErrOutage is matched when fewer than a majority of the nodes answered.
	ErrOutage = errors.New("no majority of the lock nodes answers")
	// ErrLost is matched when a lease ended or was taken over.
	ErrLost = errors.New("the lease is lost")
)

// Node is one Redis server of the lock.
type Node struct {
	Name string // for people, without a password
	Pool redis.Pool
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
	pools    []redis.Pool
	options  Options
	redsync  *redsync.Redsync
	mutex    []redsync.Option
	commands commands // also those that nobody waits for any more
}

// New makes a Locker over nodes, which should be servers of their own and odd in number.
func New(nodes []Node, o Options) (*Locker, error) {
	if len(nodes) == 0 {
		return nil, errors.New("opening the lock: there are no lock nodes: set INIESTA_CACHES")
	}
	l := &Locker{nodes: nodes, options: o.withDefaults()}
	l.pools = make([]redis.Pool, len(nodes))
	for i, node := range nodes {
		l.pools[i] = &detachedPool{pool: node.Pool, timeout: l.options.NodeTimeout, commands: &l.commands}
	}
	l.redsync = redsync.New(l.pools...)
	l.mutex = []redsync.Option{
		redsync.WithExpiry(l.options.Expiry),
		redsync.WithTries(l.options.Tries),
		redsync.WithRetryDelay(l.options.RetryDelay),
		redsync.WithFailFast(true),
		redsync.WithSetNXOnExtend(),
	}
	return l, nil
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
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("acquiring %s: %w", name, err)
	}
	mutex := l.redsync.NewMutex(name, l.mutex...)
	err := mutex.LockContext(ctx)
	if err == nil {
		return newLease(l, mutex), nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil { // redsync does not pass it on
		return nil, fmt.Errorf("acquiring %s: %w", name, ctxErr)
	}
	if failed := l.failedNodes(err); len(failed) > len(l.nodes)/2 {
		return nil, fmt.Errorf("acquiring %s: %w: %w", name, ErrOutage, nodeErrors(failed))
	}
	if l.isDone(ctx, name) {
		return nil, fmt.Errorf("acquiring %s: %w", name, ErrDone)
	}
	return nil, fmt.Errorf("acquiring %s: %w", name, ErrHeld)
}

// Ping returns nil when a majority of the nodes answers, and else an error matching ErrOutage that
// says which do not.
func (l *Locker) Ping(ctx context.Context) error {
	answers := l.ask(func(c redis.Conn) (bool, error) {
		_, err := c.Get("iniesta:ping")
		return err == nil, err
	})
	ok, failed := 0, []error(nil)
	for range l.pools {
		select {
		case a := <-answers:
			if a.ok {
				ok++
			} else {
				failed = append(failed, l.nodeError(a.node, a.err))
			}
		case <-ctx.Done():
			return fmt.Errorf("asking the lock nodes: %w: %w", ErrOutage, ctx.Err())
		}
		if ok > len(l.pools)/2 {
			return nil
		}
	}
	return fmt.Errorf("asking the lock nodes: %w: %w", ErrOutage, nodeErrors(failed))
}

// Close waits for the commands that are still on their way. It takes at most the node timeout.
func (l *Locker) Close() error {
	l.commands.wait()
	return nil
}

// isDone reports whether any node has the done mark. One is enough: the mark is only written after
// the work was done.
func (l *Locker) isDone(ctx context.Context, name string) bool {
	answers := l.ask(func(c redis.Conn) (bool, error) {
		value, err := c.Get(name)
		return value == DoneMark, err
	})
	for range l.pools {
		select {
		case a := <-answers:
			if a.ok {
				return true
			}
		case <-ctx.Done():
			return false
		}
	}
	return false
}

type answer struct {
	node int
	ok   bool
	err  error
}

// ask puts a question to every node at once. The answers come as they come; whoever has heard enough
// need not wait for the rest.
func (l *Locker) ask(question func(redis.Conn) (bool, error)) <-chan answer {
	answers := make(chan answer, len(l.pools))
	for i, pool := range l.pools {
		l.commands.begin()
		go func() {
			defer l.commands.end()
			conn, err := pool.Get(context.Background())
			if err != nil {
				answers <- answer{node: i, err: err}
				return
			}
			defer conn.Close()
			ok, err := question(conn)
			answers <- answer{node: i, ok: ok, err: err}
		}()
	}
	return answers
}

// failedNodes lists the nodes that did not answer, by redsync's account.
func (l *Locker) failedNodes(err error) []error {
	var failed []error
	for _, e := range flatten(err) {
		if node, ok := errors.AsType[*redsync.RedisError](e); ok {
			failed = append(failed, l.nodeError(node.Node, node.Err))
		}
	}
	return failed
}

func (l *Locker) nodeError(node int, err error) error {
	return fmt.Errorf("%s: %w", l.nodes[node].Name, err)
}

// nodeErrors is several errors on one line.
type nodeErrors []error

func (n nodeErrors) Error() string {
	texts := make([]string, len(n))
	for i, err := range n {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (n nodeErrors) Unwrap() []error { return n }

// flatten takes apart what errors.Join put together.
func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, flatten(e)...)
	}
	return all
}
