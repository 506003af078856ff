package iniesta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/internal/policy"
	"github.com/seed08532102/iniesta/sqs"
)

// checker makes the checks of InitApp.
type checker struct {
	findings
	config config.Config
	types  InitializationTypes
}

// settings checks that what the types need is set.
func (c *checker) settings() {
	for _, err := range unjoin(c.config.Required()) {
		c.fail("settings", "", err)
	}
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// topic notes how the client of SNS found the topic.
func (c *checker) topic(err error) {
	if err != nil {
		c.fail("topic", "", err)
		return
	}
	c.ok("topic", "%s exists", c.config.GlobalTopicARN)
}

// queue notes how the client of SQS found the queue, or that the lock nodes kept it from looking further.
func (c *checker) queue(client *sqs.Client, err error) {
	switch {
	case errors.Is(err, sqs.ErrLockNotAcquired):
		c.fail("lock nodes", "", err)
	case err != nil:
		c.fail("queue", "", err)
	default:
		c.ok("queue", "%s exists", client.QueueName())
	}
}

// resources checks what is around the queue.
func (c *checker) resources(ctx context.Context, client *sqs.Client) {
	if c.types.Has(EVENT_POLLING) && c.config.GlobalTopicARN != "" {
		c.subscription(client.ConfirmSubscription(ctx, c.config.GlobalTopicARN))
	}
	attributes, err := client.QueueAttributes(ctx)
	if c.types.Has(EVENT_POLLING) && c.config.GlobalTopicARN != "" {
		c.permission(ctx, client, attributes)
	}
	if err != nil {
		c.warn("queue settings", "allow sqs:GetQueueAttributes", "the queue's attributes cannot be read: %v", err)
		return
	}
	c.deadLetters(attributes)
}

// permission asks the queue's policy. What it leaves undecided is a warning and keeps nobody from starting: AWS
// knows what is not known here.
func (c *checker) permission(ctx context.Context, client *sqs.Client, attributes map[string]string) {
	const check = "permission"
	if p, err := policy.Parse(attributes["Policy"]); err == nil {
		if v := p.TopicMaySend(c.config.GlobalTopicARN, attributes["QueueArn"]); v.Decision == policy.Undecided {
			c.warn(check, "publish an event, and see whether it arrives", "whether the queue's policy lets the topic send is undecided: %s", v.Why)
			return
		}
	}
	if err := client.ConfirmPermission(ctx, c.config.GlobalTopicARN); err != nil {
		c.fail(check, "", err)
		return
	}
	c.ok(check, "the queue's policy lets the topic send")
}

func (c *checker) subscription(err error) {
	switch {
	case errors.Is(err, sqs.ErrFilterMismatch):
		c.ok("subscription", "the queue is subscribed to the topic")
		c.fail("filter policy", "", err)
	case err != nil:
		c.fail("subscription", "", err)
	default:
		c.ok("subscription", "the queue is subscribed to the topic")
		if c.config.AssertFilterPolicies {
			c.ok("filter policy", "it lets through what INIESTA_SQS_CONSUMER_FILTERS ask for")
		}
	}
}

// redrivePolicy is the queue attribute of that name.
type redrivePolicy struct {
	Target          string          `json:"deadLetterTargetArn"`
	MaxReceiveCount json.RawMessage `json:"maxReceiveCount"` // a number, or a number in a string
}

func (p redrivePolicy) count() (n int) {
	_ = json.Unmarshal([]byte(strings.Trim(string(p.MaxReceiveCount), `"`)), &n) // SQS takes nothing else
	return n
}

// leastReceives is what a message should be received before it is a dead letter: an outage of the lock
// nodes, a stop and a crash may each cost one.
const leastReceives = 3

func (c *checker) deadLetters(attributes map[string]string) {
	const check = "dead-letter queue"
	var p redrivePolicy
	if json.Unmarshal([]byte(attributes["RedrivePolicy"]), &p) != nil || p.Target == "" {
		c.warn(check, "run iniesta setup --apply, or set its RedrivePolicy",
			"the queue has no dead-letter queue: a message whose handler always fails comes back until it is %s old and is then lost", days(attributes["MessageRetentionPeriod"]))
		return
	}
	if n := p.count(); n < leastReceives {
		c.warn(check, fmt.Sprintf("set maxReceiveCount to %d or more", leastReceives),
			"a message is a dead letter after %d receives: an outage of the lock nodes, a stop and a crash may each cost one", n)
		return
	}
	c.ok(check, "%s after %d receives", p.Target[strings.LastIndexByte(p.Target, ':')+1:], p.count())
}

// oneServer warns of lock nodes that are one server.
func (c *checker) oneServer(names []string) {
	if len(names) > 0 {
		c.warn("lock nodes", "name servers that fail independently in INIESTA_CACHES",
			"%s are one Redis server: when it loses its data or goes down, all of their locks go with it", strings.Join(names, ", "))
	}
}

func days(seconds string) string {
	var n int
	_ = json.Unmarshal([]byte(seconds), &n) // SQS answers with a number
	return fmt.Sprintf("%.3g days", float64(n)/86_400)
}
