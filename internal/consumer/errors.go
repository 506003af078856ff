package consumer

import "errors"

// Errors that the engine makes or heeds. Package sqs documents them.
var (
	ErrLockNotAcquired = errors.New("sqs: lock not acquired")
	ErrLockHeld        = errors.New("sqs: lock is held by another consumer")
	ErrLockLost        = errors.New("sqs: lock lost")
	ErrAlreadyHandled  = errors.New("sqs: message was already handled")
	ErrHandlerTimeout  = errors.New("sqs: handler ran out of time")
	ErrShutdown        = errors.New("sqs: shutdown timeout passed")
	ErrNotSettled      = errors.New("sqs: messages cannot be settled")
)
