package iniesta

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

// Diagnose checks all that InitApp does, whatever fails, and more: each lock node (whether it answers, is a
// server of its own, accepts the writes of a lock, how fast it is and what its clock says), the queue's settings
// against those of the service, the permissions to delete messages and to change their visibility timeout, and
// whether handlers and filters fit where handlers are registered. WithPython adds what Python consumers need. It
// changes nothing but a key of its own on each lock node, which it removes, and uses clients of its own: WithClients
// does not count. It is what iniesta doctor prints.
func Diagnose(ctx context.Context, opts ...Option) []Finding {
	o := newOptions(opts)
	c := &checker{}
	var err error
	if c.config, err = o.settings(); err != nil {
		c.fail("settings", "", err)
		return c.findings
	}
	if c.types, err = ParseInitializationTypes(c.config.InitializationType...); err != nil {
		c.fail("settings", "", err)
		return c.findings
	}
	c.settings()
	if c.failed() == nil {
		c.ok("settings", "%s", c.types)
	}
	if c.config.DryRun {
		c.warn("settings", "unset INIESTA_DRY_RUN", "with INIESTA_DRY_RUN the service checks and receives nothing")
	}
	if c.types&(SNS_PRODUCER|EVENT_POLLING) != 0 && c.config.GlobalTopicARN != "" {
		topic := sns.New(o.forSNS(c.config)...)
		c.topic(topic.Initialize(ctx))
		defer topic.Close(ctx)
		if o.python && c.types.Has(EVENT_POLLING) {
			c.pythonSubscription(ctx, topic)
		}
	}
	if c.types.polls() {
		c.diagnoseQueue(ctx, o)
		c.diagnoseLockNodes(ctx)
		c.coverage(o.sqs.Registry().Handlers())
	}
	if c.types.polls() && o.python {
		c.pythonNodes()
	}
	return c.findings
}

// diagnoseQueue looks at the queue with a client that needs no lock nodes.
func (c *checker) diagnoseQueue(ctx context.Context, o *options) {
	client := sqs.New(append(o.forSQS(c.config), sqs.WithoutLocks(), sqs.WithRegistry(sqs.NewRegistry()))...)
	err := client.Initialize(ctx)
	c.queue(client, err)
	if err != nil {
		return
	}
	defer client.Close(ctx)
	c.resources(ctx, client)
	c.finishing(client.ConfirmFinishing(ctx))
	attributes, err := client.QueueAttributes(ctx)
	if err != nil {
		return
	}
	c.queueSettings(attributes)
	if o.python {
		c.pythonQueue(attributes)
	}
}

// finishing notes which permissions to finish messages are missing, of these credentials.
func (c *checker) finishing(err error) {
	const check = "permissions"
	if err == nil {
		c.ok(check, "nothing denies sqs:DeleteMessage and sqs:ChangeMessageVisibility")
		return
	}
	for _, missing := range unjoin(err) {
		c.fail(check, "", missing)
	}
}

// queueSettings compares the queue's settings with the service's.
func (c *checker) queueSettings(attributes map[string]string) {
	const check = "queue settings"
	before := len(c.findings)
	visibility, retention := seconds(attributes["VisibilityTimeout"]), seconds(attributes["MessageRetentionPeriod"])
	if c.config.VisibilityTimeout > 0 {
		visibility = c.config.VisibilityTimeout
	}
	if visibility < 10*time.Second {
		c.warn(check, "set the queue's VisibilityTimeout to 30 s or more", "the visibility timeout is %s: handlers that take longer than a third of it cost a call each time it is extended", visibility)
	}
	if h := c.config.HandlerTimeout; h > c.config.MaxExtension {
		c.warn(check, "raise INIESTA_MAX_EXTENSION", "INIESTA_HANDLER_TIMEOUT is %s, but INIESTA_MAX_EXTENSION ends a handler after %s", h, c.config.MaxExtension)
	}
	if h := c.config.HandlerTimeout; h > c.config.ShutdownTimeout {
		c.warn(check, "raise INIESTA_SHUTDOWN_TIMEOUT, and what the platform leaves a process to end", "INIESTA_HANDLER_TIMEOUT is %s, but a stop ends handlers after %s", h, c.config.ShutdownTimeout)
	}
	if wait := c.config.ReceiveWaitTime; wait > c.config.ShutdownTimeout {
		c.warn(check, "raise INIESTA_SHUTDOWN_TIMEOUT, and what the platform leaves a process to end", "a receive waits for %s, but a stop cuts it off after %s: what SQS gives it then is not seen for the visibility timeout", wait, c.config.ShutdownTimeout)
	}
	if w := c.config.Window(visibility); w > 0 && w < visibility {
		c.warn(check, "raise INIESTA_IDEMPOTENCY_WINDOW, or unset it", "a message can come back after the visibility timeout of %s, when the idempotency window of %s has passed: it would run again", visibility, w)
	}
	if retention > 0 && retention < time.Hour {
		c.warn(check, "raise the queue's MessageRetentionPeriod", "messages are lost when they are %s old: an outage may last longer", retention)
	}
	if delay := seconds(attributes["DelaySeconds"]); delay > 0 {
		c.warn(check, "set the queue's DelaySeconds to 0 unless that is meant", "every message waits for %s before it can be received", delay)
	}
	if c.config.ReceiveWaitTime == 0 {
		c.warn(check, "unset INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS", "receives do not wait for messages: an idle consumer asks, and pays, all the time")
	}
	if len(c.findings) == before {
		c.ok(check, "visibility timeout %s, messages are kept for %s", visibility, days(attributes["MessageRetentionPeriod"]))
	}
}

func seconds(text string) time.Duration {
	n, _ := strconv.Atoi(text) // SQS answers with numbers
	return time.Duration(n) * time.Second
}

const (
	slowNode = 50 * time.Millisecond // of a command; a message needs two
	offClock = time.Second
)

func (c *checker) diagnoseLockNodes(ctx context.Context) {
	clients, err := c.openLockNodes()
	if err != nil {
		c.fail("lock nodes", "", err)
		return
	}
	reports := redlock.Inspect(ctx, clients)
	up, does := 0, "answer"
	for _, r := range reports {
		if r.Refusal != nil || r.Unfit != nil {
			does = "accept locks"
		}
		if r.Err == nil && r.Refusal == nil && r.Unfit == nil {
			up++
		}
	}
	majority := len(reports)/2 + 1
	for _, r := range reports {
		c.lockNode(r, up >= majority)
	}
	if up < majority {
		c.fail("lock nodes", "start them, or set INIESTA_CACHES to where they are",
			fmt.Errorf("%w: %d of %d nodes %s, %d are needed", sqs.ErrLockNotAcquired, up, len(reports), does, majority))
	}
	if len(reports) < 3 {
		c.warn("lock nodes", "name three in INIESTA_CACHES, or five", "there are %d: when one is down nothing can be locked", len(reports))
	}
	c.oneServer(redlock.OneServer(reports))
	for _, client := range clients {
		_ = client.Close() // nothing is lost with it
	}
}

func (c *checker) openLockNodes() ([]redis.UniversalClient, error) {
	urls := make([]string, len(c.config.LockNodes))
	for i, node := range c.config.LockNodes {
		urls[i] = node.Reveal()
	}
	clients, _, err := redlock.Open(urls, slog.New(slog.DiscardHandler)) // what fails is a finding
	return clients, err
}

func (c *checker) lockNode(r redlock.NodeReport, majority bool) {
	check := "lock node " + r.Name
	switch {
	case r.Err != nil && majority:
		c.warn(check, "start it: when another one goes down, nothing can be locked", "it does not answer: %v", r.Err)
	case r.Err != nil:
		c.fail(check, "", errors.New("it does not answer: "+r.Err.Error()))
	case r.Unfit != nil: // the error says what to do
		c.fail(check, "", r.Unfit)
	case r.Refusal != nil && majority:
		c.warn(check, "have it accept writes: when another node refuses them too, nothing can be locked", "it answers and does not accept a lock: %v", r.Refusal)
	case r.Refusal != nil:
		c.fail(check, "", fmt.Errorf("it answers and does not accept a lock: %w", r.Refusal))
	case r.Latency > slowNode:
		c.warn(check, "use nodes in the same region", "a command takes %s, and a message needs two", r.Latency.Round(time.Millisecond))
	case r.Clock.Abs() > offClock+r.Latency:
		c.warn(check, "have its clock set by NTP", "its clock is off by %s: when it jumps, locks end early", r.Clock.Round(time.Millisecond))
	default:
		c.ok(check, "answers in %s, its clock is off by %s", r.Latency.Round(10*time.Microsecond), r.Clock.Abs().Round(time.Millisecond))
	}
}

// coverage compares handlers and filters where there are both.
func (c *checker) coverage(handlers []sqs.HandlerInfo) {
	if !c.types.Has(EVENT_POLLING) || len(handlers) == 0 {
		return
	}
	for _, problem := range uncovered(c.config.ConsumerFilters, handlers) {
		c.warn("handlers", problem.cure, "%s", problem.text)
	}
}
