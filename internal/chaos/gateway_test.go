package chaos

import (
	"bytes"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// gateway stands between consumers and SQS.
type gateway struct {
	unavailable atomic.Bool // it answers 503, as AWS does

	mu       sync.Mutex
	received []delivery
}

// delivery is what a consumer was given.
type delivery struct {
	at     time.Time
	handle string
}

// serve passes calls on to an endpoint until the test ends. It returns the gateway's address.
func (g *gateway) serve(t *testing.T, endpoint string) string {
	target, err := url.Parse(endpoint)
	require.NoError(t, err)
	pass := &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: g.note,
		ErrorLog:       log.New(io.Discard, "", 0), // clients that are killed
	}
	return newLoopbackServer(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if g.unavailable.Load() {
			http.Error(rw, "Service Unavailable", http.StatusServiceUnavailable)
			return
		}
		pass.ServeHTTP(rw, r)
	}))
}

// note remembers what a receive brings.
func (g *gateway) note(answer *http.Response) error {
	if answer.Request.Header.Get("X-Amz-Target") != "AmazonSQS.ReceiveMessage" {
		return nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	var brought struct {
		Messages []struct{ ReceiptHandle string }
	}
	if err := json.Unmarshal(body, &brought); err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.received = slices.DeleteFunc(g.received, func(d delivery) bool { return time.Since(d.at) > handlerTime })
	for _, m := range brought.Messages {
		g.received = append(g.received, delivery{time.Now(), m.ReceiptHandle})
	}
	return nil
}

// takeRunning returns the receipt handles of messages whose handlers have begun and not yet ended, each once.
func (g *gateway) takeRunning() (handles []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.received = slices.DeleteFunc(g.received, func(d delivery) bool {
		since := time.Since(d.at)
		runs := since > handlerTime/5 && since < handlerTime/2
		if runs {
			handles = append(handles, d.handle)
		}
		return runs
	})
	return handles
}

// newLoopbackServer serves until the test ends, and returns its address.
func newLoopbackServer(t *testing.T, handler http.Handler) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }() // ends with ErrServerClosed
	t.Cleanup(func() { server.Close(); <-done })
	return l.Addr().String()
}
