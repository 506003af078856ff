package sqs

import (
	"context"
	"fmt"
)

// Healthy returns nil while the client does its work, and otherwise an error that says why it does not:
//
//   - ErrNotInitialized or ErrNotReceiving;
//   - ErrHandlerTimeout while every slot is taken by a handler that runs on although its context has ended;
//   - ErrLockNotAcquired while no majority of the lock nodes takes a lock, which it tries within ctx;
//   - ErrNotSettled while SQS refuses to delete messages or to change their visibility timeout, with the permission or
//     the cause, or while handled messages cannot be marked;
//   - the last receive's error once no receive has succeeded for three long polls, and the reason where nothing receives.
func (c *Client) Healthy(ctx context.Context) error {
	s, err := c.initialized("checking health")
	if err != nil {
		return err
	}
	r := c.currentRun()
	if r == nil || r.IsStopping() {
		return fmt.Errorf("sqs: checking health: %w: call StartReceivingMessages", ErrNotReceiving)
	}
	if err := r.Healthy(); err != nil {
		return fmt.Errorf("sqs: checking health: %w", err)
	}
	if err := s.locker.Ping(ctx); err != nil {
		return fmt.Errorf("sqs: checking health: %w: %w", ErrLockNotAcquired, err)
	}
	return nil
}
