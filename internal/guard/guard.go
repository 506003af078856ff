// Package guard calls code that users wrote: it may panic, or end its goroutine.
package guard

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// Error is a call of code that a user wrote, and that panicked, ended its goroutine or did not return in its time.
type Error struct {
	what    string // whose code it is
	value   string // what was passed to panic
	at      string // file:line, empty where that is not known
	exited  bool
	running bool
}

// What is whose code it is.
func (e *Error) What() string { return e.what }

// Error says whose code it is, where it panicked and with what.
func (e *Error) Error() string {
	switch {
	case e.running:
		return e.what + " has not returned in its time"
	case e.exited:
		return e.what + " ended its goroutine (runtime.Goexit)"
	case e.at == "":
		return fmt.Sprintf("%s panicked: %s", e.what, e.value)
	}
	return fmt.Sprintf("%s panicked at %s: %s", e.what, e.at, e.value)
}

// Call runs f and returns its error. A panic is an *Error that begins with what. A Goexit ends the
// caller's goroutine, as it would without Call.
func Call(what string, f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = panicked(what, value)
		}
	}()
	return f()
}

// Run is Call in a goroutine of its own, for which it waits: a Goexit is an *Error too.
func Run(what string, f func() error) (err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = &Error{what: what, exited: true}
		err = Call(what, f)
	}()
	<-done
	return err
}

// panicked is called by the function that recovered, while the frames of the panic are on the stack.
func panicked(what string, value any) *Error {
	return &Error{what: what, value: text(value), at: origin()}
}

// text is what package fmt prints, which calls the value's methods and recovers their panics.
func text(value any) string { return fmt.Sprintf("%v", value) }

// origin finds the frame below the panic.
func origin() string {
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers[:])])
	for inPanic := false; ; {
		frame, more := frames.Next()
		ofRuntime := strings.HasPrefix(frame.Function, "runtime.")
		if inPanic && !ofRuntime {
			return fmt.Sprintf("%s:%d", frame.File, frame.Line)
		}
		inPanic = inPanic || frame.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}

// Checked returns err where its methods work, and else an error that says that they do not. Errors are code of the user's:
// an Error, Is, As or Unwrap method of a nil pointer may panic.
func Checked(err error) error {
	if broken := Broken(err); broken != nil {
		return broken
	}
	return err
}

// Broken returns what is wrong with the methods of err, nil where they work.
func Broken(err error) error {
	if err == nil {
		return nil
	}
	return Call(fmt.Sprintf("a method of the error (%T)", err), func() error {
		_ = err.Error()
		_ = errors.Is(err, errNever) // calls every Is and Unwrap
		var never neverError
		_ = errors.As(err, &never) // calls every As
		return nil
	})
}

var errNever = errors.New("no code returns this error")

// neverError is an error type that no error has.
type neverError struct{ error }
