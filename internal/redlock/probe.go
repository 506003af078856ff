package redlock

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// probePrefix begins the keys of probes. An ACL that allows the keys of messages allows them, and no message
// id looks like them. A random token follows, so that no two probes share a key.
const probePrefix = "sqs:event:iniesta:probe:"

// Ping returns nil when a majority of the nodes accepts what a lock needs, and else an error matching
// ErrOutage that says what the nodes answered. Where a write of a lock was accepted within three seconds, and
// none has failed since, nothing is asked. Else a probe is made: a key of its own is locked, read,
// extended and released. Calls at the same time share a probe.
func (l *Locker) Ping(ctx context.Context) error {
	for range 2 { // a probe that was under way may be older than a failure
		if l.evidence.fresh() {
			return nil
		}
		p := l.probes.join(l)
		select {
		case <-p.done:
		case <-ctx.Done():
			return fmt.Errorf("probing the lock nodes: %w: %w", ErrOutage, ctx.Err())
		}
		if p.err != nil {
			return fmt.Errorf("probing the lock nodes: %w", p.err)
		}
	}
	if l.evidence.fresh() {
		return nil
	}
	return fmt.Errorf("probing the lock nodes: %w: they accepted a probe, and a write beside it failed", ErrOutage)
}

// probes is the probe under way.
type probes struct {
	mu      sync.Mutex
	current *probe // nil where there is none
}

type probe struct {
	done chan struct{} // closed when err is known
	err  error
}

// join returns the probe under way, or begins one.
func (p *probes) join(l *Locker) *probe {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != nil {
		return p.current
	}
	begun := &probe{done: make(chan struct{})}
	p.current = begun
	l.commands.begin(1)
	go func() {
		defer l.commands.end()
		begun.err = l.probe()
		p.mu.Lock()
		p.current = nil
		p.mu.Unlock()
		close(begun.done)
	}()
	return begun
}

// probe does what a lock does, with a key that no message has.
func (l *Locker) probe() error {
	ctx := context.Background() // each command has the node timeout
	lease, err := l.acquire(ctx, probePrefix+newToken())
	if errors.Is(err, ErrHeld) {
		return fmt.Errorf("%w: a majority refuses to set a key that is free: are several nodes one database?", ErrOutage)
	}
	if err != nil {
		return err
	}
	err = l.readBack(lease)
	if err == nil {
		err = lease.Extend(ctx)
	}
	if released := lease.Release(ctx); err == nil {
		err = released
	}
	if err != nil && !errors.Is(err, ErrOutage) {
		return fmt.Errorf("%w: %w", ErrOutage, err)
	}
	return err
}

// readBack returns nil when a majority has the lease's token.
func (l *Locker) readBack(lease *Lease) error {
	attempt := l.evidence.begin()
	answers := l.ask(get{lease.name})
	read, failed := 0, []error(nil)
	for range l.servers {
		a := <-answers
		switch {
		case a.err != nil:
			failed = append(failed, l.nodeError(a.node, a.err))
		case a.reply == lease.token:
			read++
		default:
			failed = append(failed, l.nodeError(a.node, errUnread))
		}
		if read == l.majority() {
			return nil
		}
	}
	err := fmt.Errorf("reading %s: %w: %w", lease.name, ErrOutage, nodeErrors(failed))
	l.evidence.end(attempt, plainWrite, err)
	return err
}

var errUnread = errors.New("it accepted a key and does not have it")
