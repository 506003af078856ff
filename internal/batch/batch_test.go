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

// doAll offers items side by side and returns one outcome for each.
func doAll(t *testing.T, b *Batcher[int], items []int) []error {
	outcomes := make([]error, len(items))
	var callers sync.WaitGroup
	for i, item := range items {
		callers.Go(func() { outcomes[i] = b.Do(t.Context(), item) })
	}
	callers.Wait()
	return outcomes
}

func TestItemsOfferedTogetherShareBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: 20 * time.Millisecond}
		b := New(Options[int]{Size: 10, Linger: 5 * time.Millisecond, Flushers: 2, Send: r.send})
		for _, err := range doAll(t, b, numbers(25)) {
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
	for i, err := range doAll(t, b, numbers(9)) {
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
		for _, err := range doAll(t, b, numbers(5)) {
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

func TestFullBatchesGoOutSideBySideAndTheRestWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: time.Second}
		b := New(Options[int]{Size: 10, Linger: 100 * time.Millisecond, Flushers: 4, Partial: 1, Send: r.send})
		defer b.Close()
		start := time.Now()
		for _, err := range doAll(t, b, numbers(45)) {
			require.NoError(t, err)
		}
		assert.Equal(t, []int{10, 10, 10, 10, 5}, r.sizes())
		assert.Equal(t, 2*time.Second, time.Since(start), "four at once, then what did not fill a batch")
	})
}

func TestPartialBatchesAreFewAtATimeAlsoWithoutALinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: 10 * time.Millisecond}
		b := New(Options[int]{Size: 10, Flushers: 10, Partial: 2, Send: r.send})
		defer b.Close()
		var callers sync.WaitGroup
		for i := range 20 {
			callers.Go(func() { assert.NoError(t, b.Do(t.Context(), i)) })
			time.Sleep(time.Millisecond)
		}
		callers.Wait()
		sizes := r.sizes()
		assert.Equal(t, []int{1, 1}, sizes[:2], "the first go out at once")
		assert.Less(t, len(sizes), 8, "the others share what goes out after them: %v", sizes)
	})
}

func TestWhoOffersMoreThanTheBacklogWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: time.Minute}
		b := New(Options[int]{Size: 1, Flushers: 1, Backlog: 2, Send: r.send})
		for i := range 3 { // one on its way, two that wait
			b.Go(i, func(err error) { assert.NoError(t, err) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(t, b.Do(ctx, 3), context.DeadlineExceeded)
		start := time.Now()
		assert.NoError(t, b.Do(t.Context(), 4))
		assert.Equal(t, 4*time.Minute-time.Second, time.Since(start), "it was let in when one had gone")
		b.Close()
		assert.Equal(t, []int{1, 1, 1, 1}, r.sizes(), "what was not let in was not sent")
	})
}

func TestCloseLetsGoWhoWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{latency: time.Minute}
		b := New(Options[int]{Size: 1, Flushers: 1, Backlog: 1, Send: r.send})
		b.Go(1, func(error) {})
		b.Go(2, func(error) {})
		refused := make(chan error, 1)
		go func() { refused <- b.Do(context.Background(), 3) }()
		synctest.Wait()
		b.Close()
		assert.ErrorIs(t, <-refused, ErrClosed)
	})
}

func TestWhoDoesNotWaitIsToldTheOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := errors.New("busy")
		r := &recorder{answer: func(item, call int) error {
			if item == 1 || call == 1 {
				return busy
			}
			return nil
		}}
		b := New(Options[int]{Size: 1, Flushers: 1, Send: r.send,
			Retry: func(_ error, attempt int) (time.Duration, bool) { return time.Second, attempt < 3 }})
		outcomes := make(chan error, 3)
		b.Go(0, func(err error) { outcomes <- err })
		assert.NoError(t, <-outcomes, "after a retry")
		b.Go(1, func(err error) { outcomes <- err })
		assert.ErrorIs(t, <-outcomes, busy)
		b.Close()
		b.Go(2, func(err error) { outcomes <- err })
		assert.ErrorIs(t, <-outcomes, ErrClosed)
	})
}

func TestHurryEndsTheLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		b := New(Options[int]{Size: 10, Linger: time.Hour, Flushers: 1, Send: r.send})
		defer b.Close()
		time.AfterFunc(time.Second, b.Hurry)
		start := time.Now()
		require.NoError(t, b.Do(t.Context(), 1))
		assert.Equal(t, time.Second, time.Since(start))
		require.NoError(t, b.Do(t.Context(), 2))
		assert.Equal(t, time.Second, time.Since(start), "nor does anything linger after it")
	})
}

func TestPatienceAndCloseEndTheRetries(t *testing.T) {
	busy := errors.New("busy")
	options := Options[int]{Size: 1, Flushers: 1, Send: func([]int) []error { return []error{busy} },
		Retry: func(error, int) (time.Duration, bool) { return time.Second, true }}
	t.Run("patience", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			o := options
			o.Patience = 5 * time.Second
			b := New(o)
			defer b.Close()
			start := time.Now()
			assert.ErrorIs(t, b.Do(t.Context(), 1), busy)
			assert.Equal(t, 5*time.Second, time.Since(start))
		})
	})
	t.Run("close", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			b := New(options)
			outcome := make(chan error, 1)
			b.Go(1, func(err error) { outcome <- err })
			time.Sleep(1500 * time.Millisecond)
			b.Close()
			assert.ErrorIs(t, <-outcome, busy)
		})
	})
}
