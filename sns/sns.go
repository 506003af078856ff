package sns

import "context"

// SNSClient is the package-level default client, which the functions of this package use.
var SNSClient = New()

// Initialize is SNSClient.Initialize.
func Initialize(ctx context.Context, opts ...Option) error { return SNSClient.Initialize(ctx, opts...) }

// CreateMessage is SNSClient.CreateMessage.
func CreateMessage(event string, body any, opts ...MessageOption) (*Message, error) {
	return SNSClient.CreateMessage(event, body, opts...)
}

// PublishBatch is SNSClient.PublishBatch.
func PublishBatch(ctx context.Context, messages []*Message) ([]Result, error) {
	return SNSClient.PublishBatch(ctx, messages)
}
