package conformance

import (
	"fmt"
	"strings"
)

const (
	invalidParameter = "InvalidParameter 400"
	valueInvalid     = "ParameterValueInvalid 400"
	badAttributes    = snsTests + "test_empty_or_wrong_message_attributes"
	batchErrors      = snsTests + "test_publish_batch_exceptions"
)

// publish publishes to a new topic with further parameters of names and values.
func publish(body string, more ...any) func(*world) answer {
	return func(w *world) answer { return w.publish(w.topic(), body, more...) }
}

func (w *world) publish(topic, body string, more ...any) answer {
	input := in{"TopicArn": topic, "Message": body}
	for i := 0; i < len(more); i += 2 {
		input[more[i].(string)] = more[i+1]
	}
	return w.sns("Publish", input)
}

// publishAttribute publishes with one attribute, of fields and values.
func publishAttribute(name string, fields ...string) func(*world) answer {
	return publish("m", "MessageAttributes", in{name: pairs(fields)})
}

func (w *world) publishBatch(topic string, entries ...in) answer {
	for i, e := range entries {
		if e["Id"] == nil {
			e["Id"] = fmt.Sprint(i)
		}
	}
	return w.sns("PublishBatch", in{"TopicArn": topic, "PublishBatchRequestEntries": entries})
}

// delivered publishes to a raw subscription and says what the queue got.
func delivered(body string, more ...any) func(*world) answer {
	return func(w *world) answer {
		topic := w.topic()
		q, _ := w.inbox(topic, "RawMessageDelivery", "true")
		w.publish(topic, body, more...).must()
		return saw("[%s]", bodies(w.receive(q, "WaitTimeSeconds", 1)))
	}
}

var publishCases = []Case{
	{About: "Publish", What: "a topic as TargetArn", Source: snsTests + "test_publish_message_by_target_arn", Want: "ok",
		run: func(w *world) answer { return w.sns("Publish", in{"TargetArn": w.topic(), "Message": "m"}) }},
	{About: "Publish", What: "an ARN of one part", Source: snsTests + "test_publish_wrong_arn_format", Want: invalidParameter,
		Text: "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1", run: func(w *world) answer { return w.publish("randomstring", "m") }},
	{About: "Publish", What: "a topic that does not exist", Source: snsTests + "test_unknown_topic_publish", Want: "NotFound 404", Text: "Topic does not exist",
		run: func(w *world) answer { return w.publish(w.topic()+"-none", "m") }},
	{About: "Publish", What: "a topic of another region", Source: snsTests + "test_topic_publish_another_region", Want: invalidParameter, Text: "Invalid parameter: TopicArn",
		run: func(w *world) answer { return w.publish("arn:aws:sns:eu-west-1:000000000000:t", "m") }},
	{About: "Publish", What: "an empty message", Source: snsTests + "test_empty_sns_message", Want: invalidParameter, Text: "Invalid parameter: Empty message", run: publish("")},
	{About: "Publish", What: "a message of 256 KiB and a byte", Source: snsTests + "test_publish_too_long_message", Want: invalidParameter, Text: "Invalid parameter: Message too long",
		run: publish(strings.Repeat("a", 256<<10+1))},
	{About: "Publish", What: "an empty subject", Source: snsTests + "test_publish_with_empty_subject", Want: invalidParameter, Text: "Invalid parameter: Subject", run: publish("m", "Subject", "")},
	{About: "Publish", What: "a subject with a line break", Source: topicAPI + "Publish.html", Want: invalidParameter, Text: "Invalid parameter: Subject", run: publish("m", "Subject", "a\nb")},
	{About: "Publish", What: "a subject of 101 characters", Source: topicAPI + "Publish.html", Want: invalidParameter, run: publish("m", "Subject", strings.Repeat("a", 101))},
	{About: "Publish", What: "an attribute's name with other characters", Source: badAttributes, Want: valueInvalid, Text: "Invalid non-alphanumeric character '#x5E' was found in the message attribute name.", run: publishAttribute("a^*?", "DataType", "String", "StringValue", "v")},
	{About: "Publish", What: "an attribute's name that begins with a dot", Source: badAttributes, Want: valueInvalid, Text: "Invalid message attribute name starting with character '.' was found.", run: publishAttribute(".abc", "DataType", "String", "StringValue", "v")},
	{About: "Publish", What: "an attribute's name that ends with a dot", Source: badAttributes, Want: valueInvalid, Text: "Invalid message attribute name ending with character '.' was found.", run: publishAttribute("abc.", "DataType", "String", "StringValue", "v")},
	{About: "Publish", What: "an attribute's name with two dots", Source: badAttributes, Want: valueInvalid, Text: "Message attribute name can not have successive '.' character.", run: publishAttribute("a..bc", "DataType", "String", "StringValue", "v")},
	{About: "Publish", What: "an attribute's name of 257 characters", Source: badAttributes, Want: valueInvalid, Text: "Length of message attribute name must be less than 256 bytes.", run: publishAttribute(strings.Repeat("a", 257), "DataType", "String", "StringValue", "v")},
	{About: "Publish", What: "an attribute of the type String.", Source: snsTests + "test_message_attributes_prefixes", Want: valueInvalid, Text: "has an invalid message attribute type", run: publishAttribute("a", "DataType", "String.", "StringValue", "v")},
	{About: "Publish", What: "an attribute of an unknown type", Source: badAttributes, Want: valueInvalid, Text: "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", run: publishAttribute("a", "DataType", "Invalid", "StringValue", "v")},
	{About: "Publish", What: "an attribute without a type", Source: badAttributes, Want: "ValidationError 400", Text: "Value null at 'messageAttributes.a.member.dataType' failed to satisfy constraint: Member must not be null", run: publishAttribute("a", "StringValue", "v")},
	{About: "Publish", What: "an attribute with an empty text", Source: badAttributes, Want: valueInvalid, Text: "The message attribute 'a' must contain non-empty message attribute value for message attribute type 'String'.", run: publishAttribute("a", "DataType", "String", "StringValue", "")},
	{About: "Publish", What: "a String with bytes", Source: badAttributes, Want: valueInvalid, Text: "The message attribute 'a' with type 'String' must use field 'String'.", run: publishAttribute("a", "DataType", "String", "BinaryValue", "MQ==")},
	{About: "Publish", What: "a Binary with a text", Source: badAttributes, Want: valueInvalid, Text: "The message attribute 'a' with type 'Binary' must use field 'Binary'.", run: publishAttribute("a", "DataType", "Binary", "StringValue", "1")},
	{About: "Publish", What: "a Number that is none", Source: topicDoc + "sns-message-attributes.html", Want: valueInvalid, run: publishAttribute("a", "DataType", "Number", "StringValue", "abc")},
	{About: "Publish", What: "a String.Array that is no JSON", Source: topicDoc + "sns-message-attributes.html", Want: valueInvalid, run: publishAttribute("a", "DataType", "String.Array", "StringValue", "abc")},
	{About: "Publish", What: "MessageStructure string is a plain message", Source: topicAPI + "Publish.html (only json means something)", Want: "[m]", run: delivered("m", "MessageStructure", "string")},
	{About: "Publish", What: "MessageStructure json picks the protocol's text", Source: snsTests + "test_message_structure_json_to_sqs", Want: "[for the queue]", run: delivered(`{"default":"d","sqs":"for the queue"}`, "MessageStructure", "json")},
	{About: "Publish", What: "MessageStructure json, a number for the protocol is not looked at", Source: topicAPI + "Publish.html", Want: "[d]", run: delivered(`{"default":"d","sqs":1}`, "MessageStructure", "json")},
	{About: "Publish", What: "MessageStructure json, no default", Source: snsTests + "test_message_structure_json_exc", Want: invalidParameter, Text: "Message Structure - No default entry in JSON message body", run: publish(`{"sqs":"x"}`, "MessageStructure", "json")},
	{About: "Publish", What: "MessageStructure json, a default that is no text", Source: snsTests + "test_message_structure_json_exc", Want: invalidParameter, Text: "Message Structure - No default entry in JSON message body", run: publish(`{"default":{"object":"x"}}`, "MessageStructure", "json")},
	{About: "Publish", What: "MessageStructure json, no JSON", Source: snsTests + "test_message_structure_json_exc", Want: invalidParameter, Text: "Message Structure - JSON message body failed to parse", run: publish(`{"default": }`, "MessageStructure", "json")},
	{About: "Publish", What: "a group, to a standard topic, comes with the message", Source: snsTests + "test_publish_message_group_id", Want: "g",
		run: func(w *world) answer {
			topic := w.topic()
			q, _ := w.inbox(topic)
			w.publish(topic, "m", "MessageGroupId", "g").must()
			return saw("%s", w.receive(q, "WaitTimeSeconds", 1)[0].Attributes["MessageGroupId"])
		}},
	{About: "Publish", What: "a deduplication id, to a standard topic", Source: snsTests + "test_validations_for_fifo", Want: invalidParameter,
		Text: "The request includes MessageDeduplicationId parameter that is not valid for this topic type", run: publish("m", "MessageDeduplicationId", "1")},
	{About: "Publish", What: "no group, to a FIFO topic", Source: snsTests + "test_validations_for_fifo", Want: invalidParameter, Text: "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
		run: func(w *world) answer { return w.publish(w.fifoTopic(), "m") }},
	{About: "Publish", What: "no deduplication id, to a FIFO topic", Source: snsTests + "test_validations_for_fifo", Want: invalidParameter,
		Text: "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		run:  func(w *world) answer { return w.publish(w.fifoTopic(), "m", "MessageGroupId", "g") }},
	{About: "Publish", What: "a FIFO topic's deduplication id is the digest of the message", Source: snsTests + "test_message_to_fifo_sqs", Want: "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25",
		run: func(w *world) answer {
			topic := w.fifoTopic("ContentBasedDeduplication", "true")
			q, _ := w.inbox(topic)
			w.publish(topic, "Test", "MessageGroupId", "g").must()
			return saw("%s", w.receive(q, "WaitTimeSeconds", 1)[0].Attributes["MessageDeduplicationId"])
		}},
	{About: "PublishBatch", What: "no entries", Source: topicAPI + "PublishBatch.html", Want: "EmptyBatchRequest 400", run: func(w *world) answer { return w.publishBatch(w.topic()) }},
	{About: "PublishBatch", What: "eleven entries", Source: batchErrors, Want: "TooManyEntriesInBatchRequest 400", Text: "The batch request contains more entries than permissible.",
		run: func(w *world) answer {
			var all []in
			for range 11 {
				all = append(all, in{"Message": "m"})
			}
			return w.publishBatch(w.topic(), all...)
		}},
	{About: "PublishBatch", What: "an id twice", Source: batchErrors, Want: "BatchEntryIdsNotDistinct 400", Text: "Two or more batch entries in the request have the same Id.",
		run: func(w *world) answer {
			return w.publishBatch(w.topic(), in{"Id": "1", "Message": "m"}, in{"Id": "1", "Message": "m"})
		}},
	{About: "PublishBatch", What: "an id with a dot", Source: snsTests + "test_publish_batch_invalid_entry_id", Want: "InvalidBatchEntryId 400", Text: "The Id of a batch entry in the batch request contains an impermissible character: message.id",
		run: func(w *world) answer { return w.publishBatch(w.topic(), in{"Id": "message.id", "Message": "m"}) }},
	{About: "PublishBatch", What: "an entry with a bad attribute refuses all", Source: badAttributes, Want: valueInvalid,
		run: func(w *world) answer {
			return w.publishBatch(w.topic(), in{"Message": "m", "MessageAttributes": in{"a": pairs([]string{"DataType", "String", "StringValue", ""})}}, in{"Message": "ok"})
		}},
	{About: "PublishBatch", What: "to a FIFO topic, an entry without group refuses all", Source: batchErrors, Want: invalidParameter, Text: "The MessageGroupId parameter is required for FIFO topics",
		run: func(w *world) answer { return w.publishBatch(w.fifoTopic(), in{"Message": "m"}) }},
	{About: "PublishBatch", What: "256 KiB and a byte together", Source: snsTests + "test_publish_batch_too_long_message", Want: "BatchRequestTooLong 400", Text: "The length of all the messages put together is more than the limit.",
		run: func(w *world) answer {
			return w.publishBatch(w.topic(), in{"Message": strings.Repeat("a", 256<<10)}, in{"Message": "b"})
		}},
}
