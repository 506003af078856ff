package sns

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed08532102/iniesta/internal/guard"
)

// publishWait is the most that a response is held up by its event.
const publishWait = time.Second

// PublishEvent returns middleware that publishes the body of a response whose status is below 300, as
// event. It is SNSClient.PublishEvent.
func PublishEvent(event string, opts ...MessageOption) func(http.Handler) http.Handler {
	return SNSClient.PublishEvent(event, opts...)
}

// PublishEvent returns middleware that publishes the body of a response whose status is below 300, as
// event.
//
// Only what was answered whole is published: not where a write failed, where fewer bytes were written than
// Content-Length says, where the client left or http.TimeoutHandler answered before the handler returned, or
// where the handler panicked. Neither is what is no whole body: an answer to HEAD or CONNECT, the statuses 204,
// 205 and 206, an empty body, one over MaxSize, one with a Content-Encoding (put PublishEvent inside of what
// compresses), and a connection that was taken over. All of these, and a publish that fails, are logged with
// the event and counted in Stats.
//
// It never breaks a response. The event is published once the handler has returned, and holds the end of
// the response up for a second at most, and for half of the time that the request has left; after that it goes
// on by itself, for ten seconds, and Close waits for it. Streaming, http.ResponseController and io.ReaderFrom
// work as without it. Python: publish_event.
func (c *Client) PublishEvent(event string, opts ...MessageOption) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := newRecorder(w, r)
			returned := false
			defer func() { // a panic and a Goexit go on as they are
				recorded.panicked = !returned
				if recorded.status() < http.StatusMultipleChoices || recorded.panicked {
					c.publishResponse(r.Context(), event, recorded.unfit(r.Context()), string(recorded.body), opts)
				}
			}()
			next.ServeHTTP(recorded, r)
			returned = true
		})
	}
}

// publishResponse publishes in a goroutine that Close waits for, and waits for it itself for a while. There
// the options, the API and the logger are users' code, which may panic or end the goroutine.
func (c *Client) publishResponse(ctx context.Context, event, unfit, body string, opts []MessageOption) {
	done := make(chan struct{})
	c.publishing.Go(func() {
		defer close(done)
		_ = guard.Call("the logger", func() error {
			if unfit != "" {
				c.notPublished(event, slog.String("reason", unfit))
				return nil
			}
			if err := guard.Run("publishing", func() error { return c.publish(context.WithoutCancel(ctx), event, body, opts) }); err != nil {
				c.notPublished(event, slog.Any("error", err))
				return nil
			}
			c.published.Add(1)
			return nil
		})
	})
	patience := time.NewTimer(patience(ctx))
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	}
}

// patience leaves a request that has a deadline the time to be answered.
func patience(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return min(publishWait, max(time.Until(deadline)/2, 0))
	}
	return publishWait
}

func (c *Client) publish(ctx context.Context, event, body string, opts []MessageOption) error {
	m, err := c.CreateMessage(event, body, opts...)
	if err != nil {
		return err
	}
	return m.Publish(ctx)
}

func (c *Client) notPublished(event string, why slog.Attr) {
	c.failed.Add(1)
	c.log().Error("[INIESTA] The event of a response was not published", slog.String("event", event), why)
}

// Stats counts what PublishEvent did.
type Stats struct {
	Published int64
	Failed    int64 // events of responses that were not published
}

// Stats returns the client's counts.
func (c *Client) Stats() Stats { return Stats{c.published.Load(), c.failed.Load()} }

// Close waits for the events of responses that are being published, until ctx ends, and releases idle
// connections. The client can be used on.
func (c *Client) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.publishing.Wait() // ten seconds at most
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return fmt.Errorf("sns: closing: events of responses are still being published: %w", ctx.Err())
	}
	if t, err := c.initialized(""); err == nil {
		t.release()
	}
	return nil
}
