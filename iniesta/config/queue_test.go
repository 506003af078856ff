package config_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/iniesta/config"
)

func TestAQueueIsNamedByItsNameItsURLOrItsARN(t *testing.T) {
	const account = "123456789012"
	aws := func(host, region string) config.QueueRef {
		return config.QueueRef{Name: "orders", URL: "https://" + host + "/123456789012/orders", Account: account, Region: region}
	}
	tests := []struct {
		named, owner string
		want         config.QueueRef
	}{
		{"orders", "", config.QueueRef{Name: "orders"}},
		{"orders.fifo", account, config.QueueRef{Name: "orders.fifo", Account: account}},
		{"", account, config.QueueRef{Name: "iniesta-development-user", Account: account}},
		{"arn:aws:sqs:eu-west-1:123456789012:orders", "", config.QueueRef{Name: "orders", Account: account, Region: "eu-west-1"}},
		{"arn:aws-cn:sqs:cn-north-1:123456789012:orders.fifo", account, config.QueueRef{Name: "orders.fifo", Account: account, Region: "cn-north-1"}},
		{"https://sqs.eu-west-1.amazonaws.com/123456789012/orders", "", aws("sqs.eu-west-1.amazonaws.com", "eu-west-1")},
		{"https://sqs.eu-west-1.amazonaws.com/123456789012/orders", account, aws("sqs.eu-west-1.amazonaws.com", "eu-west-1")},
		{"https://sqs-fips.us-east-1.amazonaws.com/123456789012/orders", "", aws("sqs-fips.us-east-1.amazonaws.com", "us-east-1")},
		{"https://sqs.us-east-1.api.aws/123456789012/orders", "", aws("sqs.us-east-1.api.aws", "us-east-1")},
		{"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders", "", aws("sqs.cn-north-1.amazonaws.com.cn", "cn-north-1")},
		{"https://eu-west-1.queue.amazonaws.com/123456789012/orders", "", aws("eu-west-1.queue.amazonaws.com", "eu-west-1")},
		{"https://vpce-0a-1b.sqs.us-east-1.vpce.amazonaws.com/123456789012/orders", "", aws("vpce-0a-1b.sqs.us-east-1.vpce.amazonaws.com", "us-east-1")},
		{"http://localhost:4566/000000000000/orders", "", config.QueueRef{Name: "orders", URL: "http://localhost:4566/000000000000/orders", Account: "000000000000"}},
		{"http://localhost:4566/queue/us-east-1/000000000000/orders", "", config.QueueRef{Name: "orders", URL: "http://localhost:4566/queue/us-east-1/000000000000/orders", Account: "000000000000"}},
		{"http://localhost:9324/queue/orders.fifo", account, config.QueueRef{Name: "orders.fifo", URL: "http://localhost:9324/queue/orders.fifo", Account: account}},
	}
	for _, tt := range tests {
		c, err := config.LoadFrom(map[string]string{
			"SERVICE_NAME": "user", "INIESTA_SQS_QUEUE_NAME": tt.named, "INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID": tt.owner})
		require.NoError(t, err, tt.named)
		ref, err := c.Queue()
		require.NoError(t, err, tt.named)
		assert.Equal(t, tt.want, ref)
		name, err := c.ResolvedQueueName()
		require.NoError(t, err)
		assert.Equal(t, tt.want.Name, name)
		assert.Equal(t, tt.want.Name[len(tt.want.Name)-5:] == ".fifo", ref.FIFO())
	}
}

func TestAQueueThatCannotBeMeantIsRefused(t *testing.T) {
	const (
		badName = "a queue's name has 1 to 80 letters, digits, hyphens and underscores, and may end in .fifo"
		badARN  = "it is not the ARN of a queue, such as arn:aws:sqs:us-east-1:123456789012:orders"
		badURL  = "it is not the URL of a queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/orders"
	)
	for _, tt := range []struct{ named, owner, want string }{
		{"arn:aws:sns:us-east-1:123456789012:orders", "", `INIESTA_SQS_QUEUE_NAME="arn:aws:sns:us-east-1:123456789012:orders": ` + badARN},
		{"arn:aws:sqs:us-east-1:1234:orders", "", `INIESTA_SQS_QUEUE_NAME="arn:aws:sqs:us-east-1:1234:orders": ` + badARN},
		{"arn:aws:sqs::123456789012:orders", "", `INIESTA_SQS_QUEUE_NAME="arn:aws:sqs::123456789012:orders": ` + badARN},
		{"arn:aws:sqs:us-east-1:123456789012:a b", "", `INIESTA_SQS_QUEUE_NAME="arn:aws:sqs:us-east-1:123456789012:a b": ` + badName},
		{"https://sqs.us-east-1.amazonaws.com/orders", "", `INIESTA_SQS_QUEUE_NAME="https://sqs.us-east-1.amazonaws.com/orders": ` + badURL},
		{"https://sqs.us-east-1.amazonaws.com/123456789012/orders?x=1", "", `INIESTA_SQS_QUEUE_NAME="https://sqs.us-east-1.amazonaws.com/123456789012/orders": ` + badURL},
		{"https://user:hunter2@localhost/1/orders", "", `INIESTA_SQS_QUEUE_NAME="https://user:xxxxx@localhost/1/orders": ` + badURL},
		{"ftp://localhost/123456789012/orders", "", `INIESTA_SQS_QUEUE_NAME="ftp://localhost/123456789012/orders": ` + badURL},
		{"https://localhost/", "", `INIESTA_SQS_QUEUE_NAME="https://localhost/": ` + badURL},
		{"orders\u202e\x1b[2J", "", `INIESTA_SQS_QUEUE_NAME="orders\u202e\x1b[2J": ` + badName},
		{"orders", "12", `INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID="12": an account's id has 12 digits`},
		{"", "account", `INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID="account": an account's id has 12 digits`},
		{"arn:aws:sqs:us-east-1:123456789012:orders", "999999999999", `INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID="999999999999": ` +
			"INIESTA_SQS_QUEUE_NAME names a queue of the account 123456789012: leave this setting out, or name the account there"},
		{"https://sqs.us-east-1.amazonaws.com/123456789012/orders", "999999999999", `INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID="999999999999": ` +
			"INIESTA_SQS_QUEUE_NAME names a queue of the account 123456789012: leave this setting out, or name the account there"},
	} {
		_, err := config.LoadFrom(map[string]string{
			"INIESTA_SQS_QUEUE_NAME": tt.named, "INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID": tt.owner})
		assert.EqualError(t, err, "reading the settings: "+tt.want)
		c := config.Default()
		c.ServiceName, c.QueueName, c.QueueOwnerAccountID = "user", tt.named, tt.owner
		_, err = c.Queue()
		assert.EqualError(t, err, tt.want)
	}
}

func TestSettingsWithoutUseFailNothing(t *testing.T) {
	bad := map[string]string{"INIESTA_CACHES": "http://nowhere"}
	for setting, value := range map[string]string{"INIESTA_LOCK_TIMEOUT": "soon", "INIESTA_LOCK_RETRY_COUNT": "0", "": ""} {
		bad[setting] = value
		_, err := config.LoadFrom(bad, config.NoLocks)
		assert.NoError(t, err)
		_, err = config.LoadFrom(bad)
		assert.ErrorContains(t, err, "INIESTA_CACHES")
		_, err = config.LoadFrom(bad, config.NoLockNodes)
		assert.NotContains(t, errorText(err), "INIESTA_CACHES")
		assert.Equal(t, setting != "", err != nil, "the times of the locks count with other lock nodes too")
		delete(bad, setting)
	}
	c := config.Default()
	c.LockNodes, c.LockTimeout = nil, 0
	assert.ErrorContains(t, c.Validate(config.NoLockNodes), "INIESTA_LOCK_TIMEOUT")
	assert.NoError(t, c.Validate(config.NoLocks))
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
