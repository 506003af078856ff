package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// deletions are the handles that were deleted, each call answered after a while.
type deletions struct {
	takes time.Duration
	fails func() error

	mu      sync.Mutex
	handles []string
}

func (d *deletions) delete(_ context.Context, in *sqs.DeleteMessageBatchInput) (*sqs.DeleteMessageBatchOutput, error) {
	time.Sleep(d.takes)
	if d.fails != nil {
		if err := d.fails(); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	out := &sqs.DeleteMessageBatchOutput{}
	for _, e := range in.Entries {
		d.handles = append(d.handles, *e.ReceiptHandle)
		out.Successful = append(out.Successful, types.DeleteMessageBatchResultEntry{Id: e.Id})
	}
	return out, nil
}

func (d *deletions) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.handles...)
}

// SQS answers "deleted" to an older handle and deletes nothing.
func TestAHandleThatCameInDuringTheDeleteIsDeletedToo(t *testing.T) {
	for name, extending := range map[string]bool{"": false, ", while an extension is under way": true} {
		t.Run("received during the delete"+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, d := &supply{}, &deletions{takes: 2 * time.Second}
				c := newConsumer(func(o *Options) {
					o.Queue.API = &fakeQueue{receive: s.receive, delete: d.delete,
						change: func(_ context.Context, in *sqs.ChangeMessageVisibilityBatchInput) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
							time.Sleep(2 * time.Second)
							out := &sqs.ChangeMessageVisibilityBatchOutput{}
							for _, e := range in.Entries {
								out.Successful = append(out.Successful, types.ChangeMessageVisibilityBatchResultEntry{Id: e.Id})
							}
							return out, nil
						}}
					o.Handler = fakeHandler{handle: func(context.Context, *Message) Result {
						if extending {
							time.Sleep(11 * time.Second)
						}
						return Result{Outcome: Handled}
					}}
				})
				r := begin(t, c)
				s.put(delivered("first", "m")...)
				time.Sleep(time.Second)
				if extending {
					time.Sleep(12 * time.Second)
				}
				assert.Empty(t, d.list())
				s.put(delivered("second", "m")...)
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Equal(t, []string{"first", "second"}, d.list())
				messages, _ := r.InFlight()
				assert.Zero(t, messages)
				_, unsettled := r.capacity.counts()
				assert.Zero(t, unsettled)
				assert.EqualValues(t, 1, c.Counters.Handled.Load())
			})
		})
	}
}

// marks answers each MarkDone with the next error, and with the last for ever.
type marks struct {
	answers []error

	mu    sync.Mutex
	calls int
}

func (m *marks) mark() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	return m.answers[min(m.calls, len(m.answers))-1]
}

func (m *marks) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// quickFakeLease is a lease that can be marked while its owner does something else.
type quickFakeLease struct{ fakeLease }

func (l quickFakeLease) MarkDoneThen(_ time.Duration, then func(error)) { then(l.mark()) }

func TestWhatIsMarkedAndHowOften(t *testing.T) {
	outage, lost := errors.New("the nodes are away"), fmt.Errorf("%w: another consumer has it", ErrLockLost)
	for name, c := range map[string]struct {
		outcome Outcome
		answers []error
		marks   int
	}{
		"a handled message is marked":                {Handled, []error{nil}, 1},
		"a discarded message is marked":              {Discarded, []error{nil}, 1},
		"a failed message is not":                    {Failed, []error{nil}, 0},
		"a mark that failed is asked for again":      {Handled, []error{outage, outage, nil}, 3},
		"a lock that was lost cannot be marked":      {Handled, []error{lost}, 1},
		"nor one that was lost between two attempts": {Handled, []error{outage, lost}, 2},
		"nor that of a discarded message":            {Discarded, []error{outage, outage, lost}, 3},
	} {
		run := func(t *testing.T, lease func(*marks) Lease, process func(t *testing.T, c *Consumer)) {
			synctest.Test(t, func(t *testing.T) {
				m, d, s := &marks{answers: c.answers}, &deletions{}, &supply{}
				var logs strings.Builder // written by one goroutine at a time
				consumer := newConsumer(func(o *Options) {
					o.Log = slog.New(slog.NewTextHandler(&logs, nil))
					o.Queue.API = &fakeQueue{receive: s.receive, delete: d.delete}
					o.Locker = fakeLocker{acquire: func(_ context.Context, id string) (Lease, error) {
						if id != "m" {
							return fakeLease{}, nil // a probe
						}
						return lease(m), nil
					}}
					o.Handler = fakeHandler{handle: func(context.Context, *Message) Result {
						if c.outcome == Handled {
							return Result{Outcome: Handled}
						}
						return Result{Outcome: c.outcome, RetryAfter: -1, Err: errors.New("no")}
					}}
				})
				if process != nil {
					process(t, consumer)
					assert.Equal(t, c.marks, m.count())
					return
				}
				begin(t, consumer)
				s.put(delivered("h", "m")...)
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Equal(t, c.marks, m.count())
				outages := slices.Contains(c.answers, outage)
				assert.Equal(t, outages, strings.Contains(logs.String(), "Receiving pauses"), "a lost lock is no outage")
				if c.outcome == Failed {
					assert.Empty(t, d.list())
				} else {
					assert.Equal(t, []string{"h"}, d.list(), "it is deleted in any case")
				}
			})
		}
		t.Run(name, func(t *testing.T) { run(t, func(m *marks) Lease { return fakeLease{mark: m.mark} }, nil) })
		t.Run(name+", quickly", func(t *testing.T) {
			run(t, func(m *marks) Lease { return quickFakeLease{fakeLease{mark: m.mark}} }, nil)
		})
		t.Run(name+", without the queue", func(t *testing.T) {
			run(t, func(m *marks) Lease { return fakeLease{mark: m.mark} }, func(t *testing.T, consumer *Consumer) {
				began := time.Now()
				res := consumer.Process(t.Context(), Message{ID: "m"})
				require.Equal(t, c.outcome, res.Outcome)
				assert.Less(t, time.Since(began), time.Second)
			})
		})
	}
}
