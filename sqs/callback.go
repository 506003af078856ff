package sqs

import (
	"fmt"
	"log/slog"
	"runtime/debug"
)

// callback calls a function of the user's that handles no message, and waits for it. A panic of it, or the end
// of its goroutine, is logged and costs nothing else: neither receiving nor settling may end for it.
func (c *consumer) callback(name string, call func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		returned := false
		defer func() {
			if returned {
				return
			}
			why := "ended its goroutine (runtime.Goexit)"
			if value := recover(); value != nil {
				why = fmt.Sprintf("panicked: %v", value)
			}
			c.log.Error("[INIESTA] "+name+" "+why, slog.String("stack", string(debug.Stack())))
		}()
		call()
		returned = true
	}()
	<-done
}
