package consumer

import (
	"math"
	"sync/atomic"
	"time"
)

// perOctave is how finely durations are told apart: 16 buckets between a value and its double, 4 %.
const perOctave = 16

// histogram counts durations by their logarithm. It costs the measured process next to nothing.
type histogram struct {
	buckets [64 * perOctave]atomic.Int64
}

func (h *histogram) note(d time.Duration) {
	bucket := int(math.Log2(float64(max(d, 1))) * perOctave)
	h.buckets[bucket].Add(1)
}

// quantiles returns median and 99th percentile of what was noted, and forgets it.
func (h *histogram) quantiles() (p50, p99 time.Duration) {
	var counts [len(h.buckets)]int64
	var total int64
	for i := range h.buckets {
		counts[i] = h.buckets[i].Swap(0)
		total += counts[i]
	}
	return quantile(counts[:], total, 0.50), quantile(counts[:], total, 0.99)
}

func quantile(counts []int64, total int64, q float64) time.Duration {
	var seen int64
	for i, n := range counts {
		seen += n
		if n > 0 && float64(seen) >= q*float64(total) {
			return time.Duration(math.Exp2((float64(i) + 0.5) / perOctave))
		}
	}
	return 0
}
