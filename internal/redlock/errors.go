package redlock

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-redsync/redsync/v4"
	"github.com/redis/go-redis/v9"
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

// errOther is what a node answers that has neither our token nor room for it.
var errOther = errors.New("it has another value")

// foreignType stands for the value of a key that is no string: somebody else uses the key.
const foreignType = "(not a string)"

// isWrongType reports whether a key is no string. A script of older servers has the code within its error.
func isWrongType(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	return answered && strings.Contains(err.Error(), "WRONGTYPE ")
}

// isAnswer reports whether err is what a server answered, and the server is not down.
func isAnswer(err error) bool {
	_, answered := errors.AsType[redis.Error](err)
	return answered
}

// failedNodes lists the nodes that did not answer, by redsync's account.
func (l *Locker) failedNodes(err error) []error {
	failed, _ := l.nodesIn(err)
	return failed
}

// nodesIn takes redsync's error apart into the nodes that did not answer and those that have
// another value. redsync does not tell of the first where a majority has another value.
func (l *Locker) nodesIn(err error) (failed, refused []error) {
	if taken, ok := errors.AsType[*redsync.ErrTaken](err); ok {
		for _, node := range taken.Nodes {
			refused = append(refused, l.nodeError(node, errOther))
		}
		return nil, refused
	}
	for _, e := range flatten(err) {
		if node, ok := errors.AsType[*redsync.RedisError](e); ok {
			failed = append(failed, l.nodeError(node.Node, node.Err))
		} else if node, ok := errors.AsType[*redsync.ErrNodeTaken](e); ok {
			refused = append(refused, l.nodeError(node.Node, errOther))
		}
	}
	return failed, refused
}

// unconfirmed is the error of a change to our own lease that no majority confirmed. The lease is lost
// only once a majority says so: a single node may have the token of somebody who tries in vain.
func (l *Locker) unconfirmed(doing string, failed, refused []error) error {
	nodes := nodeErrors(slices.Concat(failed, refused))
	switch {
	case len(refused) >= l.majority():
		return fmt.Errorf("%s: %w: %w", doing, ErrLost, nodes)
	case l.isOutage(failed):
		return fmt.Errorf("%s: %w: %w", doing, ErrOutage, nodes)
	}
	return fmt.Errorf("%s: no majority of the lock nodes confirmed it: %w", doing, nodes)
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
