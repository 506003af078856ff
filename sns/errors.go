package sns

import "errors"

var (
	// ErrNotInitialized is returned by what needs Initialize first.
	ErrNotInitialized = errors.New("sns: client is not initialized")
	// ErrTopicNotFound is matched when the topic does not exist.
	ErrTopicNotFound = errors.New("sns: topic not found")
	// ErrInvalidMessage is matched by the refusal of what SNS would not take: an attribute, a subject, an
	// id or a size out of its limits.
	ErrInvalidMessage = errors.New("invalid message")
)
