package consumer

import "sync/atomic"

// Counters count what became of messages and calls.
type Counters struct {
	Received, Handled, Failed, Discarded, Deleted, Duplicates, Skipped, Merged, Released atomic.Int64
	DeleteFailures, LockFailures, LocksLost, LockExtensions, VisibilityExtensions        atomic.Int64
	ReceiveCalls, DeleteCalls, VisibilityCalls                                           atomic.Int64
	Running, Pollers                                                                     atomic.Int64
	CallbackFailures, DroppedLines                                                       atomic.Int64
}
