// Package awsclient is what the SQS and SNS clients share: credentials and region in the documented
// order, and an HTTP client that loses no response.
package awsclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Options of Load.
type Options struct {
	Region          string // before every other source
	DefaultRegion   string // INIESTA_AWS_DEFAULT_REGION
	AccessKeyID     string // INIESTA_AWS_ACCESS_KEY_ID
	SecretAccessKey string // INIESTA_AWS_SECRET_ACCESS_KEY
	EndpointURL     string // a server in place of AWS
	MaxConns        int    // calls that may be under way at once
}

// ErrNoRegion is matched when no source names a region.
var ErrNoRegion = errors.New("no AWS region is set")

// localRegion signs requests to a server in place of AWS where no region is set: such servers take any.
const localRegion = "us-east-1"

// Load returns the SDK's configuration. Credentials and region are those of the environment's AWS_*,
// then of the options' INIESTA_AWS_*, then of the SDK's other sources (profiles, roles of the
// container or machine). Credentials are cached and renewed before they expire. The HTTP client is an
// *HTTPClient.
func Load(ctx context.Context, o Options) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithCredentialsCacheOptions(func(c *aws.CredentialsCacheOptions) {
			c.ExpiryWindow, c.ExpiryWindowJitterFrac = time.Minute, 0.5
		}),
		config.WithHTTPClient(buildable(o.MaxConns)), // of the SDK's kind, which takes AWS_CA_BUNDLE in
	}
	if region := cmp.Or(o.Region, environmentRegion(), o.DefaultRegion); region != "" {
		options = append(options, config.WithRegion(region))
	}
	static, err := o.credentials()
	if err != nil {
		return aws.Config{}, err
	}
	if static != nil {
		options = append(options, config.WithCredentialsProvider(static))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	c.HTTPClient = fromBuildable(c.HTTPClient)
	if c.Region == "" && o.EndpointURL != "" {
		c.Region = localRegion
	}
	if c.Region == "" {
		return aws.Config{}, fmt.Errorf("loading the AWS configuration: %w: set AWS_DEFAULT_REGION or INIESTA_AWS_DEFAULT_REGION", ErrNoRegion)
	}
	return c, nil
}

// credentials returns those of the options, nil where the environment has its own or the SDK's other
// sources are to be asked.
func (o Options) credentials() (aws.CredentialsProvider, error) {
	id, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	if err := pair("AWS_ACCESS_KEY_ID", id, "AWS_SECRET_ACCESS_KEY", secret); err != nil {
		return nil, err
	}
	if err := pair("INIESTA_AWS_ACCESS_KEY_ID", o.AccessKeyID, "INIESTA_AWS_SECRET_ACCESS_KEY", o.SecretAccessKey); err != nil {
		return nil, err
	}
	if id != "" || o.AccessKeyID == "" {
		return nil, nil // the SDK reads AWS_* itself, with the session token
	}
	return credentials.NewStaticCredentialsProvider(o.AccessKeyID, o.SecretAccessKey, ""), nil
}

// pair refuses half a pair of keys.
func pair(idName, id, secretName, secret string) error {
	switch {
	case id == "" && secret != "":
		return fmt.Errorf("loading the AWS credentials: %s is set and %s is not: set both or neither", secretName, idName)
	case id != "" && secret == "":
		return fmt.Errorf("loading the AWS credentials: %s is set and %s is not: set both or neither", idName, secretName)
	}
	return nil
}

func environmentRegion() string {
	return cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
}
