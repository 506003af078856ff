package sqs

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/redlock"
)

// LockerOver is the client's own Locker, over nodes that a test makes.
func LockerOver(nodes []redlock.Node, expiry time.Duration) (locker Locker, wait func() error) {
	l, err := redlock.New(nodes, redlock.Options{Expiry: expiry})
	if err != nil {
		panic(err)
	}
	return redisLocker{l}, l.Close
}

// Lookup finds a handler as the client does.
func (r *Registry) Lookup(event string) (HandlerFunc, bool) {
	b, ok := r.lookup(event)
	if !ok {
		return nil, false
	}
	return b.call, true
}

// NewMessage makes a Message of what was received.
func NewMessage(raw *types.Message) *Message { return newMessage(raw, nil) }
