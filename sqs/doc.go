// Package sqs consumes events from an SQS queue.
//
//	var userUpdated = sqs.Handler(func(ctx context.Context, m *sqs.Message) error {
//		fmt.Println(m.Event(), m.Body())
//		return nil
//	}, "UserUpdated.user")
//
//	func main() {
//		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
//		defer stop()
//		if err := sqs.Run(ctx); err != nil {
//			log.Fatal(err)
//		}
//	}
//
// Settings come from the environment (INIESTA_*, see package config) or from options. The package's
// functions use [SQSClient], the default client, and [DefaultRegistry], its handlers; [New] and
// [NewRegistry] make others.
//
// # What happens to a message
//
// Each message is received, locked on its id over several Redis nodes, given to the handler of its
// event, marked as done, deleted, and only then let go:
//
//	received --> locked --> running --> done --> deleted
//	    |           |          |
//	    |           |          +--> left      failed: reappears after its visibility timeout, or
//	    |           |                         when RetryAfter or WithRetryBackoff say
//	    |           +--> deleted              marked as done: a duplicate, not run again
//	    |           +--> skipped              another consumer has the lock
//	    +--> released                         no majority of the lock nodes, or a stop: visible again
//
// Its lock is extended until the mark is written, its visibility timeout until SQS confirms the delete, both up
// to INIESTA_MAX_EXTENSION. A delete that SQS does not confirm is asked for again. A handler's context ends when its time is up (ErrHandlerTimeout), when its
// lock is lost (ErrLockLost) and at the end of a shutdown (ErrShutdown); context.Cause says which. A
// handler that goes on all the same keeps its slot, lock and visibility until it returns, and when it
// returns nil its message was handled, however late.
//
// # Delivery
//
// Delivery is at least once, and duplicates are suppressed while the lock nodes keep their data: a
// handler that succeeded is not run again for the same message within the idempotency window, and at
// most one runs at any time. A process that dies between a handler's effect and its mark leaves the
// message to be run again.
//
// # Outages
//
// While no majority of the lock nodes takes a lock, or SQS refuses to delete, receiving pauses, so that messages do
// not walk to the dead-letter queue. It goes on by itself. [Client.Healthy] names the cause, [Client.Stats] counts
// what became of the messages. Code given to the client that panics, ends its goroutine or blocks is a failure of
// that one call.
//
// # FIFO queues
//
// Messages of one group run in order and one at a time, groups side by side. A message that fails
// holds back the rest of its group.
package sqs
