// Package localaws is an SQS and an SNS in the process, for tests and for trying things out: SDKs talk
// to it over HTTP (SQS in JSON or in the older query protocol), or through a transport without sockets,
// where it also runs in a testing/synctest bubble.
//
//	server := localaws.New()
//	url, err := server.Start()
//	defer server.Close()
//	// point the SDK's BaseEndpoint, or INIESTA_SQS_ENDPOINT_URL and INIESTA_SNS_ENDPOINT_URL, at url
//
// It keeps to what SQS does where that matters to a consumer, the parts that emulators often leave out
// included:
//
//   - Each receive gives a message a new receipt handle. Deleting with an older one succeeds and
//     deletes nothing (delete.go).
//   - The receipt handle of a FIFO queue's message is refused once its visibility timeout has passed.
//   - SQS does not notice that a client left a long poll: what arrives until the poll would have ended
//     is given to nobody and stays invisible for its visibility timeout (receive.go).
//   - While a message of a FIFO group is in flight, no other of its group is given out (group.go).
//   - A message is moved to the dead-letter queue when it would be received once more than
//     maxReceiveCount allows (redrive.go).
//   - A topic delivers only to queues whose policy lets it, and only what the subscription's filter lets
//     through (deliver.go). The rest goes to the subscription's dead-letter queue, or is dropped and counted.
//
// What AWS answers is in the table of package conformance, which the server is held to; docs/local.md is made from it.
// Where AWS leaves open what happens, or was seen to do otherwise than it documents, SetGuarantees chooses
// (guarantees.go).
//
// Faults are made on demand (fault.go): errors, throttling, delays, lost answers, batches that fail in
// part, duplicate deliveries. Permit has IAM policies decide what an access key may do. Signatures are not
// checked. Nothing is kept on disk unless Keep is given a Store.
package localaws
