package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// perGroup remembers the order of each group's runs, and whether two of a group ever ran at once.
type perGroup struct {
	mu      sync.Mutex
	order   map[string][]string
	running map[string]int
	overlap bool
	most    int
}

func (g *perGroup) run(m *sqs.Message, work time.Duration) {
	g.mu.Lock()
	if g.order == nil {
		g.order, g.running = map[string][]string{}, map[string]int{}
	}
	g.order[m.GroupID()] = append(g.order[m.GroupID()], m.RawBody)
	g.running[m.GroupID()]++
	g.overlap = g.overlap || g.running[m.GroupID()] > 1
	total := 0
	for _, n := range g.running {
		total += n
	}
	g.most = max(g.most, total)
	g.mu.Unlock()
	time.Sleep(work)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.running[m.GroupID()]--
}

// ran is the order of a group's runs.
func (g *perGroup) ran(group string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.order[group])
}

func inFIFO(t *testing.T, test func(t *testing.T, w *world)) { inWorldOf(t, "orders.fifo", test) }

// shoryuken#530, spring-cloud-aws#892: messages of a group ran side by side.
func TestMessagesOfAGroupRunInOrderAndGroupsSideBySide(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var g perGroup
		w.handle(func(m *sqs.Message) { g.run(m, time.Second) })
		want := map[string][]string{}
		for i := range 20 {
			for _, group := range []string{"a", "b", "c"} {
				body := fmt.Sprintf("%s%02d", group, i)
				w.send("", body, group)
				want[group] = append(want[group], body)
			}
		}
		c := w.start()
		w.after(25 * time.Second)
		for group := range want {
			assert.Equal(t, want[group], g.ran(group))
		}
		assert.False(t, g.overlap)
		assert.Equal(t, 3, g.most)
		assert.Empty(t, w.left())
		assert.EqualValues(t, 60, c.Stats().Handled)
	})
}

// shoryuken#601, dotnet#191: after a failure the rest of its group ran, or was kept in flight.
func TestAFailureHoldsBackTheRestOfItsGroup(t *testing.T) {
	failures := map[string]func() error{
		"error":       func() error { return errors.New("x") },
		"retry after": func() error { return sqs.RetryAfter(5*time.Second, errors.New("x")) },
		"panic":       func() error { panic("x") },
		"Goexit":      func() error { runtime.Goexit(); return nil },
	}
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			inFIFO(t, func(t *testing.T, w *world) {
				var g perGroup
				failed := false
				w.handle(func(m *sqs.Message) error {
					g.run(m, 10*time.Millisecond)
					if m.RawBody == "a2" && !failed {
						failed = true
						return fail()
					}
					return nil
				})
				for i := range 6 {
					w.send("", fmt.Sprint("a", i), "a")
					w.send("", fmt.Sprint("b", i), "b")
				}
				c := w.start()
				w.after(4 * time.Second)
				assert.Equal(t, []string{"a0", "a1", "a2"}, g.ran("a"))
				assert.Len(t, g.ran("b"), 6, "another group goes on")
				for _, m := range w.left() {
					assert.Equal(t, m.Body == "a2", m.InFlight, "%s: the rest was given back", m.Body)
				}
				w.after(time.Minute)
				assert.Equal(t, []string{"a0", "a1", "a2", "a2", "a3", "a4", "a5"}, g.ran("a"))
				assert.Empty(t, w.left())
				assert.Zero(t, c.Stats().InFlight)
			})
		})
	}
}

// A lane must not begin before the whole receive is in it: its first message may end at once.
func TestAGroupWhoseFirstMessageFailsAtOnceNeverRunsTheNext(t *testing.T) {
	for range 50 {
		inFIFO(t, func(t *testing.T, w *world) {
			var g perGroup
			w.handle(func(m *sqs.Message) error {
				g.run(m, 0)
				return errors.New("x")
			})
			for i := range 10 {
				w.send("", fmt.Sprint(i), "a")
			}
			w.start(sqs.WithoutLocks())
			w.after(95 * time.Second)
			assert.Equal(t, []string{"0", "0", "0", "0"}, g.ran("a"))
		})
	}
}

func TestAGroupWhoseFirstMessageIsLockedElsewhereWaits(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var g perGroup
		w.handle(func(m *sqs.Message) { g.run(m, 0) })
		id := w.send("", "a0", "a")
		w.send("", "a1", "a")
		for _, n := range w.nodes {
			n.SetValue("sqs:event:"+id, "a Python consumer", 40*time.Second)
		}
		w.start()
		w.after(35 * time.Second)
		assert.Empty(t, g.ran("a"))
		w.after(time.Minute)
		assert.Equal(t, []string{"a0", "a1"}, g.ran("a"))
	})
}

// dotnet#54, in a group: what waits for its turn outlasts the visibility timeout.
func TestAGroupThatWaitsKeepsItsMessages(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var g perGroup
		w.handle(func(m *sqs.Message) { g.run(m, 50*time.Second) })
		for i := range 10 {
			w.send("", fmt.Sprint(i), "a")
		}
		w.start()
		w.after(600 * time.Second)
		assert.Len(t, g.ran("a"), 10)
		assert.False(t, g.overlap)
		assert.Empty(t, w.left())
		assert.Empty(t, w.logs.records("WARN"))
	})
}

func TestAMessageThatWaitedLongerThanItIsKeptIsNotRun(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		w.config.MaxExtension = time.Minute
		var g perGroup
		w.handle(func(m *sqs.Message) { g.run(m, 50*time.Second) })
		for i := range 4 {
			w.send("", fmt.Sprint(i), "a")
		}
		c := w.start()
		w.after(10 * time.Minute)
		assert.Equal(t, []string{"0", "1", "2", "3"}, g.ran("a"), "those that nothing kept any more came back, in order")
		assert.Empty(t, w.left())
		assert.Positive(t, c.Stats().Released)
	})
}

// tomodachi#2074, in a group.
func TestADuplicateInAGroupIsDeletedAndTheGroupGoesOn(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var g perGroup
		w.handle(func(m *sqs.Message) { g.run(m, 0) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" && c.N == 1 {
				return localaws.Fault{Entries: func(i int) *localaws.EntryFault {
					if i > 0 {
						return nil
					}
					return &localaws.EntryFault{Code: "ReceiptHandleIsInvalid", SenderFault: true}
				}}
			}
			return localaws.Fault{}
		})
		for i := range 3 {
			w.send("", fmt.Sprint(i), "a")
		}
		c := w.start()
		w.after(2 * time.Minute)
		assert.Equal(t, []string{"0", "1", "2"}, g.ran("a"))
		assert.Empty(t, w.left())
		assert.EqualValues(t, 1, c.Stats().Duplicates)
	})
}

func TestAnOutageKeepsTheOrderOfAGroup(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var g perGroup
		w.handle(func(m *sqs.Message) {
			g.run(m, 100*time.Millisecond)
			if m.RawBody == "03" {
				w.nodes[0].Down()
				w.nodes[1].Down()
			}
		})
		var want []string
		for i := range 20 {
			body := fmt.Sprintf("%02d", i)
			w.send("", body, "a")
			want = append(want, body)
		}
		w.start()
		w.after(2 * time.Minute)
		w.nodes[0].Up()
		w.nodes[1].Up()
		w.after(2 * time.Minute)
		got := g.ran("a")
		// 03 lost its mark in the outage and may run again; the order holds all the same.
		assert.Equal(t, want, compact(got))
		assert.Empty(t, w.left())
	})
}

// compact drops the repetition of a message right after itself.
func compact(bodies []string) []string {
	var out []string
	for _, b := range bodies {
		if len(out) == 0 || out[len(out)-1] != b {
			out = append(out, b)
		}
	}
	return out
}

// slowRelease is an SQS whose extensions fail, and whose answers to giving back take 25 s.
type slowRelease struct{ sqs.API }

func (a slowRelease) ChangeMessageVisibilityBatch(ctx context.Context, in *awssqs.ChangeMessageVisibilityBatchInput, opts ...func(*awssqs.Options)) (*awssqs.ChangeMessageVisibilityBatchOutput, error) {
	out := &awssqs.ChangeMessageVisibilityBatchOutput{}
	released := *in
	released.Entries = nil
	for _, e := range in.Entries {
		if e.VisibilityTimeout > 0 {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, Code: aws.String("InternalError"), SenderFault: true})
			continue
		}
		released.Entries = append(released.Entries, e)
	}
	if len(released.Entries) == 0 {
		return out, nil
	}
	done, err := a.API.ChangeMessageVisibilityBatch(ctx, &released, opts...)
	time.Sleep(25 * time.Second)
	if err == nil {
		out.Successful = done.Successful
	}
	return out, err
}

// Found by the simulation: what came into a lane while the message before it was being held back ran at once.
func TestWhatComesWhileTheRestOfAGroupIsGivenBackWaitsForItsTurn(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var order runs
		w.handle(func(m *sqs.Message) error {
			if order.note(m) == 1 {
				time.Sleep(40 * time.Second) // past its visibility timeout of 30 s
				return errors.New("failed")
			}
			return nil
		})
		w.send("", "a", "group")
		w.send("", "b", "group")
		w.start(sqs.WithAPI(slowRelease{w.api}))
		w.after(10 * time.Minute)
		assert.Equal(t, []string{"a", "a", "b"}, order.list())
		assert.Empty(t, w.left())
	})
}
