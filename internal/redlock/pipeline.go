package redlock

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// pipeline is a server whose commands share round trips: those that come while one is under way go out
// together with the next. One goroutine sends while anything waits; nobody lingers.
type pipeline struct {
	client  redis.UniversalClient
	timeout time.Duration // of a round trip

	mu      sync.Mutex
	sending bool
	waiting []request
	spare   []request // an array to use again
}

// request is one command that waits for its answer.
type request struct {
	command command
	wire    redis.Cmder
	from    *node
	to      sink
}

func (p *pipeline) start(c command, from *node, to sink) {
	r := request{c, c.wire(), from, to}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(p.waiting, r)
	if p.sending {
		return
	}
	p.sending = true
	p.startSending(from.commands)
}

// startSending starts the goroutine that sends. Close waits for it, as for a command.
func (p *pipeline) startSending(running *commands) {
	running.begin(1)
	go func() {
		defer running.end()
		p.send()
	}()
}

// send makes round trips until nothing waits.
func (p *pipeline) send() {
	var wires []redis.Cmder
	var asked []request // of the round trip under way
	defer func() {
		if asked != nil { // a hook of the client has ended this goroutine
			p.startSending(asked[0].from.commands)
			for _, r := range asked {
				r.from.answered(r.to, nil, errGoexit)
			}
		}
	}()
	for batch := p.next(nil); batch != nil; batch = p.next(batch) {
		wires = wires[:0]
		for _, r := range batch {
			wires = append(wires, r.wire)
		}
		asked = batch
		failure := p.roundTrip(wires)
		asked = nil
		for _, r := range batch {
			p.answer(r)
		}
		if failure != nil {
			p.failWaiting(failure)
		}
	}
}

// next is what goes out now, nil where nothing waits. The batch before it has been dealt with.
func (p *pipeline) next(before []request) []request {
	runtime.Gosched() // messages are received together: let those that are about to ask join
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(before)
	p.spare = before[:0]
	if len(p.waiting) == 0 {
		p.sending = false
		return nil
	}
	batch := p.waiting
	p.waiting = p.spare
	return batch
}

// failWaiting answers those that came during a round trip that failed: they have waited for it, and a
// server that hangs is not to cost them a second timeout.
func (p *pipeline) failWaiting(failure error) {
	p.mu.Lock()
	waiting := p.waiting
	p.waiting = nil
	p.mu.Unlock()
	for _, r := range waiting {
		r.from.answered(r.to, nil, failure)
	}
}

func (p *pipeline) answer(r request) {
	reply, err := r.command.reply(r.wire)
	if script, ok := r.command.(*eval); ok && redis.HasErrorPrefix(err, "NOSCRIPT") {
		p.start(script.loading(), r.from, r.to)
		return
	}
	r.from.answered(r.to, reply, err)
}

// roundTrip sends commands, each of which has its own answer then. It returns an error where the
// server could not be reached, or refused the connection (a wrong password): go-redis sets that on no command.
func (p *pipeline) roundTrip(wires []redis.Cmder) error {
	err := p.exec(wires)
	if err == nil {
		return nil
	}
	failed := slices.ContainsFunc(wires, func(w redis.Cmder) bool { return w.Err() != nil })
	if isAnswer(err) && failed {
		return nil
	}
	if !failed {
		for _, w := range wires {
			w.SetErr(err)
		}
	}
	return err
}

// exec sends commands. A hook of a user's client may panic.
func (p *pipeline) exec(wires []redis.Cmder) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("a hook of the client panicked: %v", broken)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), p.timeout)
	defer cancel()
	pipe := p.client.Pipeline()
	_ = pipe.BatchProcess(ctx, wires...) // queues
	_, err = pipe.Exec(ctx)
	return err
}

var errGoexit = errors.New("a hook of the client ended its goroutine (runtime.Goexit)")
