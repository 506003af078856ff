package sim

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

// longest is what a simulation takes at most in real time, on a machine that has other things to do.
const longest = time.Minute

// watch ends the tests where a simulation does not end, and says which seed that was. Virtual time stands still
// while a goroutine waits for a sync.Mutex whose holder sleeps, and where a loop has no pause.
func watch(p *plan) (ended func() bool) {
	return time.AfterFunc(longest, func() {
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		fmt.Fprintf(os.Stderr, "\nThe simulation stands still: a lock is held while other code is called, or a loop has no pause. replay: %s\n", p)
		os.Exit(1)
	}).Stop
}
