package redlock

import (
	"context"
	"time"

	"github.com/go-redsync/redsync/v4/redis"
)

// pooled is the server behind a pool of redsync's kind, one connection for each command.
type pooled struct {
	pool    redis.Pool
	timeout time.Duration
}

func (p pooled) get(name string) (value string, err error) {
	err = p.do(func(c redis.Conn) error {
		value, err = c.Get(name)
		return err
	})
	return value, err
}

func (p pooled) setNX(name, value string, expiry time.Duration) (ok bool, err error) {
	err = p.do(func(c redis.Conn) error {
		ok, err = c.SetNX(name, value, expiry)
		return err
	})
	return ok, err
}

func (p pooled) eval(script *redis.Script, keysAndArgs ...any) (reply any, err error) {
	err = p.do(func(c redis.Conn) error {
		reply, err = c.Eval(script, keysAndArgs...)
		return err
	})
	return reply, err
}

func (p pooled) do(command func(redis.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	conn, err := p.pool.Get(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return command(conn)
}
