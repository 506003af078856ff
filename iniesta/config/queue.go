package config

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// QueueRef is the queue that the settings name. Name is always there; the rest is what more is known.
type QueueRef struct {
	Name    string
	URL     string // where INIESTA_SQS_QUEUE_NAME is a URL: the queue needs no look-up
	Account string // the 12 digits of the account that owns the queue; empty is that of the credentials
	Region  string // where the ARN or the URL of AWS has one
}

// FIFO reports whether it is a FIFO queue.
func (q QueueRef) FIFO() bool { return strings.HasSuffix(q.Name, ".fifo") }

// Queue is the queue that INIESTA_SQS_QUEUE_NAME names, by its name, its URL or its ARN, or else the one
// of QueueNameTemplate. Its account is that of the URL or the ARN, or else QueueOwnerAccountID. It returns
// an *Error where neither setting is enough, and where both name an account and not the same.
func (c Config) Queue() (QueueRef, error) {
	ref, err := c.namedQueue()
	if err != nil {
		return QueueRef{}, err
	}
	switch owner := c.QueueOwnerAccountID; {
	case owner == "":
	case !accountID.MatchString(owner):
		return QueueRef{}, &Error{Setting: ownerSetting, Value: owner, Reason: accountRule}
	case ref.Account != "" && ref.Account != owner:
		return QueueRef{}, &Error{Setting: ownerSetting, Value: owner,
			Reason: "INIESTA_SQS_QUEUE_NAME names a queue of the account " + ref.Account + ": leave this setting out, or name the account there"}
	default:
		ref.Account = owner
	}
	return ref, nil
}

// ResolvedQueueName is the name of Queue.
func (c Config) ResolvedQueueName() (string, error) {
	ref, err := c.Queue()
	return ref.Name, err
}

func (c Config) namedQueue() (QueueRef, error) {
	if c.QueueName != "" {
		return parseQueue(c.QueueName)
	}
	if c.ServiceName == "" && strings.Contains(c.QueueNameTemplate, "{service_name}") {
		return QueueRef{}, &Error{Setting: queueSetting,
			Reason: fmt.Sprintf("it is not set, and %q needs SERVICE_NAME: set one of them", c.QueueNameTemplate)}
	}
	name := strings.NewReplacer("{env}", c.Environment, "{service_name}", c.ServiceName).Replace(c.QueueNameTemplate)
	return plainQueue(name, name)
}

const (
	queueSetting  = "INIESTA_SQS_QUEUE_NAME"
	ownerSetting  = "INIESTA_SQS_QUEUE_OWNER_ACCOUNT_ID"
	queueNameRule = "a queue's name has 1 to 80 letters, digits, hyphens and underscores, and may end in .fifo"
	accountRule   = "an account's id has 12 digits"
)

var (
	queueName = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.fifo)?$`)
	accountID = regexp.MustCompile(`^[0-9]{12}$`)
	// awsHost finds the region in the hosts of SQS: also FIPS, dual stack, VPC endpoints, China and the old form.
	awsHost = regexp.MustCompile(`^(?:[a-z0-9-]+\.)?(?:sqs(?:-fips)?\.([a-z0-9-]+)(?:\.vpce)?|([a-z0-9-]+)\.queue)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$`)
)

// parseQueue reads a name, a URL or an ARN.
func parseQueue(text string) (QueueRef, error) {
	switch {
	case strings.HasPrefix(text, "arn:"):
		return queueByARN(text)
	case strings.Contains(text, "://"):
		return queueByURL(text)
	}
	return plainQueue(text, text)
}

// plainQueue checks a name that stands in text.
func plainQueue(name, text string) (QueueRef, error) {
	if !queueName.MatchString(name) || len(name) > 80 {
		return QueueRef{}, refusedQueue(text, queueNameRule)
	}
	return QueueRef{Name: name}, nil
}

func queueByARN(text string) (QueueRef, error) {
	const rule = "it is not the ARN of a queue, such as arn:aws:sqs:us-east-1:123456789012:orders"
	parsed, err := arn.Parse(text)
	if err != nil || parsed.Service != "sqs" || parsed.Region == "" || !accountID.MatchString(parsed.AccountID) {
		return QueueRef{}, refusedQueue(text, rule)
	}
	ref, err := plainQueue(parsed.Resource, text)
	if err != nil {
		return QueueRef{}, err
	}
	ref.Account, ref.Region = parsed.AccountID, parsed.Region
	return ref, nil
}

func queueByURL(text string) (QueueRef, error) {
	const rule = "it is not the URL of a queue, such as https://sqs.us-east-1.amazonaws.com/123456789012/orders"
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return QueueRef{}, refusedQueue(text, rule)
	}
	steps := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
	ref, err := plainQueue(steps[len(steps)-1], text)
	if err != nil {
		return QueueRef{}, refusedQueue(text, rule)
	}
	ref.URL = text
	if len(steps) > 1 && accountID.MatchString(steps[len(steps)-2]) {
		ref.Account = steps[len(steps)-2]
	}
	if m := awsHost.FindStringSubmatch(u.Hostname()); m != nil {
		ref.Region = m[1] + m[2]
		if ref.Account == "" || len(steps) != 2 {
			return QueueRef{}, refusedQueue(text, rule)
		}
	}
	return ref, nil
}

func refusedQueue(text, rule string) error {
	return &Error{Setting: queueSetting, Value: printable(queueSetting, text), Reason: rule}
}
