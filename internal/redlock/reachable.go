package redlock

import (
	"context"
	"errors"
)

// NodeState is how one node answers.
type NodeState struct {
	Name string
	Err  error // nil where it answers
}

var errNoAnswer = errors.New("it has not answered yet")

// Reachable asks every node and waits for all of them, for the node timeout or until ctx ends. The
// states are in the order in which the nodes were given to New.
func (l *Locker) Reachable(ctx context.Context) []NodeState {
	states := make([]NodeState, len(l.nodes))
	for i, node := range l.nodes {
		states[i] = NodeState{Name: node.Name, Err: errNoAnswer}
	}
	answers := l.ask(get{pingKey})
	for range l.nodes {
		select {
		case a := <-answers:
			states[a.node].Err = a.err
		case <-ctx.Done():
			return states
		}
	}
	return states
}
