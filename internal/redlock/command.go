package redlock

import (
	"context"
	"errors"
	"time"

	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/redis/go-redis/v9"
)

// command is one of the few commands that a lock needs. It is made once and carried out by every node.
type command interface {
	// on carries the command out over a connection of redsync's kind.
	on(redsyncredis.Conn) (reply any, err error)
	// wire is the command for go-redis, to be read by reply once it has its answer.
	wire() redis.Cmder
	reply(redis.Cmder) (any, error)
	// ofLease reports whether it extends, marks or releases what is held.
	ofLease() bool
}

func (*setNX) ofLease() bool { return false }
func (get) ofLease() bool    { return false }
func (*mark) ofLease() bool  { return true }
func (*eval) ofLease() bool  { return true }

// setNX sets a key that is absent. Its reply is whether it did.
type setNX struct {
	key, value string
	expiry     time.Duration
	ms         int64
	arguments  [6]any // pointers, which need no memory of their own
}

func (c *setNX) init(key, value string, expiry time.Duration) {
	c.key, c.value, c.expiry, c.ms = key, value, expiry, expiry.Milliseconds()
	c.arguments = [...]any{"set", &c.key, &c.value, "px", &c.ms, "nx"}
}

func (c *setNX) on(conn redsyncredis.Conn) (any, error) { return conn.SetNX(c.key, c.value, c.expiry) }
func (c *setNX) wire() redis.Cmder {
	return redis.NewBoolCmd(context.Background(), c.arguments[:]...)
}

func (c *setNX) reply(r redis.Cmder) (any, error) {
	set, err := r.(*redis.BoolCmd).Result()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return set, err
}

// mark sets a key to the done mark. Its reply is 1.
type mark struct {
	key, token string
	ms         int64
	arguments  [5]any
}

func (c *mark) init(key, token string, window time.Duration) {
	c.key, c.token, c.ms = key, token, max(window.Milliseconds(), 1)
	c.arguments = [...]any{"set", &c.key, DoneMark, "px", &c.ms}
}

// on is careful where it need not be: redsync's Conn knows no SET with an expiry.
func (c *mark) on(conn redsyncredis.Conn) (any, error) { return c.careful().on(conn) }
func (c *mark) wire() redis.Cmder {
	return redis.NewStatusCmd(context.Background(), c.arguments[:]...)
}

func (c *mark) reply(r redis.Cmder) (any, error) { return int64(1), r.Err() }

// careful is the mark where the key may be somebody else's: it is left alone then, and the reply is 0.
func (c *mark) careful() *eval { return newEval(markScript, c.key, c.token, DoneMark, c.ms) }

// get reads a key. Its reply is the value, empty where there is none.
type get struct{ key string }

func (c get) on(conn redsyncredis.Conn) (any, error) { return conn.Get(c.key) }
func (c get) wire() redis.Cmder                      { return redis.NewStringCmd(context.Background(), "get", c.key) }
func (c get) reply(r redis.Cmder) (any, error) {
	value, err := r.(*redis.StringCmd).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return "", nil
	case isWrongType(err):
		return foreignType, nil
	}
	return value, err
}

// eval runs a script that the server has. Its reply is the script's.
type eval struct {
	script      *redsyncredis.Script
	keysAndArgs []any
	arguments   []any
}

func newEval(script *redsyncredis.Script, keysAndArgs ...any) *eval {
	return &eval{script, keysAndArgs, evalArguments("evalsha", script.Hash, script, keysAndArgs)}
}

func evalArguments(name, text string, script *redsyncredis.Script, keysAndArgs []any) []any {
	arguments := make([]any, 0, 3+len(keysAndArgs))
	return append(append(arguments, name, text, script.KeyCount), keysAndArgs...)
}

func (c *eval) on(conn redsyncredis.Conn) (any, error) { return conn.Eval(c.script, c.keysAndArgs...) }
func (c *eval) wire() redis.Cmder {
	return redis.NewCmd(context.Background(), c.arguments...)
}
func (c *eval) reply(r redis.Cmder) (any, error) {
	reply, err := r.(*redis.Cmd).Result()
	if isWrongType(err) {
		return int64(0), nil // as for a key that has another value
	}
	return reply, err
}

// loading is the command with the whole script, for a server that does not have it yet.
func (c *eval) loading() *eval {
	return &eval{c.script, c.keysAndArgs, evalArguments("eval", c.script.Src, c.script, c.keysAndArgs)}
}
