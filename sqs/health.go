package sqs

import (
	"context"
	"fmt"
	"time"
)

// Healthy returns nil while the client does its work, and otherwise an error that says why it does
// not: ErrNotInitialized, ErrNotReceiving, ErrHandlerTimeout while every slot is taken by a handler that
// runs on although its context has ended, ErrLockNotAcquired while no majority of the lock nodes
// answers, or the last receive's error once no receive has succeeded for three long polls. It asks
// the lock nodes, within ctx.
func (c *Client) Healthy(ctx context.Context) error {
	consumer, err := c.initialized("checking health")
	if err != nil {
		return err
	}
	r := c.currentRun()
	if r == nil || r.stopping.Err() != nil {
		return fmt.Errorf("sqs: checking health: %w: call StartReceivingMessages", ErrNotReceiving)
	}
	if overdue := r.inflight.overdue(); overdue >= consumer.config.Concurrency {
		return fmt.Errorf("sqs: checking health: %w: all %d of %s run on although their contexts have ended, and nothing else can run: "+
			"have handlers end with their context, and restart", ErrHandlerTimeout, overdue, consumer.queue.name)
	}
	if reason := r.gate.paused(); reason != nil {
		return fmt.Errorf("sqs: receiving pauses: %w", reason)
	}
	if err := consumer.locker.Ping(ctx); err != nil {
		return fmt.Errorf("sqs: checking health: %w: %w", ErrLockNotAcquired, err)
	}
	return r.receiveHealth()
}

// receiveHealth judges the receives: failing, or silent for longer than three of them may take. A
// client whose slots are all taken does not receive and is well.
func (r *run) receiveHealth() error {
	failures, success, last := r.consumer.health.snapshot()
	if success.Before(r.started) {
		success = r.started
	}
	silent := time.Since(success)
	limit := 3 * max(r.consumer.config.ReceiveWaitTime, 5*time.Second)
	switch {
	case failures > 0 && (silent > limit || failures >= unhealthyFailures):
		return fmt.Errorf("sqs: receiving from %s failed %d times in a row, last success %s ago: %w",
			r.consumer.queue.name, failures, silent.Round(time.Second), last)
	case silent > limit && r.receiver.polling():
		return fmt.Errorf("sqs: no receive from %s has succeeded for %s", r.consumer.queue.name, silent.Round(time.Second))
	}
	return nil
}

// unhealthyFailures in a row are an outage, however short.
const unhealthyFailures = 3
