package sns

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/awsclient"
)

// Client publishes to one topic. Make one with [New], or use [SNSClient] through the package's functions.
// Its methods may be called from several goroutines.
type Client struct {
	options []Option

	mu     sync.Mutex
	topic  *topic // nil until initialized
	logger *slog.Logger

	publishing        sync.WaitGroup // events of responses
	published, failed atomic.Int64
}

const (
	callTimeout = 10 * time.Second // for one call of the API, the SDK's retries included
	maxConns    = 64               // calls that may be under way without connections being made anew
)

// New makes a client. It does no I/O; mistakes in opts are reported by Initialize.
func New(opts ...Option) *Client { return &Client{options: opts} }

// Initialize resolves the settings and confirms that the topic exists. It returns an error matching
// ErrTopicNotFound where it does not. It may be called again, with other options. Python: initialize.
func (c *Client) Initialize(ctx context.Context, opts ...Option) error {
	o := &options{}
	for _, option := range append(append([]Option(nil), c.options...), opts...) {
		option(o)
	}
	settings, err := o.settings()
	if err != nil {
		return fmt.Errorf("sns: initializing: %w", err)
	}
	if settings.GlobalTopicARN == "" {
		return errors.New("sns: initializing: no topic is set: set INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN to its ARN")
	}
	t := &topic{
		arn: settings.GlobalTopicARN, fifo: strings.HasSuffix(settings.GlobalTopicARN, ".fifo"),
		eventKey: settings.EventKey, serviceName: settings.ServiceName, release: func() {},
	}
	region, err := t.open(ctx, o, settings)
	if err != nil {
		return fmt.Errorf("sns: initializing: %w", err)
	}
	if err := t.confirm(ctx, region, settings.SNSEndpointURL); err != nil {
		t.release()
		return fmt.Errorf("sns: initializing: %w", err)
	}
	c.replace(t, o.logger)
	return nil
}

// replace takes the place of what an earlier Initialize opened, and releases it.
func (c *Client) replace(t *topic, logger *slog.Logger) {
	c.mu.Lock()
	old := c.topic
	c.topic, c.logger = t, logger
	c.mu.Unlock()
	if old != nil {
		old.release()
	}
}

// log is WithLogger's, or slog's default one.
func (c *Client) log() *slog.Logger {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.logger == nil {
		return slog.Default()
	}
	return c.logger
}

// TopicARN is the topic's ARN, empty before Initialize.
func (c *Client) TopicARN() string {
	if t, err := c.initialized(""); err == nil {
		return t.arn
	}
	return ""
}

// String names the topic. Without it package fmt would print what is inside, while that changes.
func (c *Client) String() string { return fmt.Sprintf("sns.Client(%s)", c.TopicARN()) }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

func (c *Client) initialized(doing string) (*topic, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.topic == nil {
		return nil, fmt.Errorf("%w: %s: call Initialize first", ErrNotInitialized, doing)
	}
	return c.topic, nil
}

// open makes the SDK's client and returns its region.
func (t *topic) open(ctx context.Context, o *options, settings config.Config) (region string, err error) {
	region = cmp.Or(o.region, t.region())
	if o.api != nil {
		t.api = o.api
		return region, nil
	}
	awsConfig, err := awsConfig(ctx, o, settings, region)
	if err != nil {
		return "", err
	}
	if region != "" {
		awsConfig.Region = region
	}
	if client, ok := awsConfig.HTTPClient.(*awsclient.HTTPClient); ok && o.awsConfig == nil {
		t.release = client.CloseIdleConnections
	}
	t.api = sns.NewFromConfig(awsConfig, func(so *sns.Options) {
		if settings.SNSEndpointURL != "" {
			so.BaseEndpoint = &settings.SNSEndpointURL
		}
	})
	return awsConfig.Region, nil
}

// region is the one in the topic's ARN: no other has the topic.
func (t *topic) region() string {
	parsed, err := arn.Parse(t.arn)
	if err != nil {
		return ""
	}
	return parsed.Region
}

func awsConfig(ctx context.Context, o *options, settings config.Config, region string) (aws.Config, error) {
	if o.awsConfig != nil {
		given := o.awsConfig.Copy()
		given.HTTPClient = awsclient.Wrap(given.HTTPClient)
		return given, nil
	}
	return awsclient.Load(ctx, awsclient.Options{
		Region:          region,
		DefaultRegion:   settings.AWSDefaultRegion,
		AccessKeyID:     settings.AWSAccessKeyID,
		SecretAccessKey: settings.AWSSecretAccessKey.Reveal(),
		EndpointURL:     settings.SNSEndpointURL,
		MaxConns:        maxConns,
	})
}

// confirm asks for the topic.
func (t *topic) confirm(ctx context.Context, region, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := t.api.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &t.arn})
	if err == nil {
		return nil
	}
	if endpoint == "" {
		endpoint = "AWS"
	}
	where := fmt.Sprintf("topic %s, region %q, endpoint %s", t.arn, region, endpoint)
	if api, ok := errors.AsType[smithy.APIError](err); ok && strings.HasPrefix(api.ErrorCode(), "NotFound") {
		return fmt.Errorf("%w: %s: create it, or set INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN, the region or INIESTA_SNS_ENDPOINT_URL to where it is: %w",
			ErrTopicNotFound, where, err)
	}
	return fmt.Errorf("confirming %s: %w", where, err)
}
