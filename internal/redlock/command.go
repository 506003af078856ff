package redlock

import (
	"context"
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
}

// setNX sets a key that is absent. Its reply is whether it did.
type setNX struct {
	key, value string
	expiry     time.Duration
	arguments  []any
}

func newSetNX(key, value string, expiry time.Duration) *setNX {
	return &setNX{key, value, expiry, []any{"set", key, value, "px", expiry.Milliseconds(), "nx"}}
}

func (c *setNX) on(conn redsyncredis.Conn) (any, error) { return conn.SetNX(c.key, c.value, c.expiry) }
func (c *setNX) wire() redis.Cmder {
	return redis.NewBoolCmd(context.Background(), c.arguments...)
}

func (c *setNX) reply(r redis.Cmder) (any, error) {
	set, err := r.(*redis.BoolCmd).Result()
	return set, err
}

// get reads a key. Its reply is the value, empty where there is none.
type get struct{ key string }

func (c get) on(conn redsyncredis.Conn) (any, error) { return conn.Get(c.key) }
func (c get) wire() redis.Cmder                      { return redis.NewStringCmd(context.Background(), "get", c.key) }
func (c get) reply(r redis.Cmder) (any, error) {
	value, err := r.(*redis.StringCmd).Result()
	if err == redis.Nil {
		err = nil
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
func (c *eval) reply(r redis.Cmder) (any, error) { return r.(*redis.Cmd).Result() }

// loading is the command with the whole script, for a server that does not have it yet.
func (c *eval) loading() *eval {
	return &eval{c.script, c.keysAndArgs, evalArguments("eval", c.script.Src, c.script, c.keysAndArgs)}
}
