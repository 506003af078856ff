package localaws

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
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

// texts are the other attributes that can be set.
var texts = []string{
	"Policy", "RedrivePolicy", "RedriveAllowPolicy", "KmsMasterKeyId", "SqsManagedSseEnabled",
	"FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit",
}

// computed are the attributes that only the service sets.
var computed = []string{
	"QueueArn", "CreatedTimestamp", "LastModifiedTimestamp", "ApproximateNumberOfMessages",
	"ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
}

func knownAttribute(name string) bool {
	_, number := numbers[name]
	return number || slices.Contains(texts, name) || slices.Contains(computed, name)
}

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
	maps.Copy(all, given)
	return all
}

// agrees reports whether the queue has the attributes given.
func (q *queue) agrees(given map[string]string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for name, value := range given {
		if q.attributes[name] != value {
			return false
		}
	}
	return true
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

// checkAttributes refuses attributes that are unknown, out of range or the service's own.
func checkAttributes(given map[string]string, fifo, creating bool) error {
	for name, value := range given {
		if n, ok := numbers[name]; ok {
			if v, err := strconv.Atoi(value); err != nil || v < n.least || v > n.most {
				return refused("InvalidAttributeValue", "Invalid value for the parameter %s.", name)
			}
			continue
		}
		if !slices.Contains(texts, name) {
			return refused("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
		if err := checkText(name, value, fifo, creating); err != nil {
			return err
		}
	}
	if creating && fifo && given["FifoQueue"] != "true" {
		return invalidValue("QueueName", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	}
	return nil
}

func checkText(name, value string, fifo, creating bool) error {
	switch name {
	case "FifoQueue":
		if value != "true" || !fifo || !creating {
			return refused("InvalidAttributeName", "Unknown Attribute FifoQueue.")
		}
	case "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit":
		if !fifo {
			return refused("InvalidAttributeName", "Unknown Attribute %s.", name)
		}
	case "RedrivePolicy":
		if value != "" {
			_, err := parseRedrive(value)
			return err
		}
	case "Policy":
		if value != "" && !json.Valid([]byte(value)) {
			return refused("InvalidAttributeValue", "Invalid value for the parameter Policy.")
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
		return 0, invalidValue(name, "Must be >= %d and <= %d, if provided.", least, most)
	}
	return *given, nil
}
