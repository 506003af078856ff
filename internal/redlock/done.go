package redlock

import (
	"context"
	"time"
)

// straggle is how long the last nodes are waited for after a majority has answered without the mark.
const straggle = 10 * time.Millisecond

// isDone reports whether any node has the done mark. One is enough: the mark is only written after
// the work was done. A node that hangs is not waited for: taking a done name for a held one leaves a
// duplicate for later and runs nothing.
func (l *Locker) isDone(ctx context.Context, name string) bool {
	answers := l.ask(get{name})
	var enough <-chan time.Time
	answered := 0
	for range l.servers {
		select {
		case a := <-answers:
			if a.reply == DoneMark {
				return true
			}
			if a.err == nil {
				answered++
			}
		case <-enough:
			return false
		case <-ctx.Done():
			return false
		}
		if answered == l.majority() && enough == nil {
			enough = time.After(straggle)
		}
	}
	return false
}
