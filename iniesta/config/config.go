// Package config holds the INIESTA_* settings, which are those of Python's iniesta by name, default and
// meaning, and a few that are new.
//
//	c, err := config.Load() // the environment
//	if err != nil {
//		log.Fatal(err) // names every bad value
//	}
//	c.Concurrency = 20
//	err = sqs.Run(ctx, sqs.WithConfig(c))
//
// Times are in seconds, as in Python ("10", "2.5"), or with a unit ("500ms"). Lists are comma separated
// or a JSON array. An empty value is an unset one.
package config

import "time"

// Config is every setting. The zero value is refused by Validate; start from Default or Load. Printing
// a Config, in any way, shows no secrets.
type Config struct {
	// InitializationType is what the application does: any of QUEUE_POLLING, EVENT_POLLING,
	// SNS_PRODUCER and CUSTOM. Required by applications; the sqs package alone does without.
	InitializationType []string `env:"INIESTA_INITIALIZATION_TYPE"`
	// GlobalTopicARN is the SNS topic of every event. Required by SNS_PRODUCER and EVENT_POLLING.
	GlobalTopicARN string `env:"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN"`
	// ConsumerFilters are the events to receive, "Event.service" or "Event.*". Required by EVENT_POLLING.
	ConsumerFilters []string `env:"INIESTA_SQS_CONSUMER_FILTERS"`
	// AssertFilterPolicies has the subscription's filter policy compared with ConsumerFilters.
	AssertFilterPolicies bool `env:"INIESTA_ASSERT_FILTER_POLICIES" envDefault:"true"`
	// EventKey is the message attribute that names the event.
	EventKey string `env:"INIESTA_SNS_EVENT_KEY" envDefault:"iniesta_pass"`

	// QueueName is the queue: its name, its URL or its ARN; empty to make its name of QueueNameTemplate. A
	// queue of another account is named by its URL or its ARN, or with QueueOwnerAccountID. See Queue.
	QueueName string `env:"INIESTA_SQS_QUEUE_NAME"`
	// QueueOwnerAccountID is the account that owns the queue, 12 digits; empty is that of the credentials.
	// New in Go.
	QueueOwnerAccountID string `env:"INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID"`
	// QueueNameTemplate makes the queue's name of {env} and {service_name}.
	QueueNameTemplate string `env:"INIESTA_SQS_QUEUE_NAME_TEMPLATE" envDefault:"iniesta-{env}-{service_name}"`
	// ReceiveMaxMessages is the most messages of one receive, 1 to 10.
	ReceiveMaxMessages int `env:"INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES" envDefault:"10"`
	// ReceiveWaitTime is how long a receive waits for messages, 0 to 20 whole seconds.
	ReceiveWaitTime time.Duration `env:"INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS" envDefault:"20"`

	// LockNodes are the Redis nodes of the lock, redis://user:password@host:port/db or rediss://; see RedisURL.
	LockNodes []RedisURL `env:"INIESTA_CACHES" envDefault:"redis://localhost:6379/1,redis://localhost:6379/2,redis://localhost:6379/3"`
	// LockRetryCount is how often acquiring a lock is attempted.
	LockRetryCount int `env:"INIESTA_LOCK_RETRY_COUNT" envDefault:"1"`
	// LockTimeout is the life of a lock, which is extended while the handler runs.
	LockTimeout time.Duration `env:"INIESTA_LOCK_TIMEOUT" envDefault:"10"`

	// SQSEndpointURL and SNSEndpointURL are used in place of AWS.
	SQSEndpointURL string `env:"INIESTA_SQS_ENDPOINT_URL"`
	SNSEndpointURL string `env:"INIESTA_SNS_ENDPOINT_URL"`
	// AWSAccessKeyID, AWSSecretAccessKey and AWSDefaultRegion count where the environment has no AWS_*
	// of the same meaning, and come before the SDK's other sources.
	AWSAccessKeyID     string `env:"INIESTA_AWS_ACCESS_KEY_ID"`
	AWSSecretAccessKey Secret `env:"INIESTA_AWS_SECRET_ACCESS_KEY"`
	AWSDefaultRegion   string `env:"INIESTA_AWS_DEFAULT_REGION"`

	// DryRun has an application check and poll nothing.
	DryRun bool `env:"INIESTA_DRY_RUN" envDefault:"false"`
	// ServiceName ends the events that are sent, and is part of QueueNameTemplate.
	ServiceName string `env:"SERVICE_NAME"`
	// Environment is part of QueueNameTemplate.
	Environment string `env:"ENVIRONMENT" envDefault:"development"`

	// Concurrency is the most handlers that run at once. New in Go, as all that follows.
	Concurrency int `env:"INIESTA_SQS_CONCURRENCY" envDefault:"100"`
	// MaxPollers is the most pollers, each with one receive under way. While receives come back full, up to
	// twice as many helpers (none beside a single poller) fetch the backlog with them.
	MaxPollers int `env:"INIESTA_SQS_MAX_POLLERS" envDefault:"10"`
	// VisibilityTimeout is asked for with each receive, in whole seconds; 0 takes the queue's.
	VisibilityTimeout time.Duration `env:"INIESTA_SQS_VISIBILITY_TIMEOUT"`
	// HandlerTimeout ends a handler's context; 0 is never.
	HandlerTimeout time.Duration `env:"INIESTA_HANDLER_TIMEOUT"`
	// IdempotencyWindow is how long a handled message is not run again: WindowAuto for the larger of
	// 300 s and twice the visibility timeout, 0 for no longer than its delete takes.
	IdempotencyWindow time.Duration `env:"INIESTA_IDEMPOTENCY_WINDOW" envDefault:"-1ns"`
	// ShutdownTimeout is what running handlers have to end at a stop.
	ShutdownTimeout time.Duration `env:"INIESTA_SHUTDOWN_TIMEOUT" envDefault:"25"`
	// MaxExtension is how long after its receipt a message's lock and visibility timeout are extended
	// at most. Reaching it ends the handler's context.
	MaxExtension time.Duration `env:"INIESTA_MAX_EXTENSION" envDefault:"3600"`
	// LogMessageBody logs the body of a message whose handler failed.
	LogMessageBody bool `env:"INIESTA_LOG_MESSAGE_BODY" envDefault:"false"`
}

// WindowAuto is the IdempotencyWindow that follows the visibility timeout.
const WindowAuto time.Duration = -1

// Default returns the settings of an empty environment.
func Default() Config {
	c, err := parse(nil)
	if err != nil {
		panic(err) // the defaults are constants
	}
	return c
}

// Window is the idempotency window that goes with a visibility timeout.
func (c Config) Window(visibility time.Duration) time.Duration {
	if c.IdempotencyWindow >= 0 {
		return c.IdempotencyWindow
	}
	return max(300*time.Second, 2*visibility)
}
