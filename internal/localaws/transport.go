package localaws

import (
	"bytes"
	"io"
	"net/http"
)

// transport answers requests by calling the server.
type transport struct{ server *Server }

// RoundTrip runs the handler in the caller's goroutine. An aborted answer is an unexpected end, as it
// is for a client whose connection is cut.
func (t transport) RoundTrip(r *http.Request) (response *http.Response, err error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	if r.Host == "" {
		r.Host = r.URL.Host
	}
	w := &recorder{header: make(http.Header), status: http.StatusOK}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			response, err = nil, io.ErrUnexpectedEOF
		} else if p != nil {
			panic(p)
		}
	}()
	t.server.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
