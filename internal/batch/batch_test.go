package batch

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a Send that remembers its batches.
type recorder struct {
	mu      sync.Mutex
	batches [][]int
	answer  func(item, call int) error
	latency time.Duration
}

func (r *recorder) send(items []int) []error {
	time.Sleep(r.latency) // an API call's latency, in the bubble's time
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches = append(r.batches, items)
	outcomes := make([]error, len(items))
	for i, item := range items {
		if r.answer != nil {
			outcomes[i] = r.answer(item, len(r.batches))
		}
	}
	return outcomes
}

func (r *recorder) sizes() []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	sizes := make([]int, len(r.batches))
	for i, batch := range r.batches {
		sizes[i] = len(batch)
	}
	return sizes
}

func numbers(n int) []int {
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	return items
}

func TestItemsOfferedTogetherShareBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: 20 * time.Millisecond}
		b := New(Options[int]{Size: 10, Linger: 5 * time.Millisecond, Flushers: 2, Send: r.send})
		for _, err := range b.DoAll(t.Context(), numbers(25)) {
			require.NoError(t, err)
		}
		b.Close()
		assert.Equal(t, []int{10, 10, 5}, r.sizes())
	})
}

func TestATrickleIsGatheredByOneFlusher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := New(Options[int]{Size: 10, Linger: 50 * time.Millisecond, Flushers: 8, Send: r.send})
		var callers sync.WaitGroup
		for i := range 4 {
			callers.Go(func() { assert.NoError(t, b.Do(t.Context(), i)) })
			time.Sleep(10 * time.Millisecond)
		}
		callers.Wait()
		b.Close()
		assert.Equal(t, []int{4}, r.sizes())
	})
}

func TestEachCallerLearnsItsOwnOutcome(t *testing.T) {
	odd := errors.New("odd")
	r := &recorder{answer: func(item, _ int) error {
		if item%2 == 1 {
			return odd
		}
		return nil
	}}
	b := New(Options[int]{Size: 10, Flushers: 1, Linger: time.Millisecond, Send: r.send})
	defer b.Close()
	for i, err := range b.DoAll(t.Context(), numbers(9)) {
		if i%2 == 1 {
			assert.ErrorIs(t, err, odd)
			continue
		}
		assert.NoError(t, err)
	}
}

func TestOnlyTheFailedItemIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := errors.New("busy")
		r := &recorder{answer: func(item, call int) error {
			if item == 3 && call < 3 {
				return busy
			}
			return nil
		}}
		b := New(Options[int]{Size: 10, Linger: time.Millisecond, Flushers: 1, Send: r.send,
			Retry: func(err error, attempt int) (time.Duration, bool) {
				return time.Duration(attempt) * time.Second, errors.Is(err, busy) && attempt < 3
			}})
		start := time.Now()
		for _, err := range b.DoAll(t.Context(), numbers(5)) {
			require.NoError(t, err)
		}
		b.Close()
		assert.Equal(t, []int{5, 1, 1}, r.sizes())
		assert.Equal(t, 3*time.Second+3*time.Millisecond, time.Since(start), "waits of 1 s and 2 s and three lingers")
	})
}

func TestRetriesEndWithTheLastError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := errors.New("busy")
		r := &recorder{answer: func(int, int) error { return busy }}
		b := New(Options[int]{Size: 1, Flushers: 1, Send: r.send,
			Retry: func(_ error, attempt int) (time.Duration, bool) { return time.Second, attempt < 3 }})
		defer b.Close()
		assert.ErrorIs(t, b.Do(t.Context(), 1), busy)
		assert.Len(t, r.sizes(), 3)
	})
}

func TestCloseSendsWhatWasAcceptedAndRefusesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: time.Second}
		b := New(Options[int]{Size: 10, Linger: time.Hour, Flushers: 1, Send: r.send})
		outcome := make(chan error, 1)
		go func() { outcome <- b.Do(context.Background(), 7) }()
		synctest.Wait()
		b.Close()
		b.Close()
		assert.NoError(t, <-outcome)
		assert.ErrorIs(t, b.Do(t.Context(), 8), ErrClosed)
		assert.Equal(t, []int{1}, r.sizes())
	})
}

func TestACallerThatLeavesDoesNotHoldUpTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: time.Minute}
		b := New(Options[int]{Size: 1, Flushers: 1, Send: r.send})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, b.Do(ctx, 1), context.DeadlineExceeded)
		assert.NoError(t, b.Do(t.Context(), 2))
		b.Close()
	})
}

func TestASendThatForgetsOutcomesIsAnErrorForThoseItems(t *testing.T) {
	b := New(Options[int]{Size: 1, Flushers: 1, Send: func([]int) []error { return nil }})
	defer b.Close()
	assert.ErrorContains(t, b.Do(t.Context(), 1), "returned 0 outcomes for 1 items")
}

func BenchmarkDo(b *testing.B) {
	batcher := New(Options[int]{Size: 10, Linger: time.Millisecond, Flushers: 2, Send: func(items []int) []error {
		return make([]error, len(items))
	}})
	defer batcher.Close()
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := batcher.Do(context.Background(), 1); err != nil {
				b.Error(err)
			}
		}
	})
}
