// Package consumer has the consumers that are measured, each in a file of its own: what a user would
// otherwise write or pick, and ours. Each runs in a process of its own and handles messages until its
// context ends.
package consumer

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Settings are those of every consumer; each heeds what it knows.
type Settings struct {
	Endpoint    string   // of the stub
	Redis       []string // addresses of the lock nodes
	Pollers     int      // of the SDK loops
	Concurrency int      // messages in flight, where that can be said
	Handle      func(sent time.Time)
}

// kinds are the consumers by name.
var kinds = map[string]func(context.Context, Settings) error{
	"sdk":             runSDK,
	"sdk-redsync":     runSDKRedsync,
	"sdk-autopipe":    runSDKAutoPipeline,
	"python":          runPython,
	"gocloud":         runGoCloud,
	"iniesta":         runIniesta,
	"iniesta-nolocks": runIniestaWithoutLocks,
}

// Kinds are the names that Run knows.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// Run handles messages until ctx ends.
func Run(ctx context.Context, kind string, s Settings) error {
	run, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("there is no consumer %q, only %q", kind, Kinds())
	}
	return run(ctx, s)
}

// sentAt reads the attribute in which the stub says when it sent a message.
func sentAt(text string) time.Time {
	nanoseconds, _ := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, nanoseconds)
}
