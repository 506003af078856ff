package redlock

import (
	"context"
	"errors"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

// pool is redsync's view of a node. The context that redsync's commands come with says which step of
// which lease they are.
type pool struct{ node *node }

func (p pool) Get(ctx context.Context) (redis.Conn, error) {
	step := ctx.Value(stepKey{}).(*step)
	if step.locking != nil {
		return &step.conns[p.node.index], nil
	}
	return &conn{node: p.node, step: step}, nil
}

// conn is redsync's connection for one command. redsync locks by SetNX, which every node was told
// already, and does the rest by Eval.
type conn struct {
	node *node
	step *step
}

// SetNX waits for the node's answer.
func (c *conn) SetNX(string, string, time.Duration) (bool, error) {
	reply, err := c.step.locking.of(c.node.index)
	return reply == true, err
}

// Eval runs a script once the lease's commands before it have ended at the node.
func (c *conn) Eval(script *redis.Script, keysAndArgs ...any) (any, error) {
	step := c.step
	if step.locking != nil {
		step = step.undo()
	}
	step.begin(c.node.index)
	defer step.end(c.node.index)
	return c.node.do(newEval(script, keysAndArgs...))
}

func (c *conn) Close() error { return nil }

var errUnused = errors.New("redlock: redsync does not use this command")

func (c *conn) Get(string) (string, error)         { return "", errUnused }
func (c *conn) Set(string, string) (bool, error)   { return false, errUnused }
func (c *conn) PTTL(string) (time.Duration, error) { return 0, errUnused }
func (c *conn) ScriptLoad(*redis.Script) error     { return errUnused }
