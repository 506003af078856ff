package sqs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/redis/go-redis/v9"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/consumer"
	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/guard"
	"github.com/seed08532102/iniesta/internal/redlock"
)

// setup is what Initialize makes of options and settings: everything resolved that the engine needs. It is the engine's
// Handler.
type setup struct {
	config        config.Config
	queue         *queue
	engine        *consumer.Consumer
	registry      *Registry
	locker        consumer.Locker
	visibility    time.Duration // never 0
	askVisibility bool          // the visibility timeout is not the queue's own
	filters       FilterPolicy
	minPollers    int
	middleware    []Middleware
	chains        sync.Map // *binding -> HandlerFunc
	retryBackoff  func(receiveCount int) time.Duration
	credentials   aws.CredentialsProvider
	awsConfig     func(context.Context) (_ aws.Config, done func(), _ error) // for other services
	lockClients   []redis.UniversalClient                                    // none with a Locker of the caller's
	log           *slog.Logger
	stats         *consumer.Counters
	telemetry     *telemetry
	closers       []func() error

	processing sync.WaitGroup // HandleMessage calls
}

// defaultVisibility is SQS's own default, asked for where the queue's cannot be read.
const defaultVisibility = 30 * time.Second

// callTimeout bounds one call of AWS that the client makes beside receiving.
const callTimeout = 10 * time.Second

// newSetup resolves the queue and asks the lock nodes.
func newSetup(ctx context.Context, o *options, stats *consumer.Counters, present func() Stats) (*setup, error) {
	settings, err := o.settings()
	if err != nil {
		return nil, fmt.Errorf("sqs: initializing: %w", err)
	}
	s := &setup{
		config:       settings,
		registry:     o.registry,
		minPollers:   max(o.minPollers, 1),
		middleware:   o.middleware,
		retryBackoff: o.backoff,
		log:          guardedLogger(o.logger, stats),
		stats:        stats,
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("sqs: initializing: %w", err)
	}
	// Providers, credentials and API are code of the user's.
	if err := guard.Run("code given to the client", func() error { return s.open(ctx, o, present) }); err != nil {
		_ = s.close()
		return nil, fmt.Errorf("sqs: initializing: %w", err)
	}
	return s, nil
}

// check refuses options that cannot be used together.
func (s *setup) check() (err error) {
	if s.minPollers > s.config.MaxPollers {
		return fmt.Errorf("WithPollers(%d, %d): the least is more than the most", s.minPollers, s.config.MaxPollers)
	}
	for i, m := range s.middleware {
		if m == nil {
			return fmt.Errorf("WithMiddleware: middleware %d is nil", i+1)
		}
	}
	if s.filters, err = filter.Parse(s.config.EventKey, s.config.ConsumerFilters); err != nil {
		return fmt.Errorf("INIESTA_SQS_CONSUMER_FILTERS: %w", err)
	}
	return nil
}

func (s *setup) open(ctx context.Context, o *options, present func() Stats) (err error) {
	if err := s.openQueue(ctx, o); err != nil {
		return err
	}
	if err := s.openLocks(ctx, o); err != nil {
		return err
	}
	if s.telemetry, err = s.openTelemetry(ctx, o, present); err != nil {
		return err
	}
	s.engine = s.newEngine(o)
	return nil
}

func (s *setup) openTelemetry(ctx context.Context, o *options, present func() Stats) (*telemetry, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return guard.Do(ctx, "a telemetry provider", func() (*telemetry, error) {
		return newTelemetry(s.queue.name, o, present, s.callbackFailed)
	}, (*telemetry).close)
}

func (s *setup) newEngine(o *options) *consumer.Consumer {
	return consumer.New(consumer.Options{
		Queue:              consumer.Queue{API: s.queue.api, Name: s.queue.name, URL: s.queue.url, FIFO: s.queue.fifo},
		Handler:            s,
		Locker:             s.locker,
		Log:                s.log,
		Counters:           s.stats,
		Visibility:         s.visibility,
		AskVisibility:      s.askVisibility,
		Window:             s.config.Window(s.visibility),
		MinPollers:         s.minPollers,
		MaxPollers:         s.config.MaxPollers,
		Concurrency:        s.config.Concurrency,
		ReceiveMaxMessages: s.config.ReceiveMaxMessages,
		ReceiveWaitTime:    s.config.ReceiveWaitTime,
		HandlerTimeout:     s.config.HandlerTimeout,
		MaxExtension:       s.config.MaxExtension,
		ShutdownTimeout:    s.config.ShutdownTimeout,
		AfterReceive:       o.hook,
		CallFailed:         s.refreshCredentials,
	})
}

// close waits for HandleMessage and releases what the setup opened.
func (s *setup) close() error {
	s.processing.Wait()
	if s.telemetry != nil {
		s.telemetry.close()
	}
	var errs []error
	for _, close := range s.closers {
		errs = append(errs, close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

func (s *setup) openQueue(ctx context.Context, o *options) error {
	named, err := s.config.Queue()
	if err != nil {
		return err
	}
	if o.region == "" {
		o.region = named.Region
	}
	s.queue = &queue{
		name: named.Name, url: named.URL, fifo: named.FIFO(), eventKey: s.config.EventKey, serviceName: s.config.ServiceName,
	}
	region, err := s.openAPI(ctx, o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if s.queue.url == "" {
		if err := s.findQueue(ctx, named.Account, region); err != nil {
			return err
		}
	}
	return s.readVisibility(ctx)
}

// findQueue asks for the URL of the queue, in the account that owns it.
func (s *setup) findQueue(ctx context.Context, account, region string) error {
	in := &sqs.GetQueueUrlInput{QueueName: &s.queue.name}
	if account != "" {
		in.QueueOwnerAWSAccountId = &account
	}
	out, err := guard.Do(ctx, "the API's GetQueueUrl", func() (*sqs.GetQueueUrlOutput, error) {
		out, err := s.queue.api.GetQueueUrl(ctx, in)
		return out, guard.Checked(err)
	}, nil)
	if err != nil {
		return s.queueError(s.queue.name, region, err)
	}
	if out == nil || aws.ToString(out.QueueUrl) == "" {
		return fmt.Errorf("resolving queue %q: the API's GetQueueUrl returned neither a URL nor an error", s.queue.name)
	}
	s.queue.url = *out.QueueUrl
	return nil
}

// openAPI makes the SDK's client and returns its region.
func (s *setup) openAPI(ctx context.Context, o *options) (region string, err error) {
	if o.api != nil {
		s.queue.api = o.api
		s.awsConfig = func(ctx context.Context) (aws.Config, func(), error) { return s.loadConfig(ctx, o) }
		return o.region, nil
	}
	awsConfig, done, err := s.loadConfig(ctx, o)
	if err != nil {
		return "", err
	}
	s.closers = append(s.closers, func() error { done(); return nil })
	s.awsConfig = func(context.Context) (aws.Config, func(), error) { return awsConfig, func() {}, nil }
	s.credentials = awsConfig.Credentials
	s.queue.api = sqs.NewFromConfig(awsConfig, func(so *sqs.Options) {
		so.DisableMessageChecksumValidation = true // each message is checked by itself, and MD5 may be forbidden
		if s.config.SQSEndpointURL != "" {
			so.BaseEndpoint = &s.config.SQSEndpointURL
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
func (s *setup) loadConfig(ctx context.Context, o *options) (_ aws.Config, done func(), _ error) {
	if o.awsConfig != nil {
		given := o.awsConfig.Copy()
		given.HTTPClient = awsclient.Wrap(given.HTTPClient)
		return given, func() {}, nil
	}
	loaded, err := awsclient.Load(ctx, awsclient.Options{
		Region:          o.region,
		DefaultRegion:   s.config.AWSDefaultRegion,
		AccessKeyID:     s.config.AWSAccessKeyID,
		SecretAccessKey: s.config.AWSSecretAccessKey.Reveal(),
		EndpointURL:     s.config.SQSEndpointURL,
		MaxConns:        s.config.MaxPollers + consumer.Helpers(s.config.MaxPollers) + consumer.Calls,
	})
	if err != nil {
		return aws.Config{}, nil, err
	}
	return loaded, loaded.HTTPClient.(*awsclient.HTTPClient).CloseIdleConnections, nil
}

func (s *setup) queueError(name, region string, err error) error {
	endpoint := s.config.SQSEndpointURL
	if endpoint == "" {
		endpoint = "AWS"
	}
	where := fmt.Sprintf("queue %q, region %q, endpoint %s", name, region, endpoint)
	if awsclient.Code(err) == "QueueDoesNotExist" {
		return fmt.Errorf("%w: %s: create it, or set INIESTA_SQS_QUEUE_NAME, the region or INIESTA_SQS_ENDPOINT_URL to where it is: %w",
			ErrQueueNotFound, where, err)
	}
	return fmt.Errorf("resolving %s: %w", where, err)
}

// readVisibility takes the queue's visibility timeout unless the settings have one.
func (s *setup) readVisibility(ctx context.Context) error {
	if s.visibility = s.config.VisibilityTimeout; s.visibility > 0 {
		s.askVisibility = true
		return nil
	}
	attributes, err := s.queue.attributes(ctx, types.QueueAttributeNameVisibilityTimeout)
	if err == nil {
		whole, _ := strconv.Atoi(attributes["VisibilityTimeout"])
		s.visibility = time.Duration(whole) * time.Second
	} else if ctx.Err() != nil {
		return err
	} else {
		s.log.Warn("[INIESTA] The queue's visibility timeout cannot be read; set INIESTA_SQS_VISIBILITY_TIMEOUT or allow sqs:GetQueueAttributes",
			slog.String("queue", s.queue.name), slog.Duration("used", defaultVisibility), slog.Any("error", err))
	}
	if s.visibility <= 0 {
		s.visibility, s.askVisibility = defaultVisibility, true
	}
	return nil
}

func (s *setup) openLocks(ctx context.Context, o *options) error {
	if o.locker != nil {
		s.locker = lockerOf(o.locker, s.callbackFailed)
		return nil
	}
	nodes, err := s.lockNodes(o.lockClients)
	if err != nil {
		return err
	}
	locker, err := redlock.New(nodes, redlock.Options{Expiry: s.config.LockTimeout, Tries: s.config.LockRetryCount})
	if err != nil {
		return err
	}
	s.closers = append([]func() error{locker.Close}, s.closers...) // before the connections it uses
	s.locker = lockerOf(redisLocker{locker}, s.callbackFailed)
	if err := locker.Check(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrLockNotAcquired, err)
	}
	return nil
}

func (s *setup) lockNodes(clients []redis.UniversalClient) ([]redlock.Node, error) {
	if len(clients) > 0 {
		s.warnOfSlowNodes(clients)
		s.lockClients = clients
		return redlock.NodesOf(clients...), nil
	}
	urls := make([]string, len(s.config.LockNodes))
	for i, node := range s.config.LockNodes {
		urls[i] = node.Reveal()
	}
	opened, nodes, err := redlock.Open(urls, s.log)
	if err != nil {
		return nil, err
	}
	s.lockClients = opened
	for _, client := range opened {
		s.closers = append(s.closers, client.Close)
	}
	return nodes, nil
}

// warnOfSlowNodes says which of the caller's clients do not heed the deadline of a command.
func (s *setup) warnOfSlowNodes(clients []redis.UniversalClient) {
	for _, client := range clients {
		if node, ok := client.(*redis.Client); ok && !node.Options().ContextTimeoutEnabled {
			s.log.Warn("[INIESTA] A lock node that hangs costs its read timeout for each lock: set ContextTimeoutEnabled on its client",
				slog.String("node", node.Options().Addr))
		}
	}
}

// refreshCredentials forgets cached credentials that SQS refused as expired, so that the next call asks for new ones.
func (s *setup) refreshCredentials(err error) {
	switch awsclient.Code(err) {
	case "ExpiredToken", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClient":
		if cache, ok := s.credentials.(interface{ Invalidate() }); ok {
			ctx, cancel := context.WithTimeout(context.Background(), callbackTimeout)
			defer cancel()
			_, failed := guard.Do(ctx, "the credentials' Invalidate", func() (struct{}, error) { cache.Invalidate(); return struct{}{}, nil }, nil)
			if failed != nil {
				s.callbackFailed(failed)
			}
		}
	}
}
