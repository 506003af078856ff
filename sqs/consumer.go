package sqs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/redis/go-redis/v9"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/redlock"
)

// consumer is what Initialize makes of options and settings: everything resolved that a run and
// HandleMessage need.
type consumer struct {
	config        config.Config
	queue         *queue
	registry      *Registry
	locker        Locker
	visibility    time.Duration // never 0
	askVisibility bool          // the visibility timeout is not the queue's own
	window        time.Duration
	filters       FilterPolicy
	minPollers    int
	middleware    []Middleware
	chains        sync.Map // *binding -> HandlerFunc
	retryBackoff  func(receiveCount int) time.Duration
	hook          func(ctx context.Context, received int)
	credentials   aws.CredentialsProvider
	awsConfig     func(context.Context) (_ aws.Config, done func(), _ error) // for other services
	lockClients   []redis.UniversalClient                                    // none with a Locker of the caller's
	log           *slog.Logger
	stats         *counters
	health        *receiveHealth
	telemetry     *telemetry
	closers       []func() error
}

// defaultVisibility is SQS's own default, asked for where the queue's cannot be read.
const defaultVisibility = 30 * time.Second

// settleConns is how many deletes and visibility changes may be under way beside the receives.
const settleConns = 2 * flushers

// newConsumer resolves the queue and pings the lock nodes.
func newConsumer(ctx context.Context, o *options, stats *counters, present func() Stats) (*consumer, error) {
	settings, err := o.settings()
	if err != nil {
		return nil, fmt.Errorf("sqs: initializing: %w", err)
	}
	c := &consumer{
		config:       settings,
		registry:     o.registry,
		minPollers:   max(o.minPollers, 1),
		middleware:   o.middleware,
		retryBackoff: o.backoff,
		hook:         o.hook,
		log:          o.logger,
		stats:        stats,
	}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.minPollers > settings.MaxPollers {
		return nil, fmt.Errorf("sqs: initializing: WithPollers(%d, %d): the least is more than the most", c.minPollers, settings.MaxPollers)
	}
	if c.filters, err = filter.Parse(settings.EventKey, settings.ConsumerFilters); err != nil {
		return nil, fmt.Errorf("sqs: initializing: INIESTA_SQS_CONSUMER_FILTERS: %w", err)
	}
	c.health = &receiveHealth{log: c.logReceiveFailure}
	if err := c.open(ctx, o, present); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *consumer) open(ctx context.Context, o *options, present func() Stats) (err error) {
	if err := c.openQueue(ctx, o); err != nil {
		return fmt.Errorf("sqs: initializing: %w", err)
	}
	if err := c.openLocks(ctx, o); err != nil {
		return fmt.Errorf("sqs: initializing: %w", err)
	}
	c.window = c.config.Window(c.visibility)
	c.telemetry, err = newTelemetry(c.queue.name, o.tracers, o.meters, present)
	return err
}

// close releases what the consumer opened.
func (c *consumer) close() error {
	if c.telemetry != nil {
		c.telemetry.close()
	}
	var errs []error
	for _, close := range c.closers {
		errs = append(errs, close())
	}
	c.closers = nil
	return errors.Join(errs...)
}

func (c *consumer) openQueue(ctx context.Context, o *options) error {
	name, err := c.config.ResolvedQueueName()
	if err != nil {
		return err
	}
	c.queue = &queue{
		name: name, fifo: strings.HasSuffix(name, ".fifo"),
		eventKey: c.config.EventKey, serviceName: c.config.ServiceName,
	}
	region, err := c.openAPI(ctx, o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := c.queue.api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	if err != nil {
		return c.queueError(name, region, err)
	}
	c.queue.url = aws.ToString(out.QueueUrl)
	return c.readVisibility(ctx)
}

// openAPI makes the SDK's client and returns its region.
func (c *consumer) openAPI(ctx context.Context, o *options) (region string, err error) {
	if o.api != nil {
		c.queue.api = o.api
		c.awsConfig = func(ctx context.Context) (aws.Config, func(), error) { return c.loadConfig(ctx, o) }
		return o.region, nil
	}
	awsConfig, done, err := c.loadConfig(ctx, o)
	if err != nil {
		return "", err
	}
	c.closers = append(c.closers, func() error { done(); return nil })
	c.awsConfig = func(context.Context) (aws.Config, func(), error) { return awsConfig, func() {}, nil }
	c.credentials = awsConfig.Credentials
	c.queue.api = sqs.NewFromConfig(awsConfig, func(so *sqs.Options) {
		if c.config.SQSEndpointURL != "" {
			so.BaseEndpoint = &c.config.SQSEndpointURL
		}
		if o.region != "" {
			so.Region = o.region
		}
	})
	if o.region != "" {
		return o.region, nil
	}
	return awsConfig.Region, nil
}

// loadConfig returns the SDK's configuration, and what releases its connections.
func (c *consumer) loadConfig(ctx context.Context, o *options) (_ aws.Config, done func(), _ error) {
	if o.awsConfig != nil {
		given := o.awsConfig.Copy()
		given.HTTPClient = awsclient.Wrap(given.HTTPClient)
		return given, func() {}, nil
	}
	loaded, err := awsclient.Load(ctx, awsclient.Options{
		Region:          o.region,
		DefaultRegion:   c.config.AWSDefaultRegion,
		AccessKeyID:     c.config.AWSAccessKeyID,
		SecretAccessKey: c.config.AWSSecretAccessKey.Reveal(),
		EndpointURL:     c.config.SQSEndpointURL,
		MaxConns:        c.config.MaxPollers + helpers(c.config.MaxPollers) + settleConns,
	})
	if err != nil {
		return aws.Config{}, nil, err
	}
	return loaded, loaded.HTTPClient.(*awsclient.HTTPClient).CloseIdleConnections, nil
}

func (c *consumer) queueError(name, region string, err error) error {
	endpoint := c.config.SQSEndpointURL
	if endpoint == "" {
		endpoint = "AWS"
	}
	where := fmt.Sprintf("queue %q, region %q, endpoint %s", name, region, endpoint)
	api, ok := errors.AsType[smithy.APIError](err)
	if ok && (api.ErrorCode() == "AWS.SimpleQueueService.NonExistentQueue" || api.ErrorCode() == "QueueDoesNotExist") {
		return fmt.Errorf("%w: %s: create it, or set INIESTA_SQS_QUEUE_NAME, the region or INIESTA_SQS_ENDPOINT_URL to where it is: %w",
			ErrQueueNotFound, where, err)
	}
	return fmt.Errorf("resolving %s: %w", where, err)
}

// readVisibility takes the queue's visibility timeout unless the settings have one.
func (c *consumer) readVisibility(ctx context.Context) error {
	if c.visibility = c.config.VisibilityTimeout; c.visibility > 0 {
		c.askVisibility = true
		return nil
	}
	attributes, err := c.queue.attributes(ctx, types.QueueAttributeNameVisibilityTimeout)
	if err == nil {
		whole, _ := strconv.Atoi(attributes["VisibilityTimeout"])
		c.visibility = time.Duration(whole) * time.Second
	} else if ctx.Err() != nil {
		return err
	} else {
		c.log.Warn("[INIESTA] The queue's visibility timeout cannot be read; set INIESTA_SQS_VISIBILITY_TIMEOUT or allow sqs:GetQueueAttributes",
			slog.String("queue", c.queue.name), slog.Duration("used", defaultVisibility), slog.Any("error", err))
	}
	if c.visibility <= 0 {
		c.visibility, c.askVisibility = defaultVisibility, true
	}
	return nil
}

func (c *consumer) openLocks(ctx context.Context, o *options) error {
	if o.locker != nil {
		c.locker = o.locker
		return nil
	}
	nodes, err := c.lockNodes(o.lockClients)
	if err != nil {
		return err
	}
	locker, err := redlock.New(nodes, redlock.Options{Expiry: c.config.LockTimeout, Tries: c.config.LockRetryCount})
	if err != nil {
		return err
	}
	c.closers = append([]func() error{locker.Close}, c.closers...) // before the connections it uses
	c.locker = redisLocker{locker}
	if err := locker.Check(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrLockNotAcquired, err)
	}
	return nil
}

func (c *consumer) lockNodes(clients []redis.UniversalClient) ([]redlock.Node, error) {
	if len(clients) > 0 {
		c.warnOfSlowNodes(clients)
		c.lockClients = clients
		return redlock.NodesOf(clients...), nil
	}
	urls := make([]string, len(c.config.LockNodes))
	for i, node := range c.config.LockNodes {
		urls[i] = node.Reveal()
	}
	opened, nodes, err := redlock.Open(urls, c.log)
	if err != nil {
		return nil, err
	}
	c.lockClients = opened
	for _, client := range opened {
		c.closers = append(c.closers, client.Close)
	}
	return nodes, nil
}

// warnOfSlowNodes says which of the caller's clients do not heed the deadline of a command.
func (c *consumer) warnOfSlowNodes(clients []redis.UniversalClient) {
	for _, client := range clients {
		if node, ok := client.(*redis.Client); ok && !node.Options().ContextTimeoutEnabled {
			c.log.Warn("[INIESTA] A lock node that hangs costs its read timeout for each lock: set ContextTimeoutEnabled on its client",
				slog.String("node", node.Options().Addr))
		}
	}
}

// refreshCredentials forgets cached credentials that SQS refused as expired, so that the next call
// asks for new ones.
func (c *consumer) refreshCredentials(err error) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return
	}
	switch api.ErrorCode() {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException":
		if cache, ok := c.credentials.(interface{ Invalidate() }); ok {
			cache.Invalidate()
		}
	}
}

func (c *consumer) afterReceive(ctx context.Context, received int) {
	if c.hook != nil {
		c.callback("The post-receive hook", func() { c.hook(context.WithValue(ctx, insideKey{}, c), received) })
	}
}
