package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/time/rate"

	"github.com/seed08532102/iniesta/internal/provision"
	"github.com/seed08532102/iniesta/internal/terminal"
)

// Messages are sent and deleted by a worker, a process of its own: between the two a message is in both
// queues, and a worker is not killed with the program that people see. It ends, with nothing half done,
// when its standard input does.

// workerReport is a line that the worker writes.
type workerReport struct {
	Moved   int    `json:"moved"`
	Refused int    `json:"refused,omitempty"` // that were not sent, and stay
	Twice   int    `json:"twice,omitempty"`   // that were sent and could not be deleted
	Reason  string `json:"reason,omitempty"`
	Done    bool   `json:"done,omitempty"`
	Error   string `json:"error,omitempty"`
}

// supervise runs a worker and shows what it reports.
func (r *redriver) supervise(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	worker := exec.Command(self, "redrive", "--worker", "--queue", r.source.Name,
		"--max", strconv.Itoa(r.options.most), "--rate", strconv.Itoa(r.options.rate))
	worker.Args[0] = os.Args[0]
	detach(worker) // Ctrl-C on the terminal is for this process
	worker.Stderr = os.Stderr
	hold, err := worker.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	reports, err := worker.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	if err := worker.Start(); err != nil {
		return fmt.Errorf("starting the worker: %w", err)
	}
	stopWatching := context.AfterFunc(ctx, func() { _ = hold.Close() }) // the worker ends then
	defer stopWatching()
	last := r.follow(reports)
	err = worker.Wait()
	if !last.Done {
		return fmt.Errorf("the worker ended before it was done, after %d messages: %w: run redrive again", last.Moved, errors.Join(err, errors.New(last.Error)))
	}
	return r.conclude(ctx, last)
}

func (r *redriver) follow(reports io.Reader) (last workerReport) {
	p := newProgress(r.out, r.expected())
	defer p.end()
	for lines := bufio.NewScanner(reports); lines.Scan(); {
		var report workerReport
		if json.Unmarshal(lines.Bytes(), &report) == nil {
			last = report
			p.moved(report.Moved)
		}
	}
	return last
}

func (r *redriver) conclude(ctx context.Context, last workerReport) error {
	switch {
	case last.Twice > 0:
		return fmt.Errorf("%d messages were sent and could not be deleted from %s, so that they are in both: %s", last.Twice, r.dead.Name, last.Reason)
	case last.Error != "":
		return fmt.Errorf("after %d messages: %s: the rest is in %s", last.Moved, last.Error, r.dead.Name)
	case last.Refused > 0:
		return fmt.Errorf("%d messages are back in %s; %d were refused and stay in %s: %s", last.Moved, r.source.Name, last.Refused, r.dead.Name, last.Reason)
	case ctx.Err() != nil:
		return fmt.Errorf("interrupted: %d messages are back in %s, the rest is in %s", last.Moved, r.source.Name, r.dead.Name)
	}
	_, _ = terminal.Fprintf(r.out, "%d messages are back in %s.\n", last.Moved, r.source.Name)
	return nil
}

// work is the worker.
func (r *redriver) work(ctx context.Context) error {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP, syscall.SIGINT) // whoever reads may be gone
	ctx, stop := context.WithCancel(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the program that started the worker
		stop()
	}()
	w := &mover{redriver: r, reports: json.NewEncoder(r.out), sent: make(map[string]bool), limit: rate.NewLimiter(rate.Inf, 10)}
	if r.options.rate > 0 {
		w.limit = rate.NewLimiter(rate.Limit(r.options.rate), 10)
	}
	lanes := moverLanes
	if r.dead.FIFO() {
		lanes = 1 // or groups would get out of order
	}
	var working sync.WaitGroup
	for range lanes {
		working.Go(func() { w.move(ctx) })
	}
	working.Wait()
	w.finish(context.WithoutCancel(ctx))
	return nil
}

const (
	moverLanes      = 4  // batches under way
	moverVisibility = 60 // seconds
	moverAttempts   = 4  // to delete what was sent
)

// mover brings messages back one batch after the other.
type mover struct {
	*redriver
	limit *rate.Limiter

	mu      sync.Mutex
	reports *json.Encoder
	report  workerReport
	taken   int             // of --max
	sent    map[string]bool // ids of messages that were sent and not deleted yet
	refused []types.ChangeMessageVisibilityBatchRequestEntry
}

// move moves batches until there is nothing more, ctx ends or something fails.
func (m *mover) move(ctx context.Context) {
	for ctx.Err() == nil {
		n := m.reserve()
		if n == 0 {
			return
		}
		if m.limit.WaitN(ctx, n) != nil {
			m.unreserve(n)
			return
		}
		batch, err := m.receive(ctx, n)
		m.unreserve(n - len(batch))
		if err != nil && ctx.Err() == nil {
			m.failed(fmt.Errorf("receiving from %s: %w", m.dead.Name, err))
		}
		if err != nil || len(batch) == 0 {
			return
		}
		if err := m.bringBack(context.WithoutCancel(ctx), batch); err != nil {
			m.failed(err)
			return
		}
	}
}

// reserve takes up to ten of --max.
func (m *mover) reserve() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 10
	if m.options.rate > 0 {
		n = min(n, m.options.rate)
	}
	if m.options.most > 0 {
		n = min(n, m.options.most-m.taken)
	}
	m.taken += n
	return n
}

func (m *mover) unreserve(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken -= n
}

// receive takes messages out of the dead-letter queue, also when ctx ends meanwhile: what it takes is
// brought back then too. It waits for a second at most.
func (m *mover) receive(ctx context.Context, n int) ([]types.Message, error) {
	out, err := m.queues.ReceiveMessage(context.WithoutCancel(ctx), &sqs.ReceiveMessageInput{
		QueueUrl: &m.dead.URL, MaxNumberOfMessages: int32(n), WaitTimeSeconds: 1, VisibilityTimeout: moverVisibility,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// bringBack sends a batch, and deletes what was sent.
func (m *mover) bringBack(ctx context.Context, batch []types.Message) error {
	var sendErr error
	for _, entries := range m.pack(batch) {
		out, err := m.queues.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &m.source.URL, Entries: entries})
		if err != nil {
			sendErr = fmt.Errorf("sending to %s: %w", m.source.Name, err)
			break
		}
		m.note(batch, out)
	}
	m.delete(ctx, batch)
	return sendErr
}

const maxBatchBytes = 256 << 10 // that every SQS takes; a larger message goes alone

// pack makes batches that are not too large of what is to be sent.
func (m *mover) pack(batch []types.Message) (packed [][]types.SendMessageBatchRequestEntry) {
	size := 0
	for i, message := range batch {
		if m.wasSent(message) || !m.belongs(message) {
			continue
		}
		n := sizeOf(message)
		if size += n; len(packed) == 0 || size > maxBatchBytes {
			packed, size = append(packed, nil), n
		}
		packed[len(packed)-1] = append(packed[len(packed)-1], m.entry(strconv.Itoa(i), message))
	}
	return packed
}

func sizeOf(message types.Message) int {
	size := len(aws.ToString(message.Body))
	for name, v := range message.MessageAttributes {
		size += len(name) + len(aws.ToString(v.DataType)) + len(aws.ToString(v.StringValue)) + len(v.BinaryValue)
	}
	return size
}

// belongs reports whether a message failed in the queue that it is to go back to: a dead-letter queue may
// be that of several.
func (m *mover) belongs(message types.Message) bool {
	from := message.Attributes[string(types.MessageSystemAttributeNameDeadLetterQueueSourceArn)]
	if from == "" || from == m.source.ARN() {
		return true
	}
	m.refuse(message, "it came from "+provision.NameOf(from))
	return false
}

func (m *mover) entry(id string, message types.Message) types.SendMessageBatchRequestEntry {
	e := types.SendMessageBatchRequestEntry{Id: &id, MessageBody: message.Body, MessageAttributes: message.MessageAttributes}
	if group := message.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)]; group != "" {
		e.MessageGroupId = &group
	}
	if m.source.FIFO() { // its first id may be known to the queue still, which would then drop it
		e.MessageDeduplicationId = aws.String("redrive-" + aws.ToString(message.MessageId))
	}
	if trace := message.Attributes[string(types.MessageSystemAttributeNameAWSTraceHeader)]; trace != "" {
		e.MessageSystemAttributes = map[string]types.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: &trace}}
	}
	return e
}

// note remembers what was sent, and what was not.
func (m *mover) note(batch []types.Message, out *sqs.SendMessageBatchOutput) {
	for _, s := range out.Successful {
		if i, err := strconv.Atoi(aws.ToString(s.Id)); err == nil && i < len(batch) {
			m.mu.Lock()
			m.sent[aws.ToString(batch[i].MessageId)] = true
			m.mu.Unlock()
		}
	}
	for _, f := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil && i < len(batch) {
			m.refuse(batch[i], aws.ToString(f.Code)+": "+aws.ToString(f.Message))
		}
	}
}

func (m *mover) wasSent(message types.Message) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent[aws.ToString(message.MessageId)]
}

func (m *mover) refuse(message types.Message, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.report.Refused++
	m.report.Reason = "message " + aws.ToString(message.MessageId) + ": " + why
	m.refused = append(m.refused, types.ChangeMessageVisibilityBatchRequestEntry{ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: 0})
}

// delete deletes those of a batch that were sent, and tries again what failed.
func (m *mover) delete(ctx context.Context, batch []types.Message) {
	left := make(map[string]types.Message)
	for i, message := range batch {
		if m.wasSent(message) {
			left[strconv.Itoa(i)] = message
		}
	}
	var err error
	for attempt := 0; len(left) > 0 && attempt < moverAttempts; attempt++ {
		in := &sqs.DeleteMessageBatchInput{QueueUrl: &m.dead.URL}
		for id, message := range left {
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(id), ReceiptHandle: message.ReceiptHandle})
		}
		var out *sqs.DeleteMessageBatchOutput
		if out, err = m.queues.DeleteMessageBatch(ctx, in); err != nil { // the SDK has tried again itself
			continue
		}
		for _, s := range out.Successful {
			m.deleted(left[aws.ToString(s.Id)])
			delete(left, aws.ToString(s.Id))
		}
		for _, f := range out.Failed {
			err = fmt.Errorf("%s: %s", aws.ToString(f.Code), aws.ToString(f.Message))
		}
	}
	m.tell(func() {
		if len(left) > 0 {
			m.report.Twice += len(left)
			m.report.Reason = err.Error()
		}
	})
}

func (m *mover) deleted(message types.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sent, aws.ToString(message.MessageId))
	m.report.Moved++
}

func (m *mover) failed(err error) {
	m.tell(func() { m.report.Error = err.Error() })
}

// tell changes the report and writes it. Nobody may be there to read it.
func (m *mover) tell(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
	_ = m.reports.Encode(m.report)
}

// finish gives back what was refused, and says that it is done.
func (m *mover) finish(ctx context.Context) {
	err := m.giveBack(ctx, m.dead, m.refused)
	m.tell(func() {
		m.report.Done = true
		if err != nil {
			m.report.Error = err.Error()
		}
	})
}
