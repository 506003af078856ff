package sqs

import (
	"context"
	"time"

	"github.com/seed08532102/iniesta/internal/redlock"
)

// LockNode is one lock node as LockNodes found it.
type LockNode struct {
	Name       string
	SameServer bool          // it is the server of another node too, under another name or database
	Latency    time.Duration // of a command
	ClockAhead time.Duration // of the clock here, to within Latency
	Err        error         // nil where it answers
	Refusal    error         // why it does not accept what a lock writes; nil where it does
	Unfit      error         // why it cannot be a lock node: it is part of a cluster, or another node's database
}

// LockNodes looks at the lock nodes, for two seconds at most. It writes keys of its own there, as a lock does, and
// removes them. It finds none with a Locker of the caller's.
// It returns ErrNotInitialized before Initialize.
func (c *Client) LockNodes(ctx context.Context) ([]LockNode, error) {
	s, err := c.initialized("looking at the lock nodes")
	if err != nil {
		return nil, err
	}
	return lockNodesOf(redlock.Inspect(ctx, s.lockClients)), nil
}

func lockNodesOf(reports []redlock.NodeReport) []LockNode {
	shared := make(map[string]bool)
	for _, name := range redlock.OneServer(reports) {
		shared[name] = true
	}
	nodes := make([]LockNode, len(reports))
	for i, r := range reports {
		nodes[i] = LockNode{Name: r.Name, SameServer: shared[r.Name], Latency: r.Latency, ClockAhead: r.Clock, Err: r.Err, Refusal: r.Refusal, Unfit: r.Unfit}
	}
	return nodes
}
