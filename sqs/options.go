package sqs

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed08532102/iniesta/iniesta/config"
)

// Option changes how a client is set up. Options given to [New] come first, those given to
// [Client.Initialize] after them; the later of two wins. What no option says comes from the
// INIESTA_* settings of the environment.
type Option func(*options)

type options struct {
	config    *config.Config
	overrides []func(*config.Config)

	awsConfig   *aws.Config
	api         API
	region      string
	registry    *Registry
	lockClients []redis.UniversalClient
	locker      Locker
	minPollers  int
	middleware  []Middleware
	logger      *slog.Logger
	tracers     trace.TracerProvider
	meters      metric.MeterProvider
	backoff     func(receiveCount int) time.Duration
	hook        func(ctx context.Context, received int)
}

func (o *options) override(f func(*config.Config)) { o.overrides = append(o.overrides, f) }

// settings returns the configuration that the options and the environment amount to.
func (o *options) settings() (config.Config, error) {
	without := o.unused()
	if o.config == nil {
		loaded, err := config.Load(without...)
		if err != nil {
			return config.Config{}, err
		}
		o.config = &loaded
	}
	c := *o.config
	for _, override := range o.overrides {
		override(&c)
	}
	return c, c.Validate(without...)
}

// UnusedSettings are the groups of settings that a client with opts has no use for, such as INIESTA_CACHES with
// [WithoutLocks]. Give them to config.Load where the settings are loaded for the client.
func UnusedSettings(opts ...Option) []config.Unused {
	o := &options{}
	for _, option := range opts {
		option(o)
	}
	return o.unused()
}

// unused are the settings of locks that the options make needless.
func (o *options) unused() []config.Unused {
	switch {
	case o.locker != nil:
		return []config.Unused{config.NoLocks}
	case len(o.lockClients) > 0:
		return []config.Unused{config.NoLockNodes}
	}
	return nil
}

// WithConfig takes the settings from c and not from the environment. Start from config.Default.
func WithConfig(c config.Config) Option {
	return func(o *options) { o.config = &c }
}

// WithAWSConfig uses c for region, credentials and HTTP client.
func WithAWSConfig(c aws.Config) Option {
	return func(o *options) { o.awsConfig = &c }
}

// WithAPI uses api for every call of SQS.
func WithAPI(api API) Option {
	return func(o *options) { o.api = api }
}

// WithQueueName sets INIESTA_SQS_QUEUE_NAME: the queue's name, its URL or its ARN.
func WithQueueName(name string) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.QueueName = name }) }
}

// WithEndpointURL sets INIESTA_SQS_ENDPOINT_URL.
func WithEndpointURL(url string) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.SQSEndpointURL = url }) }
}

// WithRegion uses region before that of the environment and of INIESTA_AWS_DEFAULT_REGION.
func WithRegion(region string) Option {
	return func(o *options) { o.region = region }
}

// WithRegistry dispatches to the handlers of r and not to those of DefaultRegistry.
func WithRegistry(r *Registry) Option {
	return func(o *options) { o.registry = r }
}

// WithLockNodes locks on these Redis nodes, each a server of its own, and not on those of
// INIESTA_CACHES. The clients stay the caller's to close. Set ContextTimeoutEnabled on them, or a
// hung node costs their read timeout for each lock.
func WithLockNodes(nodes ...redis.UniversalClient) Option {
	return func(o *options) { o.lockClients, o.locker = nodes, nil }
}

// WithLocker locks with l and not on Redis.
func WithLocker(l Locker) Option {
	return func(o *options) { o.locker = l }
}

// WithoutLocks runs handlers without any lock: a message that SQS delivers twice runs twice. For
// queues with one consumer whose handlers may run again, and for tests.
func WithoutLocks() Option { return WithLocker(noLocker{}) }

// WithConcurrency sets INIESTA_SQS_CONCURRENCY, the most handlers that run at once.
func WithConcurrency(n int) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.Concurrency = n }) }
}

// WithPollers sets how many receives may be under way: least while the queue is idle (1 by default),
// most (INIESTA_SQS_MAX_POLLERS) under load.
func WithPollers(least, most int) Option {
	return func(o *options) {
		o.minPollers = least
		o.override(func(c *config.Config) { c.MaxPollers = most })
	}
}

// WithVisibilityTimeout sets INIESTA_SQS_VISIBILITY_TIMEOUT, in whole seconds; 0 takes the queue's.
func WithVisibilityTimeout(d time.Duration) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.VisibilityTimeout = d }) }
}

// WithHandlerTimeout sets INIESTA_HANDLER_TIMEOUT, after which a handler's context ends; 0 is never.
func WithHandlerTimeout(d time.Duration) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.HandlerTimeout = d }) }
}

// WithIdempotencyWindow sets INIESTA_IDEMPOTENCY_WINDOW, for which a handled message is not run
// again. 0 writes no mark: the lock is released once the delete is confirmed.
func WithIdempotencyWindow(d time.Duration) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.IdempotencyWindow = d }) }
}

// WithRetryBackoff sets when a failed message is seen again, from how often it was received (1 at the
// first failure). 0 leaves it to the visibility timeout, which is also the default.
func WithRetryBackoff(backoff func(receiveCount int) time.Duration) Option {
	return func(o *options) { o.backoff = backoff }
}

// WithShutdownTimeout sets INIESTA_SHUTDOWN_TIMEOUT, which running handlers have to end at a stop.
func WithShutdownTimeout(d time.Duration) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.ShutdownTimeout = d }) }
}

// WithMiddleware wraps every handler, the first given outermost. Several calls add up.
func WithMiddleware(m ...Middleware) Option {
	return func(o *options) { o.middleware = append(o.middleware, m...) }
}

// WithLogger logs to l and not to slog.Default.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) { o.logger = l }
}

// WithTracerProvider makes a span for each handler that runs. Without it there are no traces.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(o *options) { o.tracers = p }
}

// WithMeterProvider reports the counts of Stats and the time handlers take. Without it there are no
// metrics.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(o *options) { o.meters = p }
}

// WithPostReceiveHook calls hook after each successful receive, once its messages were handed over. The
// poller that received them waits for it. It mirrors Python's hook_post_receive_message_handler.
func WithPostReceiveHook(hook func(ctx context.Context, received int)) Option {
	return func(o *options) { o.hook = hook }
}
