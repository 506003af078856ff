// Package guard calls code that users wrote: it may panic, or end its goroutine.
package guard

import (
	"fmt"
	"runtime"
	"strings"
)

// Error is a panic, or a runtime.Goexit, of code that a user wrote.
type Error struct {
	what   string // whose code it is
	value  string // what was passed to panic
	at     string // file:line, empty where that is not known
	exited bool
}

// Error says whose code it is, where it panicked and with what.
func (e *Error) Error() string {
	switch {
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
