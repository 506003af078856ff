package sns_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sns"
)

func TestTheBodyOfAGoodResponseIsPublished(t *testing.T) {
	for name, c := range map[string]struct {
		handler   http.HandlerFunc
		status    int
		published string // empty for nothing
		failed    int64
	}{
		"a status implied": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }, 200, "ok", 0},
		"a status set": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "made")
		}, 201, "made", 0},
		"hints before it": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		}, 404, "", 0},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusFound) }, 302, "", 0},
		"an error":   {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, 500, "", 0},
		"no body":    {func(http.ResponseWriter, *http.Request) {}, 200, "", 1},
		"a body that is long": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat("x", sns.MaxSize+1))
		}, 200, "", 1},
		"several writes": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			_, _ = io.WriteString(w, "b")
		}, 200, "ab", 0},
		"a copy, by ReadFrom": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader("copied")) }, 200, "copied", 0},
		"a flush, as Flusher": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a"); w.(http.Flusher).Flush() }, 200, "a", 0},
		"by ResponseController": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "a")
			if http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)) != nil {
				panic("not supported")
			}
		}, 200, "a", 0},
	} {
		t.Run(name, func(t *testing.T) {
			logged := captureLogs(t)
			published := ""
			a := &api{publish: func(in *awssns.PublishInput) (*awssns.PublishOutput, error) {
				published = *in.Message
				assert.Equal(t, "Order.shop", aws.ToString(in.MessageAttributes["iniesta_pass"].StringValue))
				return &awssns.PublishOutput{}, nil
			}}
			client := client(t, a, arn)
			server := httptest.NewServer(client.PublishEvent("Order")(c.handler))
			defer server.Close()
			get := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			response, err := get.Get(server.URL)
			require.NoError(t, err)
			_, _ = io.ReadAll(response.Body)
			require.NoError(t, response.Body.Close())
			get.CloseIdleConnections()
			server.Close()
			require.NoError(t, client.Close(t.Context()))
			assert.Equal(t, c.status, response.StatusCode)
			assert.Equal(t, c.published, published)
			assert.Equal(t, c.failed, client.Stats().Failed)
			if c.failed > 0 {
				assert.Contains(t, logged.String(), `"event":"Order"`)
			}
		})
	}
}

func TestAConnectionThatIsTakenOverPublishesNothing(t *testing.T) {
	logged := captureLogs(t)
	client := client(t, &api{}, arn)
	handler := client.PublishEvent("Order")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if assert.NoError(t, err) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")
			_ = conn.Close()
		}
	}))
	done := make(chan struct{}) // the server does not wait for what was taken over
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	response, err := http.Get(server.URL)
	require.NoError(t, err)
	body, _ := io.ReadAll(response.Body)
	require.NoError(t, response.Body.Close())
	assert.Equal(t, "hi", string(body))
	<-done
	require.NoError(t, client.Close(t.Context()))
	assert.Contains(t, logged.String(), "took the connection over")
}

func TestAPublishThatFailsOrHangsDoesNotBreakTheResponse(t *testing.T) {
	captureLogs(t)
	for name, c := range map[string]struct {
		publish func() error
		within  time.Duration
	}{
		"fails": {func() error { return errors.New("unreachable") }, 0},
		"hangs": {func() error { time.Sleep(5 * time.Second); return errors.New("late") }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &api{publish: func(*awssns.PublishInput) (*awssns.PublishOutput, error) { return nil, c.publish() }}
				client := client(t, a, arn)
				handler := client.PublishEvent("Order")(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
				response := httptest.NewRecorder()
				ctx, cancel := context.WithCancel(t.Context())
				began := time.Now()
				handler.ServeHTTP(response, httptest.NewRequestWithContext(ctx, "GET", "/", nil))
				cancel()
				assert.Equal(t, c.within, time.Since(began))
				assert.Equal(t, "ok", response.Body.String())
				short, stop := context.WithTimeout(t.Context(), time.Millisecond)
				defer stop()
				if c.within > 0 {
					assert.ErrorIs(t, client.Close(short), context.DeadlineExceeded, "it is still under way")
				}
				require.NoError(t, client.Close(t.Context()))
				assert.Equal(t, sns.Stats{Failed: 1}, client.Stats())
			})
		})
	}
}

func captureLogs(t *testing.T) *bytes.Buffer {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&logged, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &logged
}
