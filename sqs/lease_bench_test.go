package sqs

import (
	"strconv"
	"testing"
	"time"
)

// BenchmarkKeeper is what the extension costs a message that needs none: tracked, locked, released,
// among a thousand others.
func BenchmarkKeeper(b *testing.B) {
	k := &keeper{visibility: 30 * time.Second, maxExtension: time.Hour, wake: make(chan struct{}, 1), stats: &counters{}}
	now := time.Now()
	for i := range 1000 {
		k.track(newDelivery(&Message{MessageID: strconv.Itoa(i)}, now.Add(-time.Duration(i)*time.Millisecond)))
	}
	m := &Message{MessageID: "x"}
	b.ReportAllocs()
	for b.Loop() {
		d := newDelivery(m, now)
		k.track(d)
		d.locked(noLease{})
		k.reschedule(d)
		k.releaseIdle(d)
	}
}

func BenchmarkSlots(b *testing.B) {
	s := newSlots(100)
	b.ReportAllocs()
	for b.Loop() {
		n := s.take(b.Context(), 10)
		s.came(n, n, 10*time.Millisecond)
		for range n {
			s.returned(time.Millisecond)
			s.settled()
		}
	}
}
