// Package measure runs consumers against the stub and real Redis servers, each in a process of its
// own, and says what they cost.
package measure

import "time"

// Case is one measurement: a consumer and its circumstances. The zero value of a field is what the
// tables call the base.
type Case struct {
	Kind        string
	Latency     time.Duration // of an API call
	Concurrency int           // 0 for the consumer's default, 100
	Body        int           // bytes; 0 for 200
	Handler     time.Duration
	SlowOne     time.Duration // one handler takes that long
	LockNodes   int           // 0 for 3
	Rate        float64       // messages sent in a second; 0 for a backlog that never ends
	Burst       int           // messages sent at a time; 0 for 1
	Random      bool          // sent one by one at random times, not at even ones
	Idle        bool          // nothing is sent
	Measured    time.Duration // 0 for what the run has
}

// Result is what a Case came to.
type Result struct {
	PerSecond     float64       // messages handled
	CPU           time.Duration // of the consumer's process for a message
	CPUShare      float64       // of one core
	Calls         float64       // of the API for 1,000 messages
	CallsPerHour  float64
	Commands      float64 // of Redis for a message and node
	RoundTrips    float64 // to Redis for a message and node
	Allocs        float64 // for a message
	PeakRSS       float64 // bytes
	P50, P99      time.Duration
	Goroutines    float64 // at the end
	NewGoroutines float64 // since the beginning
}
