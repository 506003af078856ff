package iniesta

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/seed08532102/iniesta/internal/filter"
	"github.com/seed08532102/iniesta/internal/redisurl"
	"github.com/seed08532102/iniesta/sns"
)

// WithPython has Diagnose check what consumers in Python need that receive from the same queue: the lock nodes
// that the Python library uses, what it asks for when it starts, and how long it respects what was handled here.
// The checks are warnings, since this service works without them.
func WithPython() Option { return func(o *options) { o.python = true } }

// pythonNodes warns where the lock nodes are not those that the Python library uses whatever INIESTA_CACHES says.
func (c *checker) pythonNodes() {
	const check = "python lock nodes"
	var ours []string
	differ := false
	for _, node := range c.config.LockNodes {
		o, err := redisurl.Parse(node.Reveal())
		if err != nil {
			return // the check of the lock nodes says so
		}
		ours = append(ours, fmt.Sprintf("%s/%d", o.Addr, o.DB))
		differ = differ || !isPythonNode(o)
	}
	slices.Sort(ours)
	if differ || len(slices.Compact(ours)) != pythonDatabases {
		c.warn(check, "print the nodes that Python uses (docs/porting.md, side by side), and name them in INIESTA_CACHES",
			"the Python library ignores its INIESTA_CACHES and locks on localhost:6379/1, /2 and /3, this service on %s: unless Python's code sets these, one message can run in both languages at once",
			strings.Join(ours, ", "))
		return
	}
	c.ok(check, "localhost:6379/1, /2 and /3, as the Python library: the same servers only where both run on one host")
}

// pythonDatabases is how many databases of localhost:6379 the Python library locks on: 1, 2 and 3.
const pythonDatabases = 3

// isPythonNode reports whether a node is one of those that the Python library merges into INSANIC_CACHES. Its
// URLs have neither TLS nor a password.
func isPythonNode(o *redis.Options) bool {
	host, port, err := net.SplitHostPort(o.Addr)
	loopback := host == "localhost" || host != "" && net.ParseIP(host).IsLoopback()
	return err == nil && loopback && port == "6379" && o.DB >= 1 && o.DB <= pythonDatabases && o.TLSConfig == nil && o.Password == ""
}

// pythonQueue compares the queue's attributes with what a start in Python asks for, and with how long its
// consumers meet a message that was handled here and could not be deleted.
func (c *checker) pythonQueue(attributes map[string]string) {
	const check = "python queue"
	before := len(c.findings)
	if c.types.Has(EVENT_POLLING) && !pythonMayStart(attributes["Policy"]) {
		c.warn(check, "put this statement first: "+c.pythonStatement(attributes["QueueArn"]),
			`the Python library does not start: the first statement of the queue's policy has to allow the action "SQS:SendMessage", written so`)
	}
	visibility := seconds(attributes["VisibilityTimeout"])
	if c.config.VisibilityTimeout > 0 {
		visibility = c.config.VisibilityTimeout
	}
	window := c.config.Window(visibility)
	if most := longestInQueue(attributes); window < most {
		c.warn(check, "raise INIESTA_IDEMPOTENCY_WINDOW to that while Python's consumers run, or lower the queue's maxReceiveCount",
			"a message that was handled here and could not be deleted can come back for %s: Python's consumers run it again once the idempotency window of %s has passed", most, window)
	}
	if len(c.findings) == before {
		c.ok(check, "a start in Python finds what it asks for, and the idempotency window of %s outlasts the receives of a message", window)
	}
}

// pythonStatement lets the topic send, in words that the Python library looks for.
func (c *checker) pythonStatement(queueARN string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":%q,"Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}`,
		pythonAction, queueARN, c.config.GlobalTopicARN)
}

// longestInQueue is how long a message that nobody deletes is given out again: until it is a dead letter, else
// until it is too old.
func longestInQueue(attributes map[string]string) time.Duration {
	retention := seconds(attributes["MessageRetentionPeriod"])
	var p redrivePolicy
	if json.Unmarshal([]byte(attributes["RedrivePolicy"]), &p) != nil || p.Target == "" {
		return retention
	}
	return min(retention, time.Duration(p.count())*seconds(attributes["VisibilityTimeout"]))
}

// pythonAction is compared by the Python library with its case.
const pythonAction = "SQS:SendMessage"

// pythonMayStart reads a queue's policy as the Python library does.
func pythonMayStart(text string) bool {
	var policy struct {
		Statement []struct {
			Effect string
			Action any
		}
	}
	if json.Unmarshal([]byte(text), &policy) != nil || len(policy.Statement) == 0 || policy.Statement[0].Effect != "Allow" {
		return false
	}
	switch given := policy.Statement[0].Action.(type) {
	case string:
		return strings.Contains(given, pythonAction)
	case []any:
		return slices.Contains(given, any(pythonAction))
	}
	return false
}

// pythonSubscription compares the queue's subscription with what Python's consumers need.
func (c *checker) pythonSubscription(ctx context.Context, topic *sns.Client) {
	const check = "python subscription"
	queue, err := c.config.ResolvedQueueName()
	if err != nil {
		return // the check of the queue says so
	}
	attributes, err := subscriptionOf(ctx, topic, queue)
	if err != nil || attributes == nil {
		return // the check of the subscription says so
	}
	before := len(c.findings)
	if attributes["RawMessageDelivery"] != "true" {
		c.warn(check, "set RawMessageDelivery to true", "the Python library does not read the envelopes of SNS: it finds no event")
	}
	if c.config.AssertFilterPolicies && !c.sameInPython(attributes["FilterPolicy"]) {
		c.warn(check, "run iniesta filter-policies and set the subscription's FilterPolicy to it",
			"the Python library does not start: it wants the filters in the order of INIESTA_SQS_CONSUMER_FILTERS and nothing else, and the subscription has %s", attributes["FilterPolicy"])
	}
	if len(c.findings) == before {
		c.ok(check, "RawMessageDelivery is true, and the filter policy is the one that the Python library asks for")
	}
}

// subscriptionOf is the attributes of the first subscription whose endpoint has the queue's name, nil without one.
func subscriptionOf(ctx context.Context, topic *sns.Client, queueName string) (map[string]string, error) {
	for s, err := range topic.Subscriptions(ctx) {
		if err != nil {
			return nil, err
		}
		if slices.Contains(strings.Split(s.Endpoint, ":"), queueName) {
			return topic.SubscriptionAttributes(ctx, s.ARN)
		}
	}
	return nil, nil
}

// sameInPython compares a filter policy with the settings as Python compares what json.loads returns.
func (c *checker) sameInPython(text string) bool {
	wanted, err := filter.Parse(c.config.EventKey, c.config.ConsumerFilters)
	if err != nil {
		return true // the check of the filter policy says so
	}
	encoded, err := json.Marshal(wanted)
	if err != nil {
		return true
	}
	var theirs, ours any
	if json.Unmarshal([]byte(text), &theirs) != nil || json.Unmarshal(encoded, &ours) != nil {
		return false
	}
	return reflect.DeepEqual(theirs, ours)
}
