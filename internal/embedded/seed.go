package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// Seed is what servers have from the beginning, as a file in YAML or JSON says.
type Seed struct {
	Queues []SeedQueue `yaml:"queues"`
	Topics []SeedTopic `yaml:"topics"`
}

// SeedQueue is a queue. One whose name ends in .fifo is a FIFO queue.
type SeedQueue struct {
	Name            string            `yaml:"name"`
	Attributes      map[string]any    `yaml:"attributes"`      // of SQS, such as VisibilityTimeout: 60
	DeadLetterQueue string            `yaml:"deadLetterQueue"` // the name of another
	MaxReceiveCount int               `yaml:"maxReceiveCount"` // before a message goes there; 5 where it is 0
	Tags            map[string]string `yaml:"tags"`
}

// SeedTopic is a topic with its subscriptions. One whose name ends in .fifo is a FIFO topic.
type SeedTopic struct {
	Name          string             `yaml:"name"`
	Attributes    map[string]any     `yaml:"attributes"` // of SNS, such as DisplayName: Events
	Tags          map[string]string  `yaml:"tags"`
	Subscriptions []SeedSubscription `yaml:"subscriptions"`
}

// SeedSubscription has a queue get what its topic is sent. The queue's policy lets the topic send.
type SeedSubscription struct {
	Queue           string         `yaml:"queue"`           // its name
	Raw             *bool          `yaml:"raw"`             // whether messages come without an envelope; they do unless it is false
	Filter          map[string]any `yaml:"filter"`          // a filter policy
	FilterScope     string         `yaml:"filterScope"`     // MessageAttributes or MessageBody
	DeadLetterQueue string         `yaml:"deadLetterQueue"` // the name of the queue for what cannot be delivered
}

// ReadSeed reads a file. Keys that are not known are refused, and so are queues that are named and not there.
func ReadSeed(path string) (*Seed, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the seed: %w", err)
	}
	s := &Seed{}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(s); err != nil && !errors.Is(err, io.EOF) { // an empty file is a seed of nothing
		return nil, fmt.Errorf("reading the seed %s: %w", path, err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("reading the seed %s: %w", path, err)
	}
	return s, nil
}

func (s *Seed) check() error {
	names := make(map[string]bool)
	for i, q := range s.Queues {
		if q.Name == "" {
			return fmt.Errorf("queue %d has no name", i+1)
		}
		names[q.Name] = true
	}
	known := func(of, queue string) error {
		if queue != "" && !names[queue] {
			return fmt.Errorf("%s names the queue %s, which is not in queues", of, queue)
		}
		return nil
	}
	for _, q := range s.Queues {
		if err := known("queue "+q.Name, q.DeadLetterQueue); err != nil {
			return err
		}
	}
	for i, t := range s.Topics {
		if t.Name == "" {
			return fmt.Errorf("topic %d has no name", i+1)
		}
		for j, sub := range t.Subscriptions {
			of := fmt.Sprintf("subscription %d of topic %s", j+1, t.Name)
			if sub.Queue == "" {
				return fmt.Errorf("%s has no queue", of)
			}
			if err := errors.Join(known(of, sub.Queue), known(of, sub.DeadLetterQueue)); err != nil {
				return err
			}
		}
	}
	return nil
}

// Plant makes what a seed has, and changes what is there and differs. What the seed does not have stays.
func (s *Servers) Plant(ctx context.Context, seed *Seed) error {
	p := newPlanter(s)
	for _, q := range seed.Queues {
		if err := p.queue(ctx, q); err != nil {
			return fmt.Errorf("making the queue %s: %w", q.Name, err)
		}
	}
	for _, q := range seed.Queues { // once all are there
		if err := p.deadLetters(ctx, q); err != nil {
			return fmt.Errorf("setting the dead-letter queue of %s: %w", q.Name, err)
		}
	}
	for _, t := range seed.Topics {
		if err := p.topic(ctx, t); err != nil {
			return fmt.Errorf("making the topic %s: %w", t.Name, err)
		}
	}
	if err := p.permissions(ctx, seed); err != nil {
		return fmt.Errorf("letting topics send: %w", err)
	}
	return nil
}

// texts are attributes as the services take them: numbers and truth values in decimal and in words, the rest as JSON.
func texts(attributes map[string]any) map[string]string {
	all := make(map[string]string, len(attributes))
	for name, value := range attributes {
		switch v := value.(type) {
		case string:
			all[name] = v
		case map[string]any, []any:
			all[name] = jsonOf(v)
		default:
			all[name] = fmt.Sprint(v)
		}
	}
	return all
}

func jsonOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // it came from YAML with string keys
	}
	return string(text)
}
