package sns

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
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
// It never breaks a response. The event is published once the handler has returned, and holds the end of
// the response up for a second at most; after that it goes on by itself, for ten seconds, and Close waits
// for it. An empty body, one over MaxSize, a connection that was taken over and a publish that fails are
// logged with the event and counted in Stats. A handler that panics publishes nothing. Streaming,
// http.ResponseController and io.ReaderFrom work as without it. Python: publish_event.
func (c *Client) PublishEvent(event string, opts ...MessageOption) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := &recorder{ResponseWriter: w}
			next.ServeHTTP(recorded, r)
			if recorded.status() < http.StatusMultipleChoices {
				c.publishResponse(context.WithoutCancel(r.Context()), event, recorded, opts)
			}
		})
	}
}

// publishResponse publishes in a goroutine that Close waits for, and waits for it itself for a while.
func (c *Client) publishResponse(ctx context.Context, event string, recorded *recorder, opts []MessageOption) {
	done := make(chan struct{})
	c.publishing.Go(func() {
		defer close(done)
		if why := recorded.unfit(); why != "" {
			c.notPublished(event, slog.String("reason", why))
			return
		}
		m, err := c.CreateMessage(event, string(recorded.body), opts...)
		if err == nil {
			err = m.Publish(ctx)
		}
		if err != nil {
			c.notPublished(event, slog.Any("error", err))
			return
		}
		c.published.Add(1)
	})
	patience := time.NewTimer(publishWait)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	}
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

// recorder keeps what a handler writes, as much as can be published.
type recorder struct {
	http.ResponseWriter
	code     int
	body     []byte
	tooLong  bool
	hijacked bool
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK // as net/http has it for a handler that sets none
	}
	return r.code
}

// unfit says why the response cannot be published, empty where it can.
func (r *recorder) unfit() string {
	switch {
	case r.hijacked:
		return "the handler took the connection over"
	case r.tooLong:
		return "the body is longer than a message may be"
	case len(r.body) == 0:
		return "the body is empty"
	}
	return ""
}

// WriteHeader remembers the status. Those below 200 come before it.
func (r *recorder) WriteHeader(code int) {
	if r.code == 0 && (code >= http.StatusOK || code == http.StatusSwitchingProtocols) {
		r.code = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	r.keep(p[:n])
	return n, err
}

func (r *recorder) keep(p []byte) {
	if r.code == 0 {
		r.code = http.StatusOK
	}
	if r.tooLong = r.tooLong || len(r.body)+len(p) > MaxSize; r.tooLong {
		r.body = nil
		return
	}
	r.body = append(r.body, p...)
}

// ReadFrom is for io.Copy, which may have a quicker way to the connection.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	return io.Copy(r.ResponseWriter, io.TeeReader(src, keeper{r}))
}

// keeper keeps what it is written.
type keeper struct{ *recorder }

func (k keeper) Write(p []byte) (int, error) {
	k.keep(p)
	return len(p), nil
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush is for handlers that ask for an http.Flusher.
func (r *recorder) Flush() {
	_ = http.NewResponseController(r.ResponseWriter).Flush() // where it is not supported, nothing is lost
}

// Hijack is for handlers that ask for an http.Hijacker.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	r.hijacked = r.hijacked || err == nil
	return conn, buffered, err
}
