package batch

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const patience = 20 * time.Second

func TestAnOutcomeIsKnownByTheEndOfPatienceWhateverItWaitsFor(t *testing.T) {
	busy := errors.New("busy")
	for name, c := range map[string]struct {
		backlog int
		send    func(items []int) []error
		retry   time.Duration // after each failure, 0 for never
		last    error
	}{
		"Send hangs":          {send: func([]int) []error { time.Sleep(time.Hour); return []error{nil} }},
		"Send returns late":   {send: func([]int) []error { time.Sleep(patience + time.Millisecond); return []error{nil} }},
		"the backlog is long": {send: func([]int) []error { time.Sleep(patience / 3); return []error{nil} }},
		"there is no room":    {backlog: 2, send: func([]int) []error { time.Sleep(patience / 2); return []error{nil} }},
		"it was sent again and hangs": {retry: time.Second, last: busy, send: func() func([]int) []error {
			var calls atomic.Int32
			return func([]int) []error {
				if calls.Add(1) > 10 {
					time.Sleep(time.Hour)
				}
				return []error{busy}
			}
		}()},
		"it waits to be sent again": {retry: 6 * time.Second, last: busy, send: func([]int) []error { return []error{busy} }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New(Options[int]{Size: 1, Flushers: 1, Backlog: c.backlog, Send: c.send, Patience: patience,
					Retry: func(error, int) (time.Duration, bool) { return c.retry, c.retry > 0 }})
				start := time.Now()
				var callers sync.WaitGroup
				overdue := 0
				var mu sync.Mutex
				told := func(err error) {
					mu.Lock()
					defer mu.Unlock()
					assert.LessOrEqual(t, time.Since(start), patience)
					if errors.Is(err, ErrOverdue) {
						overdue++
						assert.Equal(t, patience, time.Since(start))
						assert.ErrorContains(t, err, "20s passed since it was offered")
					}
					if err != nil && c.last != nil && !errors.Is(err, ErrOverdue) {
						assert.ErrorIs(t, err, c.last)
					}
				}
				for i := range 10 {
					callers.Add(1)
					if i%2 == 0 {
						b.Go(i, func(err error) { defer callers.Done(); told(err) })
						continue
					}
					go func() { defer callers.Done(); told(b.Do(t.Context(), i)) }()
				}
				callers.Wait()
				if c.retry != 6*time.Second { // which gives up sooner, as the next attempt would be too late
					assert.Positive(t, overdue)
				}
				began := time.Now()
				b.Close()
				assert.LessOrEqual(t, time.Since(began), patience)
				time.Sleep(2 * time.Hour) // what hangs returns, and nobody is told of that
			})
		})
	}
}

func TestAnOverdueItemSaysWhyItFailedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		busy := errors.New("busy")
		first := true
		b := New(Options[int]{Size: 1, Flushers: 1, Patience: patience, Retry: func(error, int) (time.Duration, bool) { return time.Second, true },
			Send: func([]int) []error {
				if first {
					first = false
					return []error{busy}
				}
				time.Sleep(time.Minute)
				return []error{nil}
			}})
		err := b.Do(t.Context(), 1)
		assert.ErrorIs(t, err, ErrOverdue)
		assert.ErrorIs(t, err, busy)
		b.Close()
		time.Sleep(time.Hour)
	})
}

func TestALateOutcomeIsNotThatOfALaterItem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wrong := errors.New("of another item")
		b := New(Options[int]{Size: 1, Flushers: 2, Patience: patience, Send: func(items []int) []error {
			if items[0] == 1 {
				time.Sleep(patience + 2*time.Second)
				return []error{wrong}
			}
			time.Sleep(5 * time.Second)
			return []error{nil}
		}})
		assert.ErrorIs(t, b.Do(t.Context(), 1), ErrOverdue)
		for range 3 {
			assert.NoError(t, b.Do(t.Context(), 2))
		}
		b.Close()
	})
}

func TestWhatIsOverdueIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent []int
		b := New(Options[int]{Size: 1, Flushers: 1, Patience: patience, Send: func(items []int) []error {
			sent = append(sent, items[0])
			time.Sleep(patience * 2)
			return []error{nil}
		}})
		for i := range 5 {
			b.Go(i, func(err error) { assert.ErrorIs(t, err, ErrOverdue) })
		}
		time.Sleep(patience + time.Second)
		b.Go(5, func(err error) { assert.ErrorIs(t, err, ErrOverdue) })
		time.Sleep(3 * patience)
		b.Close()
		assert.Equal(t, []int{0, 5}, sent)
	})
}

func TestCloseLeavesASendBehindThatDoesNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options[int]{Size: 1, Flushers: 2, Patience: patience, Send: func([]int) []error {
			time.Sleep(time.Hour)
			return []error{nil}
		}})
		for i := range 4 {
			b.Go(i, func(err error) { assert.ErrorIs(t, err, ErrOverdue) })
		}
		time.Sleep(5 * time.Second)
		start := time.Now()
		b.Close()
		assert.LessOrEqual(t, time.Since(start), patience)
		b.Close()
		assert.ErrorIs(t, b.Do(t.Context(), 1), ErrClosed)
		time.Sleep(2 * time.Hour) // its flushers end then, or the bubble would not
	})
}

func TestNoTimerRunsWhereNothingIsUnsettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options[int]{Size: 1, Flushers: 1, Patience: patience, Send: func([]int) []error { return []error{nil} }})
		require.NoError(t, b.Do(t.Context(), 1))
		time.Sleep(patience + time.Second)
		watching := func() bool {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.watching
		}
		assert.False(t, watching())
		require.NoError(t, b.Do(t.Context(), 2))
		b.Close()
		assert.False(t, watching())
	})
}

// Every item is told once, whatever Send, the callers and Close do.
func TestEachItemIsToldOnceByTheEndOfPatience(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				r := rand.New(rand.NewPCG(seed, 1))
				draw := func(n int) int { mu.Lock(); defer mu.Unlock(); return r.IntN(n) }
				b := New(Options[int]{Size: 5, Flushers: 3, Partial: 1, Linger: 10 * time.Millisecond, Backlog: 20, Patience: patience,
					Retry: func(error, int) (time.Duration, bool) {
						return time.Duration(draw(3000)) * time.Millisecond, draw(5) > 0
					},
					Send: func(items []int) []error {
						time.Sleep(time.Duration(draw(100)*draw(500)) * time.Millisecond)
						outcomes := make([]error, len(items))
						for i := range outcomes {
							if draw(3) == 0 {
								outcomes[i] = errors.New("busy")
							}
						}
						return outcomes
					}})
				var told [300]atomic.Int32
				var callers sync.WaitGroup
				for i := range told {
					time.Sleep(time.Duration(draw(200)) * time.Millisecond)
					start := time.Now()
					tell := func(error) {
						told[i].Add(1)
						assert.LessOrEqual(t, time.Since(start), patience)
						callers.Done()
					}
					callers.Add(1)
					switch draw(3) {
					case 0:
						b.Go(i, tell)
					case 1:
						go func() { tell(b.DoOnce(t.Context(), i)) }()
					default:
						go func() {
							ctx, cancel := context.WithTimeout(t.Context(), time.Duration(draw(60))*time.Second)
							defer cancel()
							tell(b.Do(ctx, i))
						}()
					}
				}
				began := time.Now()
				b.Close()
				assert.LessOrEqual(t, time.Since(began), patience)
				callers.Wait()
				for i := range told {
					assert.EqualValues(t, 1, told[i].Load())
				}
				time.Sleep(time.Hour)
			})
		})
	}
}
