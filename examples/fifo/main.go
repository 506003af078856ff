// Fifo shows a FIFO queue at work: the messages of one group run in order and one at a time, groups run side
// by side, and a failure holds back the rest of its group and nothing else.
//
//	go run ./examples/fifo
//
// needs nothing but Go: SQS and three Redis nodes run inside the program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/embedded"
	"github.com/seed08532102/iniesta/sqs"
)

// step is one step of an account's life.
type step struct {
	Account string `json:"account"`
	Number  int    `json:"number"`
}

const (
	accounts = 3
	steps    = 4
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	servers, err := embedded.Start(embedded.Options{})
	if err != nil {
		return err
	}
	defer servers.Close()
	settings := settingsFor(servers)
	if err := createQueue(ctx, settings); err != nil {
		return err
	}
	ledger := &ledger{out: out, began: time.Now(), done: make(chan struct{})}
	registry := sqs.NewRegistry()
	if err := registry.AddHandler(ledger.Step, "AccountChanged.bank"); err != nil {
		return err
	}
	client := sqs.New(sqs.WithConfig(settings), sqs.WithRegistry(registry), sqs.WithLogger(slog.New(slog.DiscardHandler)))
	if err := client.Initialize(ctx); err != nil {
		return err
	}
	if err := send(ctx, client); err != nil {
		return errors.Join(err, client.Close(ctx))
	}
	if err := client.StartReceivingMessages(ctx); err != nil {
		return errors.Join(err, client.Close(ctx))
	}
	select {
	case <-ledger.done:
	case <-time.After(30 * time.Second):
		err = errors.New("not every step was taken")
	}
	return errors.Join(err, client.Close(ctx))
}

// send sends every account's steps, a step of each at a time. The group keeps the order; the
// deduplication id would keep a step that is sent twice from being taken twice.
func send(ctx context.Context, client *sqs.Client) error {
	for number := range steps {
		for account := range accounts {
			s := step{Account: string(rune('A' + account)), Number: number + 1}
			m, err := client.CreateMessage(s)
			if err != nil {
				return err
			}
			err = errors.Join(m.AddEvent("AccountChanged"), m.SetGroup(s.Account), m.SetDeduplicationID(fmt.Sprint(s.Account, s.Number)))
			if err != nil {
				return err
			}
			if err := m.Send(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// ledger notes the steps that were taken.
type ledger struct {
	out   io.Writer
	began time.Time
	done  chan struct{}

	mu     sync.Mutex
	taken  int
	failed bool
}

// Step takes a step. Step 2 of account B fails once: B waits, A and C go on.
func (l *ledger) Step(_ context.Context, s step) error {
	<-time.After(50 * time.Millisecond) // work
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Account == "B" && s.Number == 2 && !l.failed {
		l.failed = true
		l.say(s, "fails; the rest of B waits for it")
		return sqs.RetryAfter(500*time.Millisecond, errors.New("the bank is closed"))
	}
	l.say(s, "done")
	if l.taken++; l.taken == accounts*steps {
		close(l.done)
	}
	return nil
}

func (l *ledger) say(s step, what string) {
	fmt.Fprintf(l.out, "%5.2f  %s%d %s\n", time.Since(l.began).Seconds(), s.Account, s.Number, what)
}

func settingsFor(servers *embedded.Servers) config.Config {
	settings := config.Default()
	settings.SQSEndpointURL, settings.QueueName, settings.ServiceName = servers.URL, "accounts.fifo", "bank"
	settings.AWSAccessKeyID, settings.AWSSecretAccessKey, settings.AWSDefaultRegion = "local", config.NewSecret("local"), "us-east-1"
	settings.ReceiveWaitTime = time.Second // so that the program ends soon
	settings.LockNodes = nil
	for _, url := range servers.Redis {
		settings.LockNodes = append(settings.LockNodes, config.NewRedisURL(url))
	}
	return settings
}

func createQueue(ctx context.Context, c config.Config) error {
	api := awssqs.New(awssqs.Options{
		BaseEndpoint: &c.SQSEndpointURL, Region: c.AWSDefaultRegion,
		Credentials: credentials.NewStaticCredentialsProvider(c.AWSAccessKeyID, c.AWSSecretAccessKey.Reveal(), ""),
	})
	_, err := api.CreateQueue(ctx, &awssqs.CreateQueueInput{
		QueueName: aws.String(c.QueueName), Attributes: map[string]string{"FifoQueue": "true", "VisibilityTimeout": "5"},
	})
	return err
}
