// Package chaos breaks real processes on purpose: consumers, an SQS and three Redis servers, each a process,
// with proxies between them. A ledger on disk knows what handlers did. It has tests only, and is a module of
// its own so that the proxy stays out of the library's dependencies.
//
//	make chaos
//
// runs the long form: 10,000 messages and outages of a minute in each scenario.
package chaos
