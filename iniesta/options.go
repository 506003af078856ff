package iniesta

import (
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

// Option changes how an application is set up. What no option says comes from the environment.
type Option func(*options)

type options struct {
	config     *config.Config
	awsConfig  *aws.Config
	logger     *slog.Logger
	sqs        *sqs.Client
	sns        *sns.Client
	sqsOptions []sqs.Option
	snsOptions []sns.Option
	python     bool
}

// WithConfig takes the settings from c and not from the environment. Start from config.Default.
func WithConfig(c config.Config) Option { return func(o *options) { o.config = &c } }

// WithAWSConfig uses c for region, credentials and HTTP client, of SQS and SNS.
func WithAWSConfig(c aws.Config) Option { return func(o *options) { o.awsConfig = &c } }

// WithLogger logs to l and not to slog.Default.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }

// WithClients uses other clients than sqs.SQSClient and sns.SNSClient. Such an application does not count
// as the one that a process has.
func WithClients(queue *sqs.Client, topic *sns.Client) Option {
	return func(o *options) { o.sqs, o.sns = queue, topic }
}

// WithSQS gives options to the client of SQS: middleware, telemetry, lock nodes.
func WithSQS(opts ...sqs.Option) Option {
	return func(o *options) { o.sqsOptions = append(o.sqsOptions, opts...) }
}

// WithSNS gives options to the client of SNS.
func WithSNS(opts ...sns.Option) Option {
	return func(o *options) { o.snsOptions = append(o.snsOptions, opts...) }
}

func newOptions(opts []Option) *options {
	o := &options{sqs: sqs.SQSClient, sns: sns.SNSClient, logger: slog.Default()}
	for _, option := range opts {
		option(o)
	}
	return o
}

// shared reports whether the package-level clients are used.
func (o *options) shared() bool { return o.sqs == sqs.SQSClient || o.sns == sns.SNSClient }

// settings are those given, else those of the environment.
func (o *options) settings() (config.Config, error) {
	if o.config == nil {
		return config.Load(sqs.UnusedSettings(o.sqsOptions...)...)
	}
	return *o.config, o.config.Validate(sqs.UnusedSettings(o.sqsOptions...)...)
}

func (o *options) forSQS(c config.Config) []sqs.Option {
	all := []sqs.Option{sqs.WithConfig(c), sqs.WithLogger(o.logger)}
	if o.awsConfig != nil {
		all = append(all, sqs.WithAWSConfig(*o.awsConfig))
	}
	return append(all, o.sqsOptions...)
}

func (o *options) forSNS(c config.Config) []sns.Option {
	all := []sns.Option{sns.WithConfig(c), sns.WithLogger(o.logger)}
	if o.awsConfig != nil {
		all = append(all, sns.WithAWSConfig(*o.awsConfig))
	}
	return append(all, o.snsOptions...)
}
