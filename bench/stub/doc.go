// Package stub is an SQS server for measurements: it speaks the JSON protocol over HTTP, costs little,
// and keeps nothing but counters. It has as many messages as are asked for, or gives them out at a
// rate, or in bursts, and answers each call after a latency. A message is given out once; deletes and
// visibility changes are counted and always succeed.
//
// It is no model of SQS. What the consumers do when SQS misbehaves is for the library's own tests.
package stub
