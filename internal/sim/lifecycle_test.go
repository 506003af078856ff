package sim

import (
	"context"
	"slices"
	"time"
)

// one draws a process that lives.
func (w *world) one(i int) consumer {
	living := slices.DeleteFunc(w.processes(), func(c consumer) bool { return c.process().still() })
	if len(living) == 0 {
		return nil
	}
	return living[w.draw("process", i).IntN(len(living))]
}

// another starts a process of a kind.
func (w *world) another(ctx context.Context, python bool) {
	if python {
		w.add(w.newPython(ctx))
		return
	}
	w.buffers.Go(func() { w.add(w.newGo(ctx)) }) // the API may keep it waiting
}

// kill ends a process in the middle of whatever it does, and starts another.
func (w *world) kill(ctx context.Context, i int) {
	c := w.one(i)
	if c == nil {
		return
	}
	c.process().freeze(true)
	time.Sleep(between(w.draw("kill", i), 0, 5*time.Second))
	w.another(ctx, c.process().python)
}

// pause has a process stand still, for longer than its locks and messages bear.
func (w *world) pause(i int) {
	c := w.one(i)
	if c == nil {
		return
	}
	c.process().freeze(false)
	time.Sleep(between(w.draw("pause", i), 0, 2*(w.lockTimeout+w.visibility)))
	c.process().thaw(false)
}

// restart stops a process gracefully and starts another.
func (w *world) restart(ctx context.Context, i int) {
	c := w.one(i)
	if c == nil {
		return
	}
	w.mu.Lock()
	w.consumers = slices.DeleteFunc(w.consumers, func(other consumer) bool { return other == c })
	w.mu.Unlock()
	w.buffers.Go(func() {
		w.stop(ctx, c)
		time.Sleep(w.maxExtension * 2)
		c.clear()
	})
	w.another(ctx, c.process().python)
}

// stop stops a process, and looks at how long that takes.
func (w *world) stop(ctx context.Context, c consumer) {
	began, returned := time.Now(), false
	defer func() {
		if !returned {
			w.ledger.failProcess("the stop of %s ended the goroutine of its caller", c.process().name)
		}
	}()
	c.process().toldToStop()
	_ = c.stop(ctx) // what could not be drained in time is cleared later
	returned = true
	if took := time.Since(began); took > w.shutdown+graceOfAStop && !c.process().python {
		w.ledger.failProcess("%s took %s to stop, of %s", c.process().name, took, w.shutdown)
	}
}
