package chaos

import (
	"bufio"
	"fmt"
	"io"
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

	mu     sync.Mutex
	sent   map[string]time.Time // by body
	dead   map[int]time.Time    // processes that were killed
	read   []entry              // up to offset
	offset int64
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

// entries are all that was added so far.
func (l *ledger) entries() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, err := os.Open(l.path)
	require.NoError(l.t, err)
	defer file.Close()
	_, err = file.Seek(l.offset, io.SeekStart)
	require.NoError(l.t, err)
	for lines := bufio.NewReader(file); ; {
		line, err := lines.ReadString('\n')
		if err != nil { // the last may be half written
			return l.read[:len(l.read):len(l.read)]
		}
		l.offset += int64(len(line))
		var e entry
		var nano int64
		_, err = fmt.Sscan(line, &nano, &e.pid, &e.what, &e.body)
		require.NoError(l.t, err, line)
		e.at = time.Unix(0, nano)
		l.read = append(l.read, e)
	}
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
	alive                           int           // of those that ran twice, after a process that was not killed just then
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

// judge reads the ledger. Twice counts successes of what had succeeded already, together what began while it
// ran, in a process that was not killed by then.
func (l *ledger) judge(faultEnded time.Time) verdict {
	entries := l.entries()
	l.mu.Lock()
	defer l.mu.Unlock()
	v := verdict{messages: len(l.sent), recovery: -1}
	successes, running := map[string]entry{}, map[string][]entry{}
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
			if before, again := successes[e.body]; again {
				v.twice++
				if !l.killedJustAfter(before) {
					v.alive++
				}
			}
			successes[e.body] = e
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

// killedJustAfter is whether a process had no time to mark what had succeeded.
func (l *ledger) killedJustAfter(success entry) bool {
	dead, ok := l.dead[success.pid]
	return ok && dead.Sub(success.at) < time.Second
}

func without(running []entry, pid int) []entry {
	for i, e := range running {
		if e.pid == pid {
			return append(running[:i:i], running[i+1:]...)
		}
	}
	return running
}

// running counts what a process has begun and not ended.
func (l *ledger) running(pid int) (n int) {
	for _, e := range l.entries() {
		switch {
		case e.pid != pid || e.body == ready:
		case e.what == began:
			n++
		default:
			n--
		}
	}
	return n
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
