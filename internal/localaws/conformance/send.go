package conformance

import (
	"fmt"
	"strings"
)

// value is an attribute of a message.
func value(dataType, text string) map[string]string {
	return map[string]string{"DataType": dataType, "StringValue": text}
}

// sendAttribute sends a message with one attribute to a standard queue.
func sendAttribute(name string, v map[string]string) func(*world) answer {
	return func(w *world) answer {
		return w.send(w.queue(), "x", "MessageAttributes", map[string]map[string]string{name: v})
	}
}

// sendWith sends a message with a parameter to a standard queue.
func sendWith(more ...any) func(*world) answer {
	return func(w *world) answer { return w.send(w.queue(), "x", more...) }
}

const (
	invalidValue  = "InvalidParameterValue 400"
	missing       = "MissingParameter 400"
	reservedNames = queueDoc + "sqs-message-metadata.html"
)

var sendCases = []Case{
	{About: "SendMessage", What: "a body of every character that is allowed", Source: queueAPI + "SendMessage.html", Want: "ok",
		run: func(w *world) answer { return w.send(w.queue(), "\t\n\r \u0085\uD7FF\uE000\uFFFD\U00010000\U0010FFFF") }},
	{About: "SendMessage", What: "no body", Source: sqsTests + "test_send_empty_message", Want: missing, Text: "The request must contain the parameter MessageBody.",
		run: func(w *world) answer { return w.send(w.queue(), "") }},
	{About: "SendMessage", What: "a body with a control character", Source: sqsTests + "test_send_message_with_invalid_payload_characters", Want: "InvalidMessageContents 400",
		run: func(w *world) answer { return w.send(w.queue(), "\x0c") }},
	{About: "SendMessage", What: "a body with half a character", Source: queueAPI + "SendMessage.html", Want: "InvalidMessageContents 400",
		run: func(w *world) answer {
			return w.raw("SendMessage", `{"QueueUrl":"`+w.queue()+`","MessageBody":"a\\ud83d\ud83d"}`)
		}},
	{About: "SendMessage", What: "a body with two halves of a character, and a backslash before letters", Source: queueAPI + "SendMessage.html", Want: `a\ud83d😀`,
		run: func(w *world) answer {
			q := w.queue()
			w.raw("SendMessage", `{"QueueUrl":"`+q+`","MessageBody":"a\\ud83d\uD83D\uDE00"}`).must()
			return saw("%s", w.receive(q)[0].Body)
		}},
	{About: "SendMessage", What: "a body of 1 MiB and a byte", Source: sqsTests + "test_send_oversized_message", Want: invalidValue,
		Text: "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
		run:  func(w *world) answer { return w.send(w.queue(), strings.Repeat("a", 1<<20+1)) }},
	{About: "SendMessage", What: "a body longer than the queue's MaximumMessageSize", Source: sqsTests + "test_send_message_with_updated_maximum_message_size", Want: invalidValue,
		Text: "Message must be shorter than 1024 bytes.",
		run:  func(w *world) answer { return w.send(w.queue("MaximumMessageSize", "1024"), strings.Repeat("a", 1025)) }},
	{About: "SendMessage", What: "an attribute's value with a control character", Source: sqsTests + "test_invalid_string_attributes_cause_invalid_parameter_value_error", Want: invalidValue,
		run: sendAttribute("a", value("String", "\x08"))},
	{About: "SendMessage", What: "an attribute's name with umlauts", Source: sqsTests + "test_send_message_with_invalid_string_attributes", Want: "ok",
		run: sendAttribute("attr.1øßä", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name that begins with aWs.", Source: reservedNames, Want: invalidValue, run: sendAttribute("aWs.x", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name that begins with AMAZON.", Source: reservedNames, Want: invalidValue, run: sendAttribute("AMAZON.x", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name that begins with a dot", Source: reservedNames, Want: invalidValue, run: sendAttribute(".x", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name that ends with a dot", Source: reservedNames, Want: invalidValue, run: sendAttribute("x.", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name with an exclamation mark", Source: reservedNames, Want: invalidValue, run: sendAttribute("a!b", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name with a bracket", Source: reservedNames, Want: invalidValue, run: sendAttribute("a(b", value("String", "v"))},
	{About: "SendMessage", What: "an attribute's name of 257 characters", Source: reservedNames, Want: invalidValue, run: sendAttribute(strings.Repeat("L", 257), value("String", "v"))},
	{About: "SendMessage", What: "an attribute of an unknown type", Source: reservedNames, Want: invalidValue, run: sendAttribute("a", value("Invalid", "v"))},
	{About: "SendMessage", What: "an attribute of a type with 263 characters", Source: reservedNames, Want: invalidValue, run: sendAttribute("a", value("Number."+strings.Repeat("L", 256), "1"))},
	{About: "SendMessage", What: "a Number that is none", Source: reservedNames, Want: invalidValue, run: sendAttribute("a", value("Number", "abc"))},
	{About: "SendMessage", What: "a Number with a sign, a fraction and an exponent", Source: reservedNames, Want: "ok", run: sendAttribute("a", value("Number.x", "-1.50e+3"))},
	{About: "SendMessage", What: "an attribute with an empty text", Source: sqsTests + "test_send_message_with_empty_string_attribute", Want: invalidValue,
		Text: "Message (user) attribute 'a' must contain a non-empty value of type 'String'.", run: sendAttribute("a", value("String", ""))},
	{About: "SendMessage", What: "a list of texts as an attribute", Source: queueAPI + "MessageAttributeValue.html (not implemented)", Want: "AWS.SimpleQueueService.UnsupportedOperation 400",
		run: func(w *world) answer {
			return w.send(w.queue(), "x", "MessageAttributes", in{"a": in{"DataType": "String", "StringListValues": []string{"a"}}})
		}},
	{About: "SendMessage", What: "eleven attributes", Source: reservedNames, Want: invalidValue, run: func(w *world) answer {
		all := map[string]map[string]string{}
		for i := range 11 {
			all[fmt.Sprint("a", i)] = value("String", "v")
		}
		return w.send(w.queue(), "x", "MessageAttributes", all)
	}},
	{About: "SendMessage", What: "a group, to a standard queue", Source: sqsTests + "test_fair_queue_with_message_group_id", Want: "group test", run: func(w *world) answer {
		q := w.queue()
		w.send(q, "x", "MessageGroupId", "test").must()
		return saw("group %s", w.receive(q)[0].Attributes["MessageGroupId"])
	}},
	{About: "SendMessage", What: "an empty group, to a standard queue", Source: sqsTests + "test_send_message_to_standard_queue_with_invalid_message_group_id", Want: invalidValue,
		Text: "Value  for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.", run: sendWith("MessageGroupId", "")},
	{About: "SendMessage", What: "a group with a space", Source: sqsTests + "test_send_message_to_standard_queue_with_invalid_message_group_id", Want: invalidValue,
		Text: "Value group 123 for parameter MessageGroupId is invalid.", run: sendWith("MessageGroupId", "group 123")},
	{About: "SendMessage", What: "a deduplication id, to a standard queue", Source: queueAPI + "SendMessage.html", Want: invalidValue, run: sendWith("MessageDeduplicationId", "1")},
	{About: "SendMessage", What: "a delay of -1 second", Source: queueAPI + "SendMessage.html", Want: invalidValue, run: sendWith("DelaySeconds", -1)},
	{About: "SendMessage", What: "a delay of 901 seconds", Source: queueAPI + "SendMessage.html", Want: invalidValue, run: sendWith("DelaySeconds", 901)},
	{About: "SendMessage", What: "a trace header comes back", Source: sqsTests + "test_aws_trace_header_propagation", Want: "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1",
		run: func(w *world) answer {
			const trace = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
			q := w.queue()
			w.send(q, "x", "MessageSystemAttributes", map[string]map[string]string{"AWSTraceHeader": value("String", trace)}).must()
			return saw("%s", w.receive(q)[0].Attributes["AWSTraceHeader"])
		}},
	{About: "SendMessage", What: "the digest of a trace header", Source: sqsTests + "test_system_attributes_have_no_effect_on_attr_md5", Want: "5ae4d5d7636402d80f4eb6d213245a88",
		run: func(w *world) answer {
			a := w.send(w.queue(), "x", "MessageSystemAttributes", map[string]map[string]string{"AWSTraceHeader": value("String", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")}).must()
			return saw("%v", a.out["MD5OfMessageSystemAttributes"])
		}},
	{About: "SendMessageBatch", What: "no entries", Source: queueAPI + "SendMessageBatch.html", Want: "AWS.SimpleQueueService.EmptyBatchRequest 400",
		run: func(w *world) answer { return w.sqs("SendMessageBatch", in{"QueueUrl": w.queue(), "Entries": []in{}}) }},
	{About: "SendMessageBatch", What: "twenty entries", Source: sqsTests + "test_too_many_entries_in_batch_request", Want: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest 400",
		Text: "Maximum number of entries per request are 10. You have sent 20.", run: func(w *world) answer { return w.batch(w.queue(), entries(20)...) }},
	{About: "SendMessageBatch", What: "an id with a colon", Source: sqsTests + "test_invalid_batch_id", Want: "AWS.SimpleQueueService.InvalidBatchEntryId 400",
		Text: "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
		run:  func(w *world) answer { return w.batch(w.queue(), in{"Id": "a:b", "MessageBody": "x"}) }},
	{About: "SendMessageBatch", What: "an id twice", Source: queueAPI + "SendMessageBatch.html", Want: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct 400",
		run: func(w *world) answer { return w.batch(w.queue(), entries(1)[0], entries(1)[0]) }},
	{About: "SendMessageBatch", What: "1 MiB and a byte together", Source: sqsTests + "test_send_message_batch_with_oversized_contents", Want: "AWS.SimpleQueueService.BatchRequestTooLong 400",
		Text: "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
		run: func(w *world) answer {
			return w.batch(w.queue(), in{"Id": "1", "MessageBody": strings.Repeat("a", 1<<20)}, in{"Id": "2", "MessageBody": "b"})
		}},
	{About: "SendMessageBatch", What: "to a FIFO queue, an entry without deduplication id refuses all", Source: sqsTests + "test_send_batch_missing_deduplication_id_for_fifo_queue", Want: invalidValue,
		Text: "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		run: func(w *world) answer {
			return w.batch(w.fifo(), in{"Id": "1", "MessageBody": "x", "MessageGroupId": "g"})
		}},
	{About: "SendMessageBatch", What: "to a FIFO queue, an entry without group refuses all", Source: sqsTests + "test_send_batch_missing_message_group_id_for_fifo_queue", Want: invalidValue,
		Text: "The request must contain the parameter MessageGroupId.",
		run:  func(w *world) answer { return w.batch(w.fifo("ContentBasedDeduplication", "true"), entries(1)...) }},
	{About: "SendMessageBatch", What: "an entry longer than the queue's MaximumMessageSize fails alone", Source: sqsTests + "test_send_batch_message_size", Want: "1 sent, InvalidParameterValue: One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
		run: func(w *world) answer {
			a := w.batch(w.queue("MaximumMessageSize", "1024"), in{"Id": "1", "MessageBody": "a"}, in{"Id": "2", "MessageBody": strings.Repeat("a", 1025)}).must()
			failed := a.out["Failed"].([]any)[0].(map[string]any)
			return saw("%d sent, %v: %v", len(a.out["Successful"].([]any)), failed["Code"], failed["Message"])
		}},
	{About: "SendMessageBatch", What: "where nothing failed, the answer has no list of failures", Source: sqsTests + "test_send_message_batch_with_oversized_contents_with_updated_maximum_message_size", Want: "false",
		run: func(w *world) answer {
			_, there := w.batch(w.queue(), entries(2)...).must().out["Failed"]
			return saw("%v", there)
		}},
	{About: "SendMessage", What: "a queue that does not exist", Source: sqsTests + "test_non_existent_queue", Want: "AWS.SimpleQueueService.NonExistentQueue 400", Text: "The specified queue does not exist.",
		run: func(w *world) answer { return w.send(w.queue()+"-none", "x") }},
}

// batch sends a batch.
func (w *world) batch(queue string, entries ...in) answer {
	return w.sqs("SendMessageBatch", in{"QueueUrl": queue, "Entries": entries})
}

func entries(n int) (all []in) {
	for i := range n {
		all = append(all, in{"Id": fmt.Sprint(i), "MessageBody": "x"})
	}
	return all
}
