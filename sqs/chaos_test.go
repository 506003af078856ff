package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// ledger counts what handlers did, by message id.
type ledger struct {
	mu        sync.Mutex
	running   map[string]int
	succeeded map[string]int
	wrong     []string
}

func (l *ledger) began(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[id]++
	if l.running[id] > 1 {
		l.wrong = append(l.wrong, id+" ran twice at once")
	}
	if l.succeeded[id] > 0 {
		l.wrong = append(l.wrong, id+" ran again after it had succeeded")
	}
}

func (l *ledger) ended(id string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[id]--
	if ok {
		l.succeeded[id]++
	}
}

// dice is a source of chance that several goroutines may use.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (d *dice) percent(n int) bool { return d.below(100) < n }

func (d *dice) below(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(n)
}

func (d *dice) upTo(most time.Duration) time.Duration {
	return time.Duration(d.below(int(most/time.Millisecond))) * time.Millisecond
}

// TestThePromisesHoldUnderFaults runs three consumers against faults drawn from a seed: API errors,
// lost answers, delays, duplicate deliveries, batches that fail in part, one lock node at a time down
// or hung, and handlers that are slow, fail or panic. INIESTA_TEST_SEED replays one seed.
func TestThePromisesHoldUnderFaults(t *testing.T) {
	first, seeds := 1, 25
	if n, err := strconv.Atoi(os.Getenv("INIESTA_TEST_SEED")); err == nil {
		first, seeds = n, 1
	}
	for seed := first; seed < first+seeds; seed++ {
		for _, queue := range []string{"orders", "orders.fifo"} {
			t.Run(fmt.Sprintf("%s, INIESTA_TEST_SEED=%d", queue, seed), func(t *testing.T) {
				inWorldOf(t, queue, func(t *testing.T, w *world) { w.attack(t, uint64(seed)) })
			})
		}
	}
}

func (w *world) attack(t *testing.T, seed uint64) {
	const messages = 120
	d := &dice{r: rand.New(rand.NewPCG(seed, 7))}
	l := &ledger{running: map[string]int{}, succeeded: map[string]int{}}
	w.setVisibility(5)
	w.handle(func(_ context.Context, m *sqs.Message) error { return l.work(d, m) })
	var clients []*sqs.Client
	for range 3 {
		clients = append(clients, w.start(sqs.WithConcurrency(5+d.below(20))))
	}
	var groups [][]string // for FIFO queues
	if w.queue != "orders" {
		groups = [][]string{{"a"}, {"b"}, {"c"}, {"d"}}
	}
	ids := map[string]bool{}
	for i := range messages {
		var group []string
		if groups != nil {
			group = groups[i%len(groups)]
		}
		ids[w.send("", strconv.Itoa(i), group...)] = true
	}
	w.server.SetFault(func(c localaws.Call) localaws.Fault { return d.fault(c) })
	for range 60 {
		broken := w.nodes[d.below(3)]
		if d.percent(50) {
			broken.Down()
		} else {
			broken.Hang()
		}
		time.Sleep(d.upTo(8*time.Second) + time.Millisecond)
		broken.Up()
		time.Sleep(d.upTo(4*time.Second) + 2*time.Second) // until the node is asked again
	}
	w.server.SetFault(nil)
	w.after(time.Hour)

	l.mu.Lock()
	defer l.mu.Unlock()
	assert.Empty(t, l.wrong)
	assert.Empty(t, w.left(), "an hour of calm drains the queue")
	state := w.server.Inspect(w.queue)
	for id := range ids {
		assert.Equal(t, 1, l.succeeded[id], "%s: nothing is lost", id)
		assert.Equal(t, 1, state.Deleted[id], id)
	}
	for _, c := range clients {
		s := c.Stats()
		assert.Zero(t, s.InFlight+s.Running, "every slot and record is free")
		assert.NoError(t, c.Healthy(t.Context()))
	}
	require.Len(t, ids, messages)
}

// work is a handler's: quick or slow, and not always well.
func (l *ledger) work(d *dice, m *sqs.Message) error {
	l.began(m.MessageID)
	ok := false
	defer func() { l.ended(m.MessageID, ok) }()
	if d.percent(20) {
		time.Sleep(d.upTo(20 * time.Second))
	}
	switch {
	case d.percent(8):
		return errors.New("failed")
	case d.percent(3):
		panic("panicked")
	case d.percent(4):
		return sqs.RetryAfter(d.upTo(10*time.Second), errors.New("later"))
	}
	ok = true
	return nil
}

func (d *dice) fault(c localaws.Call) localaws.Fault {
	f := localaws.Fault{DelayAfter: d.upTo(200 * time.Millisecond)}
	switch {
	case d.percent(4):
		f.Code, f.Status = "InternalFailure", 500
	case d.percent(3):
		return localaws.Throttle
	case d.percent(2):
		f.Code, f.Status = "ExpiredTokenException", 403
	case d.percent(3):
		f.Cut = true
	case d.percent(3):
		f.Lose = true
	case d.percent(4):
		f.DelayAfter = d.upTo(15 * time.Second)
	case d.percent(5):
		f.Again = c.Operation == "ReceiveMessage"
	case d.percent(5):
		f.Twice = c.Operation == "ReceiveMessage"
	case d.percent(8):
		f.Entries = func(int) *localaws.EntryFault {
			if d.percent(50) {
				return nil
			}
			return &localaws.EntryFault{Code: "InternalError"}
		}
	}
	return f
}
