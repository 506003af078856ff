package sns

import (
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed08532102/iniesta/iniesta/config"
)

// Option changes a client. Options of New hold for every Initialize, those of Initialize come after them.
type Option func(*options)

type options struct {
	config    *config.Config
	awsConfig *aws.Config
	api       API
	region    string
	logger    *slog.Logger
	overrides []func(*config.Config)
}

func (o *options) override(f func(*config.Config)) { o.overrides = append(o.overrides, f) }

// settings are those given, else those of the environment, with what options change.
func (o *options) settings() (config.Config, error) {
	var c config.Config
	if o.config != nil {
		c = *o.config
	} else {
		loaded, err := config.Load(config.NoLocks) // a producer locks nothing
		if err != nil {
			return c, err
		}
		c = loaded
	}
	for _, f := range o.overrides {
		f(&c)
	}
	return c, c.Validate(config.NoLocks)
}

// WithConfig gives the settings, in place of those of the environment.
func WithConfig(c config.Config) Option { return func(o *options) { o.config = &c } }

// WithAWSConfig gives the SDK's configuration: credentials, region, HTTP client.
func WithAWSConfig(c aws.Config) Option { return func(o *options) { o.awsConfig = &c } }

// WithAPI gives another implementation of the calls to SNS.
func WithAPI(api API) Option { return func(o *options) { o.api = api } }

// WithTopicARN names the topic, in place of INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN.
func WithTopicARN(arn string) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.GlobalTopicARN = arn }) }
}

// WithEndpointURL names a server in place of AWS, as INIESTA_SNS_ENDPOINT_URL does.
func WithEndpointURL(url string) Option {
	return func(o *options) { o.override(func(c *config.Config) { c.SNSEndpointURL = url }) }
}

// WithRegion names the AWS region, which is that of the topic's ARN otherwise.
func WithRegion(region string) Option { return func(o *options) { o.region = region } }

// WithLogger logs to l and not to slog.Default.
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.logger = l } }
