package redlock

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/redis/go-redis/v9"
)

// pipeline is a server whose commands share round trips: those that come while one is under way go out
// together with the next. Whoever comes first sends for all that wait, and hands the duty on to the
// first of those that came meanwhile; there is no goroutine to keep, and nobody lingers.
type pipeline struct {
	client  redis.UniversalClient
	timeout time.Duration // of a round trip

	mu      sync.Mutex
	sending bool
	waiting []*request
}

// request is one command that waits for its answer.
type request struct {
	command redis.Cmder
	turn    chan duty // what its goroutine goes on with, of room one
}

type duty int

const (
	answered  duty = iota // the command has its answer
	sendsNext             // send for all that wait
)

var requests = sync.Pool{New: func() any { return &request{turn: make(chan duty, 1)} }}

func (p *pipeline) get(name string) (string, error) {
	command := redis.NewStringCmd(context.Background(), "get", name)
	p.do(command)
	value, err := command.Result()
	if err == redis.Nil {
		return "", nil
	}
	return value, err
}

func (p *pipeline) setNX(name, value string, expiry time.Duration) (bool, error) {
	command := redis.NewBoolCmd(context.Background(), "set", name, value, "px", expiry.Milliseconds(), "nx")
	p.do(command)
	return command.Result()
}

func (p *pipeline) eval(script *redsyncredis.Script, keysAndArgs ...any) (any, error) {
	reply, err := p.evalBy("evalsha", script.Hash, script.KeyCount, keysAndArgs)
	if err != nil && strings.HasPrefix(err.Error(), "NOSCRIPT ") {
		return p.evalBy("eval", script.Src, script.KeyCount, keysAndArgs)
	}
	return reply, err
}

func (p *pipeline) evalBy(command, script string, keys int, keysAndArgs []any) (any, error) {
	arguments := make([]any, 0, 3+len(keysAndArgs))
	arguments = append(arguments, command, script, keys)
	cmd := redis.NewCmd(context.Background(), append(arguments, keysAndArgs...)...)
	p.do(cmd)
	return cmd.Result()
}

// do returns when the command has its answer, which may be an error.
func (p *pipeline) do(command redis.Cmder) {
	r := requests.Get().(*request)
	defer requests.Put(r)
	r.command = command
	if p.join(r) || <-r.turn == sendsNext {
		p.send(r)
	}
	r.command = nil
}

// join has r wait with the others, and reports whether its goroutine is to send.
func (p *pipeline) join(r *request) (sends bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, r)
	sends = !p.sending
	p.sending = true
	return sends
}

// send makes one round trip for all that wait, mine among them.
func (p *pipeline) send(mine *request) {
	runtime.Gosched() // messages are received together: let those that are about to ask join
	p.mu.Lock()
	batch := p.waiting
	p.waiting = nil
	p.mu.Unlock()

	commands := make([]redis.Cmder, len(batch))
	for i, r := range batch {
		commands[i] = r.command
	}
	failure := p.roundTrip(commands)

	p.mu.Lock()
	if failure != nil { // those that wait have waited for this: a server that hangs costs them no second timeout
		for _, r := range p.waiting {
			r.command.SetErr(failure)
			batch = append(batch, r)
		}
		p.waiting = nil
	}
	if p.sending = len(p.waiting) > 0; p.sending {
		p.waiting[0].turn <- sendsNext
	}
	p.mu.Unlock()
	for _, r := range batch {
		if r != mine {
			r.turn <- answered
		}
	}
}

// roundTrip sends commands, each of which has its own answer then. It returns an error where the
// server could not be reached.
func (p *pipeline) roundTrip(commands []redis.Cmder) error {
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	pipe := p.client.Pipeline()
	_ = pipe.BatchProcess(ctx, commands...) // queues
	_, err := pipe.Exec(ctx)
	if _, answered := err.(redis.Error); err == nil || answered {
		return nil
	}
	return err
}
