package redlock

import (
	"context"

	"github.com/go-redsync/redsync/v4/redis"
)

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

// ping is a question that every node can answer, simulated ones too.
func ping(c redis.Conn) (bool, error) {
	_, err := c.Get("iniesta:ping")
	return err == nil, err
}
