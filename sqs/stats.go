package sqs

import "github.com/seed08532102/iniesta/internal/consumer"

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
	Released   int64 // messages made visible again without running: an outage of the lock nodes, a stop

	// GivenBack is Released.
	//
	// Deprecated: use Released.
	GivenBack int64

	DeleteFailures       int64 // deletes that SQS did not confirm within 20 s; each is asked for again until a stop
	LockFailures         int64 // locks that could not be marked or released
	LocksLost            int64 // handlers whose lock was lost while they ran
	LockExtensions       int64
	VisibilityExtensions int64 // visibility timeouts extended

	ReceiveCalls    int64 // ReceiveMessage calls
	DeleteCalls     int64 // DeleteMessageBatch calls
	VisibilityCalls int64 // ChangeMessageVisibilityBatch calls

	CallbackFailures int64 // calls of code given to the client (hook, logger, Locker, telemetry) that panicked or did not return
	DroppedLogLines  int64 // lines that were not logged, because too many wait for the logger

	Running  int64 // handlers running now
	Overdue  int64 // of those, the ones whose context has ended: they were told to end, and hold a slot until they do
	InFlight int64 // messages received and not settled now
	Pollers  int64 // pollers now
}

// statsOf are the counts at this moment.
func statsOf(c *consumer.Counters) Stats {
	return Stats{
		Received:   c.Received.Load(),
		Handled:    c.Handled.Load(),
		Failed:     c.Failed.Load(),
		Discarded:  c.Discarded.Load(),
		Deleted:    c.Deleted.Load(),
		Duplicates: c.Duplicates.Load(),
		Skipped:    c.Skipped.Load(),
		TakenOver:  c.Merged.Load(),
		Released:   c.Released.Load(),
		GivenBack:  c.Released.Load(),

		DeleteFailures:       c.DeleteFailures.Load(),
		LockFailures:         c.LockFailures.Load(),
		LocksLost:            c.LocksLost.Load(),
		LockExtensions:       c.LockExtensions.Load(),
		VisibilityExtensions: c.VisibilityExtensions.Load(),

		ReceiveCalls:    c.ReceiveCalls.Load(),
		DeleteCalls:     c.DeleteCalls.Load(),
		VisibilityCalls: c.VisibilityCalls.Load(),

		CallbackFailures: c.CallbackFailures.Load(),
		DroppedLogLines:  c.DroppedLines.Load(),

		Running: c.Running.Load(),
		Pollers: c.Pollers.Load(),
	}
}
