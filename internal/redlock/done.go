package redlock

import (
	"context"
	"fmt"
	"time"
)

// straggle is how long the last nodes are waited for after a majority has answered without the mark.
const straggle = 10 * time.Millisecond

// holder says who has a name that could not be acquired: ErrDone, ErrHeld, or why that could not be read.
// The mark on a single node is enough: the mark is only written after the work was done. A node that
// hangs is not waited for: if a done name is taken for a held name, a duplicate stays for later and nothing runs.
func (l *Locker) holder(ctx context.Context, name string) error {
	answers := l.ask(get{name})
	var enough <-chan time.Time
	answered, failed := 0, []error(nil)
	for range l.servers {
		select {
		case a := <-answers:
			switch {
			case a.reply == DoneMark:
				return ErrDone
			case a.err != nil:
				failed = append(failed, l.nodeError(a.node, a.err))
			default:
				answered++
			}
		case <-enough:
			return ErrHeld
		case <-ctx.Done():
			return ctx.Err()
		}
		if answered == l.majority() && enough == nil {
			enough = time.After(straggle)
		}
	}
	if l.isOutage(failed) {
		return fmt.Errorf("%w: %w", ErrOutage, nodeErrors(failed))
	}
	return ErrHeld
}
