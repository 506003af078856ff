package localaws

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed08532102/iniesta/internal/policy"
)

// Server is an SQS with its queues and an SNS with its topics. It is an http.Handler; Start makes it listen.
type Server struct {
	region, account string

	mu            sync.Mutex
	queues        map[string]*queue    // by ARN
	deletedQueues map[string]time.Time // when those were deleted whose names cannot be used yet, by ARN
	topics        map[string]*topic    // by ARN
	moves         []*moveTask
	guarantees    Guarantees
	store         Store // nil where nothing is kept
	storing       sync.Mutex
	broken        error // why the store cannot be written; guarded by storing
	fault         func(Call) Fault
	calls         map[string]int
	permit        map[string]policy.Policy // by access key; nil where everybody may do everything

	closed   context.Context
	close    context.CancelFunc
	handlers sync.WaitGroup
	listener *http.Server
	serving  sync.WaitGroup

	sequence    atomic.Int64 // of the newest message of any queue
	undelivered atomic.Int64
}

// New makes a server without queues and topics. It does no I/O.
func New() *Server { return NewIn("us-east-1", "000000000000") }

// NewIn makes a server with a region and an account for calls whose signature names no other.
func NewIn(region, account string) *Server {
	s := &Server{
		region: region, account: account,
		queues: make(map[string]*queue), deletedQueues: make(map[string]time.Time), topics: make(map[string]*topic),
		calls: make(map[string]int),
	}
	s.closed, s.close = context.WithCancel(context.Background())
	return s
}

// Start listens on a free port of 127.0.0.1 and returns the URL.
func (s *Server) Start() (url string, err error) { return s.StartAt("127.0.0.1:0") }

// StartAt listens on an address, which has to be one of the loopback.
func (s *Server) StartAt(address string) (url string, err error) {
	if host, _, err := net.SplitHostPort(address); err != nil || !isLoopback(host) {
		return "", fmt.Errorf("localaws: listening on %s: it is not an address of the loopback such as 127.0.0.1:4566", address)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("localaws: listening: %w", err)
	}
	s.listener = &http.Server{
		Handler: onlyLoopback(s), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0), // it would print what clients send
	}
	s.serving.Go(func() { _ = s.listener.Serve(l) }) // ends with ErrServerClosed
	return "http://" + l.Addr().String(), nil
}

// Close ends every long poll, stops listening and waits for both.
func (s *Server) Close() error {
	s.mu.Lock()
	s.close()
	s.mu.Unlock()
	var err error
	if s.listener != nil {
		err = s.listener.Close()
	}
	s.serving.Wait()
	s.handlers.Wait()
	return err
}

// enter counts a call that begins, and refuses it once the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Err() != nil {
		return false
	}
	s.handlers.Add(1)
	return true
}

// Transport calls the server in the process, without sockets or goroutines.
func (s *Server) Transport() http.RoundTripper { return transport{s} }

// Calls counts the calls of each operation, such as "ReceiveMessage".
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make(map[string]int, len(s.calls))
	for operation, n := range s.calls {
		calls[operation] = n
	}
	return calls
}

func (s *Server) counted(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[operation]++
	return s.calls[operation]
}

// onlyLoopback refuses requests for other hosts and those of web pages from elsewhere: a page must reach the
// server neither through a name of its own nor by a form that it sends to ours.
func onlyLoopback(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if !isLoopback(host) || !isLoopbackPage(r.Header.Get("Origin")) {
			http.Error(w, "only loopback hosts are served", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLoopbackPage reports whether a request comes from no web page, or from one of this machine.
func isLoopbackPage(origin string) bool {
	page, err := url.Parse(origin)
	return origin == "" || err == nil && isLoopback(page.Hostname())
}

func isLoopback(host string) bool {
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
