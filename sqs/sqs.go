package sqs

import "context"

// SQSClient is the package-level default client, which the functions of this package use.
var SQSClient = New()

// Initialize is SQSClient.Initialize.
func Initialize(ctx context.Context, opts ...Option) error {
	return SQSClient.Initialize(ctx, opts...)
}

// StartReceivingMessages is SQSClient.StartReceivingMessages.
func StartReceivingMessages(ctx context.Context) error {
	return SQSClient.StartReceivingMessages(ctx)
}

// StopReceivingMessages is SQSClient.StopReceivingMessages.
func StopReceivingMessages(ctx context.Context) error {
	return SQSClient.StopReceivingMessages(ctx)
}

// Run is SQSClient.Run.
func Run(ctx context.Context, opts ...Option) error {
	return SQSClient.Run(ctx, opts...)
}
