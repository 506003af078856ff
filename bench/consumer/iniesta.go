package consumer

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sqs"
)

// runIniesta is this library with its defaults.
func runIniesta(ctx context.Context, s Settings) error { return receiveMessages(ctx, s) }

// runIniestaWithoutLocks shows what the locks cost.
func runIniestaWithoutLocks(ctx context.Context, s Settings) error {
	return receiveMessages(ctx, s, sqs.WithoutLocks())
}

func receiveMessages(ctx context.Context, s Settings, more ...sqs.Option) error {
	settings := config.Default()
	settings.AWSAccessKeyID, settings.AWSSecretAccessKey, settings.AWSDefaultRegion = "bench", config.NewSecret("bench"), "us-east-1"
	settings.SQSEndpointURL, settings.QueueName = s.Endpoint, "bench"
	settings.LockNodes = nil
	for _, address := range s.Redis {
		settings.LockNodes = append(settings.LockNodes, config.NewRedisURL("redis://"+address))
	}
	if s.Concurrency > 0 {
		settings.Concurrency = s.Concurrency
	}
	err := sqs.AddHandler(func(_ context.Context, m *sqs.Message) error {
		s.Handle(sentAt(aws.ToString(m.MessageAttributes["sent"].StringValue)))
		return nil
	}, "UserUpdated.user")
	if err != nil {
		return err
	}
	return sqs.Run(ctx, append([]sqs.Option{sqs.WithConfig(settings)}, more...)...)
}
