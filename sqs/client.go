package sqs

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/consumer"
	"github.com/seed08532102/iniesta/internal/filter"
)

// Client receives messages of one queue and runs handlers for them, once for each message under a
// lock on its id. Make one with [New], or use [SQSClient] through the package's functions. Its
// methods may be called from several goroutines.
//
// A client is new, initialized or receiving. Initialize makes it initialized, also a second time;
// StartReceivingMessages makes it receiving; a stop leads back to initialized, from where it can
// start again; Close leads back to new.
type Client struct {
	options []Option
	stats   consumer.Counters

	changing sync.Mutex // held by Initialize, Start and Close, so that one comes after the other

	mu       sync.Mutex // held for moments only
	registry *Registry
	setup    *setup        // nil until initialized
	run      *consumer.Run // the present or last one
}

// New makes a client. It does no I/O; mistakes in opts are reported by Initialize. The client shares
// DefaultRegistry unless WithRegistry gives it one of its own.
func New(opts ...Option) *Client {
	c := &Client{options: opts}
	c.registry = c.apply(nil).registry
	return c
}

func (c *Client) apply(opts []Option) *options {
	o := &options{registry: DefaultRegistry}
	if c.registry != nil {
		o.registry = c.registry
	}
	for _, option := range c.options {
		option(o)
	}
	for _, option := range opts {
		option(o)
	}
	return o
}

// AddHandler binds fn to events on the client's registry. See the package's AddHandler.
func (c *Client) AddHandler(fn any, events ...string) error {
	return c.currentRegistry().AddHandler(fn, events...)
}

// RegisterMethods binds the methods that obj.Handlers names on the client's registry. See the
// package's RegisterMethods.
func (c *Client) RegisterMethods(obj any) error {
	return c.currentRegistry().RegisterMethods(obj)
}

func (c *Client) currentRegistry() *Registry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.registry
}

// Initialize resolves the queue, reads its visibility timeout and asks the lock nodes for a write like that of a
// lock. It has to come before everything that talks to SQS. A second call sets the client up anew from New's options
// and its own; while messages are being received it returns ErrReceiving. A queue that does not exist
// is ErrQueueNotFound. Lock nodes of which no majority takes a lock, a node of a Redis Cluster behind a client for one
// server, and one database under several names are ErrLockNotAcquired.
func (c *Client) Initialize(ctx context.Context, opts ...Option) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.receiving() {
		return fmt.Errorf("sqs: initializing: %w: stop it first", ErrReceiving)
	}
	o := c.apply(opts)
	s, err := newSetup(ctx, o, &c.stats, c.Stats)
	if err != nil {
		return err
	}
	return c.replace(ctx, s, o.registry)
}

// replace takes the place of what an earlier Initialize made, waits for its HandleMessage calls, and closes it.
func (c *Client) replace(ctx context.Context, next *setup, registry *Registry) error {
	c.mu.Lock()
	old := c.setup
	c.setup, c.registry, c.run = next, registry, nil
	c.mu.Unlock()
	if old == nil {
		return nil
	}
	if old.engine.Inside(ctx) {
		go old.close() // after the handler that called, which this would wait for
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, old.config.ShutdownTimeout+callTimeout)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- old.close() }()
	select {
	case err := <-closed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("sqs: closing: HandleMessage is still under way, and its connections close after it: %w", ctx.Err())
	}
}

// receiving reports whether there is a run that has not ended.
func (c *Client) receiving() bool {
	r := c.currentRun()
	return r != nil && !r.Ended()
}

func (c *Client) currentRun() *consumer.Run {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run
}

// StartReceivingMessages begins to receive and returns at once. When ctx ends, receiving stops as by
// StopReceivingMessages; ctx's values reach the handlers. It returns ErrNotInitialized before
// Initialize, ErrReceiving while messages are being received, and what Registry.Err reports, since a
// handler that failed to register would leave its messages unhandled.
func (c *Client) StartReceivingMessages(ctx context.Context) error {
	c.changing.Lock()
	defer c.changing.Unlock()
	s, err := c.initialized("starting to receive")
	if err != nil {
		return err
	}
	if c.receiving() {
		return fmt.Errorf("sqs: starting to receive: %w", ErrReceiving)
	}
	if err := c.currentRegistry().Err(); err != nil {
		return fmt.Errorf("sqs: starting to receive: a handler could not be registered: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqs: starting to receive: %w", err)
	}
	r := s.engine.NewRun(ctx)
	c.mu.Lock()
	c.run = r // before anything runs: the first handler may stop the client
	c.mu.Unlock()
	r.Begin(ctx)
	return nil
}

// StopReceivingMessages stops receiving and drains: no receive begins any more, one that is under way
// is left to return, handlers that run finish and their messages are deleted, and what was received
// and not started is made visible again. After INIESTA_SHUTDOWN_TIMEOUT the contexts of handlers that
// still run end with ErrShutdown; those that do not return within three more seconds are reported as
// an error matching ErrShutdown, and keep their locks until they do. Where ctx ends earlier, all this
// ends earlier, with ctx's error matched as well.
//
// It may be called again, from several goroutines and before the start, and then waits for the same
// end or returns nil. Called with the context of one of its own handlers, or of its post-receive hook, it begins
// the stop and returns without waiting.
func (c *Client) StopReceivingMessages(ctx context.Context) error {
	r := c.currentRun()
	if r == nil {
		return nil
	}
	if r.Inside(ctx) {
		r.DrainSoon()
		return nil
	}
	return r.Drain(ctx)
}

// Run is the whole life of a consumer: it initializes the client, receives until ctx ends, drains as
// StopReceivingMessages does, and closes the client.
func (c *Client) Run(ctx context.Context, opts ...Option) error {
	if err := c.Initialize(ctx, opts...); err != nil {
		return err
	}
	if err := c.StartReceivingMessages(ctx); err != nil {
		return err
	}
	<-c.currentRun().Stopping()
	return c.Close(context.WithoutCancel(ctx))
}

// Close stops receiving, if need be, and releases the connections that Initialize opened. The client
// is new again: Initialize makes it usable. When messages could not be drained, Close leaves the
// connections to them and returns the error of StopReceivingMessages.
func (c *Client) Close(ctx context.Context) error {
	if err := c.StopReceivingMessages(ctx); err != nil {
		return err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	if c.receiving() { // started again meanwhile, or closed by a handler
		return fmt.Errorf("sqs: closing: %w", ErrReceiving)
	}
	return c.replace(ctx, nil, c.currentRegistry())
}

// initialized returns what Initialize made.
func (c *Client) initialized(doing string) (*setup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.setup == nil {
		return nil, fmt.Errorf("sqs: %s: %w: call Initialize first", doing, ErrNotInitialized)
	}
	return c.setup, nil
}

// HandleMessage runs the execution path for one message, without deleting it: lock, look for the
// handler, execute, mark done or release. It returns the handler's result. It mirrors Python's
// handle_message.
//
// Errors: [HandlerError] for a failed handler (ErrHandlerNotFound where there is none),
// ErrLockNotAcquired, ErrAlreadyHandled for a message that was handled within the idempotency window
// and should be deleted.
func (c *Client) HandleMessage(ctx context.Context, m *Message) (any, error) {
	if m == nil {
		return nil, errors.New("sqs: handling a message: it is nil")
	}
	s, err := c.beginProcessing()
	if err != nil {
		return nil, err
	}
	defer s.processing.Done()
	res := s.engine.Process(ctx, (&incoming{message: m}).forEngine())
	return res.Value, res.Err
}

// beginProcessing is initialized for HandleMessage, which Close waits for.
func (c *Client) beginProcessing() (*setup, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.setup == nil {
		return nil, fmt.Errorf("sqs: handling a message: %w: call Initialize first", ErrNotInitialized)
	}
	c.setup.processing.Add(1)
	return c.setup, nil
}

// CreateMessage makes a message to send: a string is sent as it is, anything else as JSON. It mirrors
// Python's create_message, and returns ErrNotInitialized before Initialize.
func (c *Client) CreateMessage(body any) (*Message, error) {
	s, err := c.initialized("creating a message")
	if err != nil {
		return nil, err
	}
	return newOutgoing(body, s.queue)
}

// QueueName is the queue's name, empty before Initialize.
func (c *Client) QueueName() string {
	if s, err := c.initialized(""); err == nil {
		return s.queue.name
	}
	return ""
}

// String names the queue. Without it package fmt would print what is inside, while that changes.
func (c *Client) String() string { return fmt.Sprintf("sqs.Client(%s)", c.QueueName()) }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// QueueURL is the queue's URL, empty before Initialize.
func (c *Client) QueueURL() string {
	if s, err := c.initialized(""); err == nil {
		return s.queue.url
	}
	return ""
}

// FilterPolicy is an SNS filter policy. It encodes to the JSON that SNS takes.
type FilterPolicy = filter.Policy

// Filters is the filter policy that the queue's subscription should have, made of
// INIESTA_SQS_CONSUMER_FILTERS: {"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]}. It is empty
// where no filters are set and before Initialize. Python: filters.
func (c *Client) Filters() FilterPolicy {
	if s, err := c.initialized(""); err == nil {
		return s.filters
	}
	return FilterPolicy{}
}

// QueueAttributes reads the queue's attributes, such as "RedrivePolicy" and "VisibilityTimeout", all of
// them where none are named. It returns ErrNotInitialized before Initialize, and the API's own error
// where they cannot be read (sqs:GetQueueAttributes).
func (c *Client) QueueAttributes(ctx context.Context, names ...string) (map[string]string, error) {
	s, err := c.initialized("reading the queue's attributes")
	if err != nil {
		return nil, err
	}
	wanted := []types.QueueAttributeName{types.QueueAttributeNameAll}
	if len(names) > 0 {
		wanted = wanted[:0]
		for _, name := range names {
			wanted = append(wanted, types.QueueAttributeName(name))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return s.queue.attributes(ctx, wanted...)
}

// Receiving reports whether messages are received, or were and are being drained.
func (c *Client) Receiving() bool { return c.receiving() }

// Registry is the client's registry of handlers.
func (c *Client) Registry() *Registry { return c.currentRegistry() }

// Stats returns the client's counts.
func (c *Client) Stats() Stats {
	s := statsOf(&c.stats)
	if r := c.currentRun(); r != nil {
		messages, overdue := r.InFlight()
		s.InFlight, s.Overdue = int64(messages), int64(overdue)
	}
	return s
}
