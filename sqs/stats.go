package sqs

import "sync/atomic"

// Stats are counts since the client was made, and the present state where a name says so.
type Stats struct {
	Received   int64 // messages received, duplicates included
	Handled    int64 // handlers that succeeded
	Failed     int64 // handlers that failed, panicked or were not found
	Discarded  int64 // messages given up by their handler (Discard)
	Deleted    int64 // messages deleted
	Duplicates int64 // messages deleted without running, because they had been handled
	Skipped    int64 // messages left alone, because another consumer had their lock, or may have it by now
	TakenOver  int64 // second deliveries of a message in flight here
	GivenBack  int64 // messages made visible again without running: an outage of the lock nodes, a stop

	DeleteFailures       int64 // deletes given up after their retries
	LockFailures         int64 // locks that could not be marked or released
	LocksLost            int64 // handlers whose lock was lost while they ran
	LockExtensions       int64
	VisibilityExtensions int64 // visibility timeouts extended

	ReceiveCalls    int64 // ReceiveMessage calls
	DeleteCalls     int64 // DeleteMessageBatch calls
	VisibilityCalls int64 // ChangeMessageVisibilityBatch calls

	Running  int64 // handlers running now
	Overdue  int64 // of those, the ones whose context has ended: they were told to end, and hold a slot until they do
	InFlight int64 // messages received and not settled now
	Pollers  int64 // pollers now
}

// counters are the live Stats.
type counters struct {
	received, handled, failed, discarded, deleted, duplicates, skipped, takenOver, givenBack atomic.Int64
	deleteFailures, lockFailures, locksLost, lockExtensions, visibilityExtensions            atomic.Int64
	receiveCalls, deleteCalls, visibilityCalls                                               atomic.Int64
	running, pollers                                                                         atomic.Int64
}

func (c *counters) snapshot() Stats {
	return Stats{
		Received:   c.received.Load(),
		Handled:    c.handled.Load(),
		Failed:     c.failed.Load(),
		Discarded:  c.discarded.Load(),
		Deleted:    c.deleted.Load(),
		Duplicates: c.duplicates.Load(),
		Skipped:    c.skipped.Load(),
		TakenOver:  c.takenOver.Load(),
		GivenBack:  c.givenBack.Load(),

		DeleteFailures:       c.deleteFailures.Load(),
		LockFailures:         c.lockFailures.Load(),
		LocksLost:            c.locksLost.Load(),
		LockExtensions:       c.lockExtensions.Load(),
		VisibilityExtensions: c.visibilityExtensions.Load(),

		ReceiveCalls:    c.receiveCalls.Load(),
		DeleteCalls:     c.deleteCalls.Load(),
		VisibilityCalls: c.visibilityCalls.Load(),

		Running: c.running.Load(),
		Pollers: c.pollers.Load(),
	}
}
