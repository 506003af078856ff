package stub

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Options of a Server.
type Options struct {
	Latency time.Duration // of every call
	Body    int           // bytes of a message's body
	Supply  Supply        // where messages come from
}

// Server is the http.Handler of the one queue there is.
type Server struct {
	options Options
	body    string // as JSON has it
	md5     string
	next    atomic.Int64 // of the messages
	counts  counts
}

type counts struct {
	receives, messages, empty, deletes, deleted, visibilities, others atomic.Int64
}

// Counts are the calls so far and what they were for.
type Counts struct {
	Receives     int64 `json:"receives"`
	Messages     int64 `json:"messages"` // given out
	Empty        int64 `json:"empty"`    // receives without a message
	Deletes      int64 `json:"deletes"`  // calls
	Deleted      int64 `json:"deleted"`  // messages
	Visibilities int64 `json:"visibilities"`
	Others       int64 `json:"others"`
}

// Calls are all API calls.
func (c Counts) Calls() int64 { return c.Receives + c.Deletes + c.Visibilities + c.Others }

// Minus is what came after before.
func (c Counts) Minus(before Counts) Counts {
	return Counts{
		c.Receives - before.Receives, c.Messages - before.Messages, c.Empty - before.Empty,
		c.Deletes - before.Deletes, c.Deleted - before.Deleted,
		c.Visibilities - before.Visibilities, c.Others - before.Others,
	}
}

// New makes a Server.
func New(o Options) *Server {
	plain := `{"user":1,"pad":"` + strings.Repeat("x", max(o.Body-19, 0)) + `"}`
	sum := md5.Sum([]byte(plain))
	quoted, err := json.Marshal(plain)
	if err != nil {
		panic(err) // a string always encodes
	}
	return &Server{options: o, body: string(quoted), md5: hex.EncodeToString(sum[:])}
}

// ServeHTTP answers an API call, and GET /counts.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/counts" {
		_ = json.NewEncoder(w).Encode(s.counts.snapshot()) // the reader left
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	time.Sleep(s.options.Latency)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	switch operation {
	case "ReceiveMessage":
		s.receive(w, r, body)
	case "DeleteMessageBatch":
		s.counts.deletes.Add(1)
		s.counts.deleted.Add(succeedAll(w, body))
	case "ChangeMessageVisibilityBatch":
		s.counts.visibilities.Add(1)
		succeedAll(w, body)
	case "DeleteMessage":
		s.counts.deletes.Add(1)
		s.counts.deleted.Add(1)
		io.WriteString(w, "{}")
	case "GetQueueUrl":
		s.counts.others.Add(1)
		fmt.Fprintf(w, `{"QueueUrl":"http://%s/000000000000/bench"}`, r.Host)
	case "GetQueueAttributes":
		s.counts.others.Add(1)
		io.WriteString(w, `{"Attributes":{"VisibilityTimeout":"30","QueueArn":"arn:aws:sqs:us-east-1:000000000000:bench"}}`)
	default:
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type":"com.amazonaws.sqs#UnsupportedOperation","message":%q}`, operation)
	}
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct{ MaxNumberOfMessages, WaitTimeSeconds int }
	if err := json.Unmarshal(body, &in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.counts.receives.Add(1)
	sent := s.options.Supply.Take(r.Context(), max(in.MaxNumberOfMessages, 1), time.Duration(in.WaitTimeSeconds)*time.Second)
	s.counts.messages.Add(int64(len(sent)))
	if len(sent) == 0 {
		s.counts.empty.Add(1)
		io.WriteString(w, "{}")
		return
	}
	first := s.next.Add(int64(len(sent))) - int64(len(sent))
	out := make([]byte, 0, len(sent)*(len(s.body)+900))
	out = append(out, `{"Messages":[`...)
	for i, at := range sent {
		if i > 0 {
			out = append(out, ',')
		}
		out = s.appendMessage(out, first+int64(i), at)
	}
	_, _ = w.Write(append(out, `]}`...)) // the reader left
}

// appendMessage appends what SQS sends for a message that was published to SNS with raw delivery.
func (s *Server) appendMessage(out []byte, n int64, sent time.Time) []byte {
	ms := sent.UnixMilli()
	out = fmt.Appendf(out, `{"MessageId":"5fea7756-0ea4-451a-a703-%012x","ReceiptHandle":"%s%012x","MD5OfBody":"%s","Body":`, n, handle, n, s.md5)
	out = append(out, s.body...)
	return fmt.Appendf(out, `,"Attributes":{"SenderId":"AIDAIT2UOQQY3AUEKVGXU","ApproximateFirstReceiveTimestamp":"%d","ApproximateReceiveCount":"1","SentTimestamp":"%d"}`+
		`,"MessageAttributes":{"iniesta_pass":{"StringValue":"UserUpdated.user","DataType":"String"},"sent":{"StringValue":"%d","DataType":"Number"}}}`,
		ms, ms, sent.UnixNano())
}

// handle is as long as the receipt handles of SQS are.
var handle = strings.Repeat("AQEBzbVv+", 40)

// succeedAll answers a batch call whose entries all succeed and returns their number.
func succeedAll(w http.ResponseWriter, body []byte) int64 {
	var in struct{ Entries []struct{ Id string } }
	if err := json.Unmarshal(body, &in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return 0
	}
	out := []byte(`{"Failed":[],"Successful":[`)
	for i, e := range in.Entries {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `{"Id":%q}`, e.Id)
	}
	_, _ = w.Write(append(out, `]}`...)) // the reader left
	return int64(len(in.Entries))
}

func (c *counts) snapshot() Counts {
	return Counts{
		c.receives.Load(), c.messages.Load(), c.empty.Load(), c.deletes.Load(), c.deleted.Load(), c.visibilities.Load(), c.others.Load(),
	}
}
