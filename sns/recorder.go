package sns

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// recorder keeps what a handler writes, as much as can be published, and whether all of it was written.
type recorder struct {
	http.ResponseWriter
	method   string
	outer    string // the Content-Encoding that middleware around has set
	code     int
	body     []byte
	written  int64
	declared int64 // bytes by Content-Length, -1 where it is not set
	encoding string
	err      error // the first failure of a write
	tooLong  bool
	hijacked bool
	panicked bool
}

func newRecorder(w http.ResponseWriter, r *http.Request) *recorder {
	return &recorder{ResponseWriter: w, method: r.Method, outer: w.Header().Get("Content-Encoding"), declared: -1}
}

func (r *recorder) status() int {
	if r.code == 0 {
		return http.StatusOK // as net/http has it for a handler that sets none
	}
	return r.code
}

// unfit says why the response cannot be published, empty where it can.
func (r *recorder) unfit(ctx context.Context) string {
	switch {
	case r.panicked:
		return "the handler panicked"
	case r.hijacked:
		return "the handler took the connection over"
	case r.err != nil:
		return fmt.Sprintf("the response could not be written: %v", r.err)
	case r.method == http.MethodHead || r.method == http.MethodConnect:
		return "an answer to " + r.method + " has no body"
	case r.code != 0 && (r.code < http.StatusOK || r.code == http.StatusNoContent || r.code == http.StatusResetContent):
		return fmt.Sprintf("status %d has no body", r.code)
	case r.code == http.StatusPartialContent || r.code == http.StatusIMUsed:
		return fmt.Sprintf("status %d has a part of a body", r.code)
	case r.declared >= 0 && r.written != r.declared:
		return fmt.Sprintf("%d bytes were written, and Content-Length is %d", r.written, r.declared)
	case r.encoding != "":
		return "the body is encoded: put PublishEvent inside of what encodes it"
	case r.tooLong:
		return "the body is longer than a message may be"
	case len(r.body) == 0:
		return "the body is empty"
	}
	return r.unanswered(ctx)
}

// unanswered says why nobody may have got the response, though no write failed. A context that ended for
// another cause than the client, as a server's that is told to stop, does not count where the rest of the
// response can be written.
func (r *recorder) unanswered(ctx context.Context) string {
	switch cause := context.Cause(ctx); {
	case cause == nil:
		return ""
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "the request's time was over before the handler returned"
	case cause == context.Canceled:
		return "the client left before the handler returned"
	}
	if err := r.FlushError(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Sprintf("the response could not be written: %v", err)
	}
	return ""
}

// begin reads the header that is about to be sent.
func (r *recorder) begin(code int) {
	if r.code != 0 {
		return
	}
	r.code = code
	header := r.Header()
	if n, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64); err == nil {
		r.declared = n
	}
	if encoding := header.Get("Content-Encoding"); encoding != r.outer && encoding != "identity" {
		r.encoding = encoding
	}
}

// WriteHeader remembers the status. Those below 200 come before it.
func (r *recorder) WriteHeader(code int) {
	if code >= http.StatusOK || code == http.StatusSwitchingProtocols {
		r.begin(code)
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.begin(http.StatusOK)
	n, err := r.ResponseWriter.Write(p)
	r.keep(p[:min(max(n, 0), len(p))])
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	return n, r.failed(err)
}

func (r *recorder) failed(err error) error {
	if r.err == nil {
		r.err = err
	}
	return err
}

func (r *recorder) keep(p []byte) {
	r.written += int64(len(p))
	if r.tooLong = r.tooLong || len(r.body)+len(p) > MaxSize; r.tooLong {
		r.body = nil
		return
	}
	r.body = append(r.body, p...)
}

// ReadFrom is for io.Copy, which may have a quicker way to the connection.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	n, err := io.Copy(r.ResponseWriter, io.TeeReader(src, tee{r}))
	return n, r.failed(err)
}

// tee records what ReadFrom reads, before it is written.
type tee struct{ *recorder }

func (t tee) Write(p []byte) (int, error) {
	t.begin(http.StatusOK)
	t.keep(p)
	return len(p), nil
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush is for handlers that ask for an http.Flusher.
func (r *recorder) Flush() { _ = r.FlushError() } // what failed is remembered

// FlushError is for http.ResponseController. Where flushing is not supported, nothing is lost.
func (r *recorder) FlushError() error {
	before := *r
	r.begin(http.StatusOK) // a flush sends the header
	err := http.NewResponseController(r.ResponseWriter).Flush()
	if errors.Is(err, http.ErrNotSupported) {
		*r = before
		return err
	}
	return r.failed(err)
}

// Hijack is for handlers that ask for an http.Hijacker.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	r.hijacked = r.hijacked || err == nil
	return conn, buffered, err
}
