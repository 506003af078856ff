package guard

import (
	"context"
	"fmt"
	"time"
)

// grace is how long a call may take to return after its context has ended.
const grace = time.Second

// Do calls f in a goroutine of its own and returns its result. A panic and a Goexit are an *Error. So is a call that has
// not returned one second after ctx ended, because code that heeds ctx returns sooner; its result goes to late, where
// that is not nil, if it comes without an error.
func Do[T any](ctx context.Context, what string, f func() (T, error), late func(T)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		o := outcome{err: &Error{what: what, exited: true}}
		defer func() { done <- o }()
		err := Call(what, func() (err error) { o.value, err = f(); return err })
		o.err = err
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.value, o.err
	case <-timer.C:
	}
	if late != nil {
		go func() {
			if o := <-done; o.err == nil {
				_ = Call(what, func() error { late(o.value); return nil })
			}
		}()
	}
	var none T
	return none, fmt.Errorf("%w: %w", &Error{what: what, running: true}, context.Cause(ctx))
}
