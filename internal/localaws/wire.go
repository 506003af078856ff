package localaws

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const (
	contentType = "application/x-amz-json-1.0"
	maxRequest  = 4 << 20  // bytes: ten times the largest message would not fit into a batch anyway
	maxHeader   = 32 << 10 // bytes: a signature and what proxies add is a few thousand
)

// request is a call on its way through the server.
type request struct {
	caller
	server *Server
	ctx    context.Context
	host   string // what the client reached the server by, for queue URLs
	body   []byte
	denied error // the policy's answer
	fault  Fault
	trace  string // the header X-Amzn-Trace-Id
}

// call is one that an operation of a service is to answer.
func (s *Server) call(r *http.Request, service, operation string, body []byte) *request {
	t, c := targetOf(body), s.callerOf(r)
	return &request{
		caller: c, server: s, ctx: r.Context(), trace: r.Header.Get("X-Amzn-Trace-Id"), host: r.Host, body: body, denied: s.deny(c, service, operation, t),
		fault: s.faultFor(Call{Operation: operation, Topic: t.TopicArn, Queue: t.queue(), N: s.counted(operation)}),
	}
}

// operations are the calls of SQS by their name in X-Amz-Target.
var operations = map[string]func(*request) (any, error){
	"CreateQueue":                  handle((*request).createQueue),
	"GetQueueUrl":                  handle((*request).getQueueURL),
	"ListQueues":                   handle((*request).listQueues),
	"DeleteQueue":                  handle((*request).deleteQueue),
	"PurgeQueue":                   handle((*request).purgeQueue),
	"GetQueueAttributes":           handle((*request).getQueueAttributes),
	"SetQueueAttributes":           handle((*request).setQueueAttributes),
	"SendMessage":                  handle((*request).sendMessage),
	"SendMessageBatch":             handle((*request).sendMessageBatch),
	"ReceiveMessage":               handle((*request).receiveMessage),
	"DeleteMessage":                handle((*request).deleteMessage),
	"DeleteMessageBatch":           handle((*request).deleteMessageBatch),
	"ChangeMessageVisibility":      handle((*request).changeVisibility),
	"ChangeMessageVisibilityBatch": handle((*request).changeVisibilityBatch),
	"StartMessageMoveTask":         handle((*request).startMove),
	"ListMessageMoveTasks":         handle((*request).listMoves),
	"CancelMessageMoveTask":        handle((*request).cancelMove),
	"ListDeadLetterSourceQueues":   handle((*request).listDeadLetterSources),
	"AddPermission":                handle((*request).addQueuePermission),
	"RemovePermission":             handle((*request).removeQueuePermission),
	"TagQueue":                     handle((*request).tagQueue),
	"UntagQueue":                   handle((*request).untagQueue),
	"ListQueueTags":                handle((*request).listQueueTags),
}

// handle decodes the input of an operation.
func handle[I, O any](operation func(*request, *I) (O, error)) func(*request) (any, error) {
	return func(r *request) (any, error) {
		var in I
		if err := json.Unmarshal(r.body, &in); err != nil {
			return nil, errSerialization
		}
		if halfCharacter(r.body) {
			return nil, errContents
		}
		return operation(r, &in)
	}
}

// ServeHTTP answers one call: of SQS in AWS JSON 1.0 or the query protocol, of SNS in the latter.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()
	switch {
	case r.Method == http.MethodPost && r.Header.Get("X-Amz-Target") != "":
		s.serveJSON(w, r)
	case r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"),
		r.URL.Query().Has("Action"):
		s.serveQuery(w, r)
	case r.Method == http.MethodGet && r.URL.Path == healthPath:
		s.serveHealth(w)
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, certificatePath):
		serveCertificate(w)
	default:
		respondError(w, errUnknownOperation)
	}
}

// serveJSON answers one call of SQS.
func (s *Server) serveJSON(w http.ResponseWriter, r *http.Request) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	run, ok := operations[operation]
	if !ok || r.Method != http.MethodPost {
		respondError(w, errUnknownOperation)
		return
	}
	body, err := readBody(r)
	if err != nil {
		respondError(w, errTooLarge)
		return
	}
	out, err := s.call(r, "sqs", operation, body).run(run)
	if err != nil {
		respondError(w, err)
		return
	}
	respond(w, http.StatusOK, out)
}

func readBody(r *http.Request) ([]byte, error) {
	limited := http.MaxBytesReader(nil, r.Body, maxRequest)
	if r.ContentLength > 0 && r.ContentLength <= maxRequest {
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(limited, body)
		return body, err
	}
	return io.ReadAll(limited)
}

// target is what a call is about, as far as it says so.
type target struct{ QueueUrl, QueueName, TopicArn, TargetArn, SubscriptionArn string }

func targetOf(body []byte) (t target) {
	_ = json.Unmarshal(body, &t) // the operation itself reports what cannot be decoded
	return t
}

// queue is the name of the queue, which is the end of its URL.
func (t target) queue() string { return t.QueueUrl[strings.LastIndexByte(t.QueueUrl, '/')+1:] }

func respond(w http.ResponseWriter, status int, out any) {
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // every output is made of strings and numbers
	}
	if out == nil {
		body = nil // as the service does where there is nothing to say
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("x-amzn-RequestId", uuid.NewString())
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that left is not told
}
