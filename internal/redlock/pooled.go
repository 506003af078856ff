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

func (p pooled) start(c command, from *node, to sink) {
	go func() {
		reply, err := p.do(c)
		from.answered(to, reply, err)
	}()
}

func (p pooled) do(c command) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	conn, err := p.pool.Get(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return c.on(conn)
}
