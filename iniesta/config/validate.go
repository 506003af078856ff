package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/internal/filter"
)

// Error is one bad setting.
type Error struct {
	Setting string // its name in the environment
	Value   string // as it was given; a secret is masked
	Reason  string // what is wrong, and what is accepted
}

// Error names the setting, the value and the reason.
func (e *Error) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("%s: %s", e.Setting, e.Reason)
	}
	return fmt.Sprintf("%s=%q: %s", e.Setting, e.Value, e.Reason)
}

// Validate checks every value against its range, but those that are without use. It returns all that is
// wrong, joined; each is an *Error. Load has done this; call it for a Config made in code.
func (c Config) Validate(without ...Unused) error { return errors.Join(c.problems(without)...) }

// Required checks that what the initialization type needs is set: the type itself, the topic for
// SNS_PRODUCER and EVENT_POLLING, filters for EVENT_POLLING.
func (c Config) Required() error {
	var v validator
	types := "one or more of " + strings.Join(initializationTypes, ", ")
	v.check(len(c.InitializationType) > 0, "INIESTA_INITIALIZATION_TYPE", "", "it is required: "+types)
	polls, produces := c.does("EVENT_POLLING"), c.does("SNS_PRODUCER")
	v.check(c.GlobalTopicARN != "" || !polls && !produces, "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN", "",
		"SNS_PRODUCER and EVENT_POLLING require it: the ARN of the topic")
	v.check(len(c.ConsumerFilters) > 0 || !polls, "INIESTA_SQS_CONSUMER_FILTERS", "",
		"EVENT_POLLING requires it: the events to receive, as \"UserUpdated.user,OrderPlaced.*\"")
	return errors.Join(v.problems...)
}

func (c Config) does(what string) bool { return slices.Contains(c.InitializationType, what) }

const maxVisibility = 12 * time.Hour

var (
	initializationTypes = []string{"QUEUE_POLLING", "EVENT_POLLING", "SNS_PRODUCER", "CUSTOM"}
	eventFilter         = regexp.MustCompile(`^[^\s.*"]+\.(\*|[^\s.*"]+)$`)
	attributeName       = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
)

// ranges are the accepted values, for errors and for people.
var ranges = map[string]string{
	"INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES": "accepted are 1 to 10",
	"INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS":      "accepted are 0 to 20 whole seconds",
	"INIESTA_LOCK_RETRY_COUNT":                           "accepted are 1 to 100",
	"INIESTA_LOCK_TIMEOUT":                               "accepted are 1 second to 12 hours",
	"INIESTA_SQS_CONCURRENCY":                            "accepted are 1 to 100000",
	"INIESTA_SQS_MAX_POLLERS":                            "accepted are 1 to 1000",
	"INIESTA_SQS_VISIBILITY_TIMEOUT":                     "accepted are 0 (the queue's) to 43200 whole seconds (12 hours)",
	"INIESTA_HANDLER_TIMEOUT":                            "accepted are 0 (none) to 43200 seconds (12 hours)",
	"INIESTA_IDEMPOTENCY_WINDOW":                         "accepted are 0 (no mark) to 1209600 seconds (14 days), and -1 for the larger of 300 and twice the visibility timeout",
	"INIESTA_SHUTDOWN_TIMEOUT":                           "accepted are 0 to 43200 seconds (12 hours)",
	"INIESTA_MAX_EXTENSION":                              "accepted are 1 to 43200 seconds (12 hours, the most that SQS keeps a message invisible)",
}

// validator collects what is wrong.
type validator struct{ problems []error }

func (v *validator) check(ok bool, setting, value, reason string) {
	if !ok {
		v.problems = append(v.problems, &Error{Setting: setting, Value: value, Reason: reason})
	}
}

func (v *validator) number(setting string, n, least, most int) {
	v.check(n >= least && n <= most, setting, strconv.Itoa(n), ranges[setting])
}

func (v *validator) duration(setting string, d, least, most time.Duration, whole bool) {
	ok := d >= least && d <= most && (!whole || d%time.Second == 0)
	v.check(ok, setting, d.String(), ranges[setting])
}

func (v *validator) endpoint(setting, text string) {
	if text == "" {
		return
	}
	u, err := url.Parse(text)
	ok := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	v.check(ok, setting, printable(setting, text), "it is not a URL such as http://localhost:4566")
}

func (c Config) problems(without []Unused) []error {
	var v validator
	for _, t := range c.InitializationType {
		v.check(slices.Contains(initializationTypes, t), "INIESTA_INITIALIZATION_TYPE", t,
			"it is not an initialization type; accepted are "+strings.Join(initializationTypes, ", "))
	}
	for _, f := range c.ConsumerFilters {
		v.check(eventFilter.MatchString(f) && !strings.HasPrefix(f, "'") && !strings.HasSuffix(f, "'"), "INIESTA_SQS_CONSUMER_FILTERS", f,
			"a filter is Event.service or Event.*, without quotes")
	}
	v.check(len(c.ConsumerFilters) <= filter.MaxValues, "INIESTA_SQS_CONSUMER_FILTERS", strconv.Itoa(len(c.ConsumerFilters))+" filters",
		fmt.Sprintf("SNS takes at most %d in a filter policy: use Event.* for several services", filter.MaxValues))
	v.check(c.GlobalTopicARN == "" || strings.HasPrefix(c.GlobalTopicARN, "arn:"), "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN",
		c.GlobalTopicARN, "it is not an ARN such as arn:aws:sns:us-east-1:123456789012:events")
	v.check(attributeName.MatchString(c.EventKey) && len(c.EventKey) <= 256, "INIESTA_SNS_EVENT_KEY", c.EventKey,
		"it names a message attribute: 1 to 256 letters, digits, hyphens, underscores and single inner dots")
	c.checkQueue(&v)
	v.endpoint("INIESTA_SQS_ENDPOINT_URL", c.SQSEndpointURL)
	v.endpoint("INIESTA_SNS_ENDPOINT_URL", c.SNSEndpointURL)
	v.check((c.AWSAccessKeyID == "") == (c.AWSSecretAccessKey.Reveal() == ""), "INIESTA_AWS_ACCESS_KEY_ID", "",
		"it goes with INIESTA_AWS_SECRET_ACCESS_KEY: set both or neither")
	c.checkLimits(&v)
	c.checkLock(&v, without)
	return v.problems
}

// checkQueue checks the queue where one is named: a service that receives nothing names none.
func (c Config) checkQueue(v *validator) {
	if c.QueueName == "" {
		v.check(c.QueueOwnerAccountID == "" || accountID.MatchString(c.QueueOwnerAccountID), ownerSetting, c.QueueOwnerAccountID, accountRule)
		return
	}
	if _, err := c.Queue(); err != nil {
		v.problems = append(v.problems, err)
	}
}

func (c Config) checkLimits(v *validator) {
	v.number("INIESTA_SQS_RECEIVE_MESSAGE_MAX_NUMBER_OF_MESSAGES", c.ReceiveMaxMessages, 1, 10)
	v.duration("INIESTA_SQS_RECEIVE_MESSAGE_WAIT_TIME_SECONDS", c.ReceiveWaitTime, 0, 20*time.Second, true)
	v.number("INIESTA_SQS_CONCURRENCY", c.Concurrency, 1, 100_000)
	v.number("INIESTA_SQS_MAX_POLLERS", c.MaxPollers, 1, 1000)
	v.duration("INIESTA_SQS_VISIBILITY_TIMEOUT", c.VisibilityTimeout, 0, maxVisibility, true)
	v.duration("INIESTA_HANDLER_TIMEOUT", c.HandlerTimeout, 0, maxVisibility, false)
	v.duration("INIESTA_SHUTDOWN_TIMEOUT", c.ShutdownTimeout, 0, maxVisibility, false)
	v.duration("INIESTA_MAX_EXTENSION", c.MaxExtension, time.Second, maxVisibility, false)
	if c.IdempotencyWindow != WindowAuto {
		v.duration("INIESTA_IDEMPOTENCY_WINDOW", c.IdempotencyWindow, 0, 14*24*time.Hour, false)
	}
}

func (c Config) checkLock(v *validator, without []Unused) {
	if !unused(without, "INIESTA_CACHES") {
		c.checkLockNodes(v)
	}
	if !unused(without, "INIESTA_LOCK_TIMEOUT") {
		v.number("INIESTA_LOCK_RETRY_COUNT", c.LockRetryCount, 1, 100)
		v.duration("INIESTA_LOCK_TIMEOUT", c.LockTimeout, time.Second, maxVisibility, false)
	}
}

func (c Config) checkLockNodes(v *validator) {
	v.check(len(c.LockNodes) > 0, "INIESTA_CACHES", "", "it is empty: name a Redis node, better three, as redis://host:6379/0")
	seen := make(map[string]bool)
	for _, node := range c.LockNodes {
		v.check(node.valid(), "INIESTA_CACHES", node.String(), "it is not a URL such as redis://user:password@host:6379/0 or rediss://")
		v.check(!seen[node.Reveal()], "INIESTA_CACHES", node.String(), "it is named twice: each node counts once")
		seen[node.Reveal()] = true
	}
}
