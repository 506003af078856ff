package sqs_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/sqs"
)

func TestACallbackThatDoesNotReturnCostsNothingElse(t *testing.T) {
	for name, end := range map[string]func(){"panicked": func() { panic("at the disco") }, "ended its goroutine": runtime.Goexit} {
		hook := sqs.WithPostReceiveHook(func(context.Context, int) { end() })
		backoff := sqs.WithRetryBackoff(func(int) time.Duration { end(); return 0 })
		check := func(t *testing.T, w *world, groups ...string) {
			failing := true
			var ran runs
			w.handle(func(m *sqs.Message) error {
				if ran.note(m); failing {
					failing = false
					return errors.New("no")
				}
				return nil
			})
			for _, body := range []string{"first", "second"} {
				w.send("", body, groups...)
			}
			c := w.start(hook, backoff, sqs.WithPollers(1, 1), sqs.WithConcurrency(1))
			w.after(2 * time.Minute)
			assert.Equal(t, 3, ran.count(), "what failed came back")
			assert.Empty(t, w.left())
			assert.Contains(t, w.logs.String(), "the post-receive hook "+name)
			assert.Contains(t, w.logs.String(), "the retry backoff "+name)
			assert.NoError(t, c.Healthy(t.Context()))
		}
		t.Run(name, func(t *testing.T) { inWorld(t, func(t *testing.T, w *world) { check(t, w) }) })
		t.Run(name+", FIFO", func(t *testing.T) { inFIFO(t, func(t *testing.T, w *world) { check(t, w, "a") }) })
	}
}
