package consumer

import (
	"strconv"
	"testing"
	"time"
)

// BenchmarkExtender is what the extension costs a message that needs none: tracked, locked, released,
// among a thousand others.
func BenchmarkExtender(b *testing.B) {
	k := newExtender(newConsumer(), 30*time.Second, nil)
	now := time.Now()
	for i := range 1000 {
		k.track(newDelivery(k.Consumer, nil, Message{ID: strconv.Itoa(i)}, now.Add(-time.Duration(i)*time.Millisecond)))
	}
	m := Message{ID: "x"}
	b.ReportAllocs()
	for b.Loop() {
		d := newDelivery(k.Consumer, nil, m, now)
		k.track(d)
		d.locked(fakeLease{})
		k.reschedule(d)
		k.forget(d)
	}
}

func BenchmarkCapacity(b *testing.B) {
	s := newCapacity(100)
	b.ReportAllocs()
	for b.Loop() {
		n := s.take(b.Context(), 10)
		s.received(n, n, 10*time.Millisecond)
		for range n {
			s.freed(time.Millisecond)
			s.settled()
		}
	}
}
