package localaws

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// numbers are the queue attributes that are numbers, with their default and range.
var numbers = map[string]struct{ normal, least, most int }{
	"DelaySeconds":                  {0, 0, 900},
	"MaximumMessageSize":            {maxMessage, 1024, maxMessage},
	"MessageRetentionPeriod":        {345_600, 60, 1_209_600},
	"ReceiveMessageWaitTimeSeconds": {0, 0, 20},
	"VisibilityTimeout":             {30, 0, 43_200},
	"KmsDataKeyReusePeriodSeconds":  {300, 60, 86_400},
}

// booleans are the queue attributes that are true or false, in any case.
var booleans = []string{"FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled"}

// choices are the queue attributes with a few values.
var choices = map[string][]string{
	"DeduplicationScope":  {"messageGroup", "queue"},
	"FifoThroughputLimit": {"perQueue", "perMessageGroupId"},
}

// texts are the other attributes that can be set.
var texts = []string{"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId"}

// computed are the attributes that only the service sets.
var computed = []string{
	"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", "ApproximateNumberOfMessages",
	"ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
}

func settable(name string) bool {
	_, number := numbers[name]
	return number || choices[name] != nil || slices.Contains(booleans, name) || slices.Contains(texts, name)
}

func knownAttribute(name string) bool { return settable(name) || slices.Contains(computed, name) }

// number is a numeric attribute's value.
func (q *queue) number(name string) int {
	n, err := strconv.Atoi(q.attributes[name])
	if err != nil {
		return numbers[name].normal
	}
	return n
}

func withDefaults(given map[string]string, fifo bool) map[string]string {
	all := map[string]string{"SqsManagedSseEnabled": "true"}
	for name, n := range numbers {
		if name != "KmsDataKeyReusePeriodSeconds" {
			all[name] = strconv.Itoa(n.normal)
		}
	}
	if fifo {
		all["FifoQueue"], all["ContentBasedDeduplication"] = "true", "false"
		all["DeduplicationScope"], all["FifoThroughputLimit"] = "queue", "perQueue"
	}
	setAttributes(all, given)
	return all
}

// setAttributes changes attributes. An empty text removes one, and a key of KMS ends SQS's own encryption.
func setAttributes(attributes, given map[string]string) {
	for name, value := range given {
		if value == "" || name == "KmsDataKeyReusePeriodSeconds" && value == "300" {
			delete(attributes, name)
			continue
		}
		attributes[name] = value
	}
	switch {
	case given["KmsMasterKeyId"] != "":
		attributes["SqsManagedSseEnabled"] = "false"
	case given["SqsManagedSseEnabled"] == "true":
		delete(attributes, "KmsMasterKeyId")
		delete(attributes, "KmsDataKeyReusePeriodSeconds")
	}
}

// disagreement is an attribute given that the queue has another value of, or none.
func (q *queue) disagreement(given map[string]string) string {
	q.lock()
	defer q.unlock()
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if q.attributes[name] != given[name] && given[name] != "" {
			return name
		}
	}
	return ""
}

// describe lists every attribute with its present value.
func (q *queue) describe() map[string]string {
	all := maps.Clone(q.attributes)
	all["QueueArn"] = q.arn
	all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
	all["LastModifiedTimestamp"] = strconv.FormatInt(q.modified.Unix(), 10)
	all["ApproximateNumberOfMessages"] = strconv.Itoa(len(q.byID) - q.inFlight - q.delayed)
	all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(q.inFlight)
	all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(q.delayed)
	return all
}

// checkAttributes refuses attributes that are unknown, out of range or the service's own, and returns the others as
// they are kept.
func checkAttributes(given map[string]string, fifo, creating bool) (map[string]string, error) {
	kept := make(map[string]string, len(given))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := given[name]
		if slices.Contains(booleans, name) {
			value = strings.ToLower(value)
		}
		if err := checkAttribute(name, value, fifo, creating); err != nil {
			return nil, err
		}
		kept[name] = value
	}
	if kept["KmsMasterKeyId"] != "" && kept["SqsManagedSseEnabled"] == "true" {
		const both = "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE."
		if creating {
			return nil, refused("InvalidAttributeValue", both)
		}
		return nil, refused("InvalidAttributeName", both)
	}
	return kept, nil
}

func checkAttribute(name, value string, fifo, creating bool) error {
	if !settable(name) {
		return unknownAttribute(name)
	}
	if err := checkKind(name, value, fifo, creating); err != nil {
		return err
	}
	_, isNumber := numbers[name]
	switch {
	case isNumber:
		return checkNumber(name, value)
	case slices.Contains(booleans, name) && value != "true" && value != "false":
		return invalidAttribute(name, "")
	case choices[name] != nil && !slices.Contains(choices[name], value):
		return invalidAttribute(name, "")
	case value == "":
		return nil
	}
	return checkDocument(name, value)
}

// checkKind refuses what only the other kind of queue has, and a change of the kind.
func checkKind(name, value string, fifo, creating bool) error {
	switch name {
	case "FifoQueue":
		if !fifo {
			return unknownAttribute(name)
		}
		if value != "true" && !creating {
			return invalidAttribute(name, "Modifying queue type is not supported.")
		}
	case "ContentBasedDeduplication":
		if !fifo {
			return unknownAttribute(name)
		}
	case "DeduplicationScope", "FifoThroughputLimit":
		if !fifo {
			return refused("InvalidAttributeName", "You can specify the %s only when FifoQueue is set to true.", name)
		}
	}
	return nil
}

// checkThroughput refuses throughput by group where deduplication ids are those of the queue.
func checkThroughput(all map[string]string) error {
	if all["FifoThroughputLimit"] == "perMessageGroupId" && all["DeduplicationScope"] != "messageGroup" {
		return invalidAttribute("FifoThroughputLimit", "The value perMessageGroupId is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return nil
}

func checkNumber(name, value string) error {
	n := numbers[name]
	if v, err := strconv.Atoi(value); err != nil || v < n.least || v > n.most {
		return invalidAttribute(name, "")
	}
	return nil
}

// checkDocument looks at the attributes that are JSON.
func checkDocument(name, value string) error {
	switch name {
	case "RedrivePolicy":
		_, err := parseRedrive(value)
		return err
	case "RedriveAllowPolicy":
		_, err := parseRedriveAllow(value)
		return err
	case "Policy":
		var document map[string]any
		if json.Unmarshal([]byte(value), &document) != nil || document == nil {
			return invalidAttribute(name, "")
		}
	}
	return nil
}

// within returns a number or its default, and refuses what is out of range.
func within(name string, given *int, normal, least, most int) (int, error) {
	if given == nil {
		return normal, nil
	}
	if *given < least || *given > most {
		return 0, invalidValue(name, *given, "Must be >= %d and <= %d, if provided.", least, most)
	}
	return *given, nil
}
