package sqs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/consumer"
	"github.com/seed08532102/iniesta/internal/guard"
)

// Middleware wraps the execution of every handler, the first given outermost. It sees the message after it was locked,
// and its error decides like a handler's.
type Middleware func(next HandlerFunc) HandlerFunc

// incoming is a received message: the user's view of it, which the handler may change, and what SQS sent.
type incoming struct {
	message *Message
	raw     *types.Message // nil for HandleMessage
	own     Message        // what message points to where the message was received
}

// Decode makes the user's view of a received message, and copies out what the engine has to know.
func (s *setup) Decode(raw *types.Message) consumer.Message {
	in := &incoming{raw: raw}
	in.own.fill(raw, s.queue)
	in.message = &in.own
	in.own.Attributes = maps.Clone(raw.Attributes) // the log reads SQS's own, also while a handler's goroutine writes
	return in.forEngine()
}

// forEngine copies out what the engine has to know.
func (in *incoming) forEngine() consumer.Message {
	m := in.message
	return consumer.Message{
		ID: m.MessageID, Handle: m.ReceiptHandle, Group: m.GroupID(), Event: m.Event(), ReceiveCount: m.ReceiveCount(), Value: in,
	}
}

// incomingOf is the message that Decode or HandleMessage made.
func incomingOf(m *consumer.Message) *incoming { return m.Value.(*incoming) }

// Handle looks for the handler of a message that is locked, and executes it.
func (s *setup) Handle(ctx context.Context, m *consumer.Message) consumer.Result {
	in := incomingOf(m)
	if err := in.intact(); err != nil {
		return s.failure(m, "", err)
	}
	b, ok := s.registry.lookup(m.Event)
	if !ok {
		return s.failure(m, "", fmt.Errorf(
			"%w for event %q: bind one with AddHandler, or a default handler for every other event", ErrHandlerNotFound, m.Event))
	}
	ctx = s.telemetry.start(ctx, m, in, b)
	if res, overtaken := consumer.Overtaken(ctx); overtaken { // the telemetry is the user's, and may take its time
		s.telemetry.dropped(ctx)
		return res
	}
	value, err := s.call(ctx, in, b)
	if err == nil {
		return consumer.Result{Outcome: consumer.Handled, Value: value, Handler: b.name}
	}
	res := s.failure(m, b.name, err)
	res.Value = value
	s.judge(m, err, &res)
	return res
}

// Abandoned is the result of a Handle that ended its goroutine.
func (s *setup) Abandoned(m *consumer.Message) consumer.Result {
	return s.failure(m, "", &PanicError{})
}

// Report logs what became of a message.
func (s *setup) Report(m *consumer.Message, res consumer.Result) {
	if res.Outcome == consumer.Handled {
		s.logHandled(m, res)
		return
	}
	s.logFailure(m, res)
}

func (s *setup) failure(m *consumer.Message, handler string, err error) consumer.Result {
	return consumer.Result{Outcome: consumer.Failed, RetryAfter: leave, Handler: handler,
		Err: &HandlerError{Message: incomingOf(m).message, Handler: handler, Err: err, id: m.ID}}
}

// leave has a failed message come back when its visibility timeout ends.
const leave time.Duration = -1

// judge decides what an error of a handler asks for. The error is code of the user's, and is replaced where its methods
// do not work.
func (s *setup) judge(m *consumer.Message, err error, res *consumer.Result) {
	if broken := guard.Broken(err); broken != nil {
		res.Err = s.failure(m, res.Handler, fmt.Errorf("the handler returned an error (%T) that cannot be used: %w", err, broken)).Err
	} else if isDiscard(err) {
		res.Outcome = consumer.Discarded
		return
	} else if delay, asked := retryDelay(err); asked {
		res.RetryAfter = delay
		return
	}
	if s.retryBackoff != nil {
		res.RetryAfter = s.backoff(m.ReceiveCount)
	}
}

// backoff asks the user's backoff when a failed message is to be seen again. It waits for ten seconds at most.
func (s *setup) backoff(receiveCount int) time.Duration {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	delay, err := guard.Do(ctx, "the retry backoff", func() (time.Duration, error) { return s.retryBackoff(receiveCount), nil }, nil)
	if err != nil {
		s.callbackFailed(err)
	}
	if delay <= 0 {
		return leave
	}
	return delay
}

// call runs the handler and turns a panic into an error.
func (s *setup) call(ctx context.Context, in *incoming, b *binding) (value any, err error) {
	started := time.Now()
	returned := false
	defer func() {
		if !returned {
			err = &PanicError{Value: recover(), Stack: debug.Stack()}
		}
		err = withCause(ctx, err)
		s.telemetry.handled(ctx, b, time.Since(started), err)
	}()
	value, err = s.chained(b)(ctx, in.message)
	returned = true
	return value, err
}

// withCause adds why the context ended to the error of a handler that stopped for it.
func withCause(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if cause == nil || guard.Broken(err) != nil || errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w (%w)", err, cause)
}

// chained returns the handler inside the client's middleware. Chains are built once for each binding.
func (s *setup) chained(b *binding) HandlerFunc {
	if len(s.middleware) == 0 {
		return b.call
	}
	if chain, ok := s.chains.Load(b); ok {
		return chain.(HandlerFunc)
	}
	chain := b.call
	for i := len(s.middleware) - 1; i >= 0; i-- {
		if chain = s.middleware[i](chain); chain == nil {
			panic(fmt.Sprintf("sqs: middleware %d returned no handler", i+1))
		}
	}
	built, _ := s.chains.LoadOrStore(b, chain)
	return built.(HandlerFunc)
}

// intact refuses a message whose body is not what SQS has the checksum of.
func (in *incoming) intact() error {
	if in.raw == nil || in.own.MD5OfBody == "" || in.own.ChecksumBody() {
		return nil
	}
	return ErrChecksum
}
