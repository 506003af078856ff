// Load sends messages to local SQS servers, lets them lie in the queue, and receives and deletes them again: messages a second,
// and the memory of the server. Each server is a process of its own, one after the other:
//
//	go build -o /tmp/iniesta ./cmd/iniesta && go run ./internal/localaws/load -messages 100000 \
//	  "/tmp/iniesta local --port PORT --redis-port 16391" "node node_modules/fauxqs/dist/server.js" "moto_server -H 127.0.0.1 -p PORT"
//
// PORT stands for a free port, which is also in the environment as FAUXQS_PORT.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

func main() {
	l := &load{}
	flag.IntVar(&l.messages, "messages", 100_000, "messages that are in the queue at a time")
	flag.IntVar(&l.workers, "workers", 4, "clients at a time")
	flag.IntVar(&l.size, "size", 256, "bytes of a message")
	flag.DurationVar(&l.most, "most", 2*time.Minute, "after this a phase is ended and its rate so far counts")
	flag.Parse()
	fmt.Println("| server | send /s | receive and delete /s | memory empty | memory with the messages | messages |")
	fmt.Println("| --- | --- | --- | --- | --- | --- |")
	for _, command := range flag.Args() {
		if err := l.measure(command); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", command, err)
			os.Exit(1)
		}
	}
}

type load struct {
	messages, workers, size int
	most                    time.Duration
}

// measure starts a server, measures it and ends it.
func (l *load) measure(command string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	fields := strings.Fields(strings.ReplaceAll(command, "PORT", port))
	server := exec.Command(fields[0], fields[1:]...)
	server.Env = append(os.Environ(), "FAUXQS_PORT="+port, "FAUXQS_HOST=127.0.0.1", "FAUXQS_LOGGER=false")
	if err := server.Start(); err != nil {
		return err
	}
	defer func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	}()
	if err := reached("127.0.0.1:" + port); err != nil {
		return err
	}
	api := sqs.New(sqs.Options{BaseEndpoint: aws.String("http://127.0.0.1:" + port), Region: "us-east-1", HTTPClient: awsclient.Wrap(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: l.workers}}),
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""), AppID: "load"})
	queue, err := api.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: aws.String("load"), Attributes: map[string]string{"VisibilityTimeout": "600"}})
	if err != nil {
		return err
	}
	empty := memory(server.Process.Pid)
	sent, sendRate, err := l.phase(func(ctx context.Context) (int, error) { return l.send(ctx, api, queue.QueueUrl) }, l.messages)
	if err != nil {
		return err
	}
	full := memory(server.Process.Pid)
	_, receiveRate, err := l.phase(func(ctx context.Context) (int, error) { return take(ctx, api, queue.QueueUrl) }, sent)
	if err != nil {
		return err
	}
	fmt.Printf("| `%s` | %.0f | %.0f | %.0f MiB | %.0f MiB | %d |\n", command, sendRate, receiveRate, empty, full, sent)
	return nil
}

// phase runs a step in all workers until so many messages have gone through, or time is up.
func (l *load) phase(step func(context.Context) (int, error), messages int) (done int, rate float64, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), l.most)
	defer cancel()
	var left, through atomic.Int64
	left.Store(int64(messages))
	var failed error
	var once sync.Once
	var workers sync.WaitGroup
	began := time.Now()
	for range l.workers {
		workers.Go(func() {
			for left.Add(-10) > -10 && ctx.Err() == nil {
				n, err := step(ctx)
				if err != nil && ctx.Err() == nil {
					once.Do(func() { failed = err })
					return
				}
				through.Add(int64(n))
			}
		})
	}
	workers.Wait()
	return int(through.Load()), float64(through.Load()) / time.Since(began).Seconds(), failed
}

func (l *load) send(ctx context.Context, api *sqs.Client, queue *string) (int, error) {
	in := &sqs.SendMessageBatchInput{QueueUrl: queue}
	body := strings.Repeat("x", l.size)
	for i := range 10 {
		in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &body})
	}
	out, err := api.SendMessageBatch(ctx, in)
	if err != nil {
		return 0, err
	}
	return len(out.Successful), nil
}

func take(ctx context.Context, api *sqs.Client, queue *string) (int, error) {
	got, err := api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) == 0 {
		return 0, err
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: queue}
	for i, m := range got.Messages {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	out, err := api.DeleteMessageBatch(ctx, in)
	if err != nil {
		return 0, err
	}
	return len(out.Successful), nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port), nil
}

func reached(address string) error {
	for range 600 {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("nothing listens on %s", address)
}

// memory is what a process has in memory, in MiB, 0 where the system does not tell.
func memory(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kilobytes, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(kilobytes)[0])
			return float64(n) / 1024
		}
	}
	return 0
}
