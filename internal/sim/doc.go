// Package sim attacks the library's promises by simulation: consumers of both languages, producers, an SQS and
// lock nodes in one bubble of virtual time, with faults drawn from a seed. The real client, the real SDK and
// the real redsync run in it; what they do is kept in a ledger that knows the promises.
//
//	go test ./internal/sim                                               # some seeds
//	make sim SEEDS=100000                                                # many
//	INIESTA_SIM_WITH=writes,logger go test ./internal/sim -run Promises  # some seeds, each with these faults
//	INIESTA_SIM_SEED=4711 go test ./internal/sim -run Promises -v        # one again, with the life of what went wrong
//
// There is nothing here but tests.
package sim
