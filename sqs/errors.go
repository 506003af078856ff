package sqs

import (
	"errors"
	"fmt"

	"github.com/seed08532102/iniesta/internal/consumer"
)

// Errors of registration.
var (
	// ErrInvalidHandler is matched by every refusal of a handler for what it is: not a function, a
	// signature that is not one of the accepted forms, a Handlers method that cannot be used.
	ErrInvalidHandler = errors.New("invalid handler")
	// ErrInvalidEvent is matched by the refusal of an event name: empty, or a wildcard that is not a prefix.
	ErrInvalidEvent = errors.New("invalid event")
	// ErrDuplicateEvent is matched when an event is bound a second time.
	ErrDuplicateEvent = errors.New("event is already bound")
)

// Errors of handling.
var (
	// ErrHandlerNotFound is matched when neither the event, nor a prefix of it, nor the default has a
	// handler. Python raises KeyError here.
	ErrHandlerNotFound = errors.New("sqs: handler not found")
	// ErrLockNotAcquired is matched when a message could not be locked: another consumer holds the
	// lock ([ErrLockHeld] matches too), or no majority of the lock nodes answered.
	ErrLockNotAcquired = consumer.ErrLockNotAcquired
	// ErrLockHeld is matched when another consumer is handling the message.
	ErrLockHeld = consumer.ErrLockHeld
	// ErrLockLost is the cause of a handler's ended context when its lock was lost while it ran:
	// another consumer may be handling the message.
	ErrLockLost = consumer.ErrLockLost
	// ErrAlreadyHandled is matched when a handler has succeeded for the message within the
	// idempotency window: the message is a duplicate, to be deleted and not run.
	ErrAlreadyHandled = consumer.ErrAlreadyHandled
	// ErrHandlerTimeout is the cause of a handler's ended context when INIESTA_HANDLER_TIMEOUT or
	// INIESTA_MAX_EXTENSION passed.
	ErrHandlerTimeout = consumer.ErrHandlerTimeout
	// ErrShutdown is the cause of a handler's ended context when the shutdown timeout passed, and is
	// matched by what StopReceivingMessages returns when handlers were still running then.
	ErrShutdown = consumer.ErrShutdown
	// ErrNotSettled is matched by Healthy's error while messages cannot be deleted, kept, made visible or marked: the
	// text names the permission or the cause.
	ErrNotSettled = consumer.ErrNotSettled
	// ErrChecksum is matched when the body of a message is not the one that SQS has the checksum of. The message is
	// left.
	ErrChecksum = errors.New("sqs: the body does not have the checksum that SQS sent with it")
)

// Errors of the client.
var (
	// ErrNotInitialized is returned by what needs Initialize first.
	ErrNotInitialized = errors.New("sqs: client is not initialized")
	// ErrReceiving is returned by what cannot be done while messages are being received.
	ErrReceiving = errors.New("sqs: client is receiving messages")
	// ErrNotReceiving is returned by Healthy when messages are not being received.
	ErrNotReceiving = errors.New("sqs: client is not receiving messages")
	// ErrQueueNotFound is matched when the queue does not exist.
	ErrQueueNotFound = errors.New("sqs: queue not found")
	// ErrSubscriptionNotFound is matched when the queue is not subscribed to a topic.
	ErrSubscriptionNotFound = errors.New("sqs: subscription not found")
	// ErrFilterMismatch is matched when the filter policy of the queue's subscription is not that of the
	// settings.
	ErrFilterMismatch = errors.New("sqs: filter policies differ")
	// ErrPermissionNotFound is matched when the queue's policy does not let a topic send to it.
	ErrPermissionNotFound = errors.New("sqs: permission not found")
)

// HandlerError is the failure of a handler for a message: an error it returned, a panic
// ([PanicError] is its cause), an event without handler, or a payload that could not be decoded.
type HandlerError struct {
	Message *Message
	Handler string // the handler's name, empty where none was found
	Err     error

	id string // of Message, which its handler may have changed
}

// Error names the handler, the event and the cause, never the body.
func (e *HandlerError) Error() string {
	id := e.id
	if id == "" && e.Message != nil {
		id = e.Message.MessageID
	}
	if e.Handler == "" {
		return fmt.Sprintf("sqs: handling message %s: %v", id, e.Err)
	}
	return fmt.Sprintf("sqs: handling message %s with %s: %v", id, e.Handler, e.Err)
}

// Unwrap returns the cause.
func (e *HandlerError) Unwrap() error { return e.Err }

// PanicError is a panic of a handler, or a handler that ended its goroutine (runtime.Goexit).
type PanicError struct {
	Value any // what was passed to panic; nil for runtime.Goexit
	Stack []byte
}

// Error says what was passed to panic.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return "handler ended its goroutine (runtime.Goexit)"
	}
	return fmt.Sprintf("handler panicked: %v", e.Value)
}

// Unwrap returns the panic's value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
