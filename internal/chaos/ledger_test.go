package chaos

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What a line of the ledger says that a handler did.
const (
	began     = "began"
	succeeded = "succeeded"
	failed    = "failed"
	ready     = "ready" // in place of a body: a process is about to receive
)

// ledger is a file that every consumer adds to.
type ledger struct {
	t    *testing.T
	path string

	mu   sync.Mutex
	sent map[string]time.Time // by body
	dead map[int]time.Time    // processes that were killed
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{t: t, path: filepath.Join(t.TempDir(), "ledger"), sent: map[string]time.Time{}, dead: map[int]time.Time{}}
	require.NoError(t, os.WriteFile(l.path, nil, 0o600))
	return l
}

type entry struct {
	at   time.Time
	pid  int
	what string
	body string
}

func (l *ledger) entries() (entries []entry) {
	file, err := os.Open(l.path)
	require.NoError(l.t, err)
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var e entry
		var nano int64
		if _, err := fmt.Sscan(lines.Text(), &nano, &e.pid, &e.what, &e.body); err == nil { // the last may be half written
			e.at = time.Unix(0, nano)
			entries = append(entries, e)
		}
	}
	return entries
}

func (l *ledger) killed(pid int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dead[pid] = time.Now()
}

func (l *ledger) sending(body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent[body] = time.Now()
}

// verdict is a row of the table.
type verdict struct {
	messages, lost, twice, together int
	stall                           time.Duration // between successes, while messages were there
	wait                            time.Duration // the longest from sending to success
	recovery                        time.Duration // from the end of the fault to the next success
}

// columns are the names of what a verdict prints.
const columns = "messages  lost  twice  together   stall    wait  recovery"

func (v verdict) String() string {
	recovery := "-" // everything was handled before the fault ended
	if v.recovery >= 0 {
		recovery = fmt.Sprintf("%.1fs", v.recovery.Seconds())
	}
	return fmt.Sprintf("%8d %5d %6d %9d %6.1fs %6.1fs %9s", v.messages, v.lost, v.twice, v.together, v.stall.Seconds(), v.wait.Seconds(), recovery)
}

// judge reads the ledger. Twice counts messages that succeeded again, together those that ran while they
// already did, in a process that was not killed by then.
func (l *ledger) judge(faultEnded time.Time) verdict {
	entries := l.entries()
	l.mu.Lock()
	defer l.mu.Unlock()
	v := verdict{messages: len(l.sent), recovery: -1}
	successes, running := map[string]int{}, map[string][]entry{}
	var last time.Time
	for _, e := range entries {
		switch {
		case e.body == ready:
		case e.what == began:
			for _, other := range running[e.body] {
				if dead, ok := l.dead[other.pid]; !ok || dead.After(e.at) {
					v.together++
				}
			}
			running[e.body] = append(running[e.body], e)
		default:
			running[e.body] = without(running[e.body], e.pid)
			if e.what == failed {
				continue
			}
			successes[e.body]++
			if successes[e.body] == 2 {
				v.twice++
			}
			v.wait = max(v.wait, e.at.Sub(l.sent[e.body]))
			if !last.IsZero() {
				v.stall = max(v.stall, e.at.Sub(last))
			}
			last = e.at
			if v.recovery < 0 && e.at.After(faultEnded) {
				v.recovery = e.at.Sub(faultEnded)
			}
		}
	}
	v.lost = v.messages - len(successes)
	return v
}

func without(running []entry, pid int) []entry {
	for i, e := range running {
		if e.pid == pid {
			return append(running[:i:i], running[i+1:]...)
		}
	}
	return running
}

// seen counts the bodies that succeeded.
func (l *ledger) seen() int {
	bodies := map[string]bool{}
	for _, e := range l.entries() {
		if e.what == succeeded {
			bodies[e.body] = true
		}
	}
	return len(bodies)
}
