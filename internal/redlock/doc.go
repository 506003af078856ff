// Package redlock holds leases on names over several Redis nodes, by the redlock algorithm of redsync.
//
// A name is a key on every node, in one of three states:
//
//	absent     nobody has the lease
//	a token    somebody has it, until the key's time to live ends
//	DoneMark   the work was done; the key stays for the idempotency window
//
// Acquire sets a random token where the key is absent (SET key token PX ms NX), which is what
// aioredlock does, so that Python consumers and these exclude each other. MarkDone replaces the token
// by the mark in the one round trip that would have deleted it. Each needs a majority of the nodes.
//
// redsync answers as soon as a majority has (WithFailFast), so that a node which is down or hangs
// costs nothing. The commands to the other nodes must not be cut off then: a lock that only ever
// reaches two of three nodes is lost when one of them restarts, although a majority kept its data. So
// each command runs under a deadline of its own, and Close waits for the last of them.
//
// The commands of a lease go to all nodes at once, and those of leases that are asked for side by side
// share round trips: what comes while one is under way goes out with the next. Measured with a hundred
// leases at a time on three nodes (2 cores, servers included; the Benchmarks beside the tests): 124 us
// to lock and release with redsync as it comes, 32 us with go-redis's auto-pipelining under redsync, 13 us
// for a lease and its mark like this. What is saved beyond the round trips are redsync's three goroutines
// and channel for each operation. So redsync is asked where there is something to decide: it extends, it
// releases, and it judges a lock that no majority gave. That a majority gave a lock in time is seen
// without it, by the same rule.
//
// redsync extends a key that is gone by setting it again (WithSetNXOnExtend), which heals a node that
// restarted empty. That would also revive a lease that had ended on every node, and somebody may have
// worked meanwhile, so an extension that is not confirmed before the lease's end counts as lost.
//
// Ping asks for what a lock needs: it locks, reads, extends and releases a key of its own, unless a write of a lock
// was accepted a moment ago. A node that answers reads and refuses writes is no help. Check, for the start, also
// refuses a node of a cluster behind a client for one server, and one database under several names.
//
// What is promised: while a majority of the nodes keeps its data and the clocks run at nearly the same
// rate, a name has at most one holder. What is not: anything after a majority lost its data; a mark
// that only a minority has is found where the name is taken, and not where a majority is free; and a
// node that hung may carry out old commands when it wakes, which can keep a free name taken there for
// a lease's time, but takes it from nobody.
package redlock
