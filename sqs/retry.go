package sqs

import (
	"errors"
	"fmt"
	"time"
)

// RetryAfter is what a handler returns to be run again no sooner than after d: the message's
// visibility timeout is set to d, rounded up to whole seconds, at most 12 hours from its receipt.
// The failure is logged with err as its cause.
func RetryAfter(d time.Duration, err error) error {
	return &retryError{after: max(d, 0), err: err}
}

// Discard is what a handler returns to have the message deleted although it was not handled: err is
// logged, and the message is never retried.
func Discard(err error) error {
	return &discardError{err: err}
}

type retryError struct {
	after time.Duration
	err   error
}

func (e *retryError) Error() string { return fmt.Sprintf("retry after %v: %v", e.after, e.err) }
func (e *retryError) Unwrap() error { return e.err }

type discardError struct{ err error }

func (e *discardError) Error() string { return fmt.Sprintf("discarded: %v", e.err) }
func (e *discardError) Unwrap() error { return e.err }

// retryDelay reports the delay that a handler asked for in err.
func retryDelay(err error) (time.Duration, bool) {
	retry, ok := errors.AsType[*retryError](err)
	if !ok {
		return 0, false
	}
	return retry.after, true
}

func isDiscard(err error) bool {
	_, ok := errors.AsType[*discardError](err)
	return ok
}
