package conformance

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func createTopic(name string, attributes ...string) func(*world) answer {
	return func(w *world) answer {
		return w.sns("CreateTopic", in{"Name": name, "Attributes": pairs(attributes)})
	}
}

func (w *world) topicAttribute(topic, name string) string {
	return w.sns("GetTopicAttributes", in{"TopicArn": topic}).must().attributes[name]
}

var topicCases = []Case{
	{About: "CreateTopic", What: "FifoTopic false, for a standard topic", Source: snsTests + "test_topic_get_attributes_with_fifo_false", Want: "ok", run: func(w *world) answer {
		return createTopic(name(), "FifoTopic", "false")(w)
	}},
	{About: "CreateTopic", What: "FifoTopic true, without .fifo in the name", Source: snsTests + "test_create_topic_name_constraints", Want: invalidParameter, Text: "Invalid parameter: Topic Name", run: createTopic("c", "FifoTopic", "true")},
	{About: "CreateTopic", What: ".fifo in the name, without FifoTopic", Source: snsTests + "test_create_topic_name_constraints", Want: invalidParameter, Text: "Invalid parameter: Topic Name", run: createTopic("c.fifo")},
	{About: "CreateTopic", What: "a name of 257 characters", Source: snsTests + "test_create_topic_name_constraints", Want: invalidParameter, Text: "Invalid parameter: Topic Name", run: createTopic(strings.Repeat("c", 257))},
	{About: "CreateTopic", What: "again, with another attribute", Source: snsTests + "test_create_topic_different_attrs", Want: invalidParameter, Text: "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
		run: func(w *world) answer {
			n := name()
			createTopic(n, "DisplayName", "1")(w).must()
			return createTopic(n, "DisplayName", "2")(w)
		}},
	{About: "CreateTopic", What: "again, with other tags", Source: snsTests + "test_create_duplicate_topic_with_more_tags", Want: invalidParameter, Text: "Invalid parameter: Tags Reason: Topic already exists with different tags",
		run: func(w *world) answer {
			n := name()
			createTopic(n)(w).must()
			return w.sns("CreateTopic", in{"Name": n, "Tags": []in{{"Key": "a", "Value": "b"}}})
		}},
	{About: "CreateTopic", What: "again, with some of its tags", Source: snsTests + "test_create_duplicate_topic_check_idempotency", Want: "ok",
		run: func(w *world) answer {
			n := name()
			w.sns("CreateTopic", in{"Name": n, "Tags": []in{{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}}}).must()
			return w.sns("CreateTopic", in{"Name": n, "Tags": []in{{"Key": "a", "Value": "1"}}})
		}},
	{About: "TagResource", What: "tags are listed, and removed by key", Source: snsTests + "test_tags", Want: "a=1 b=2, b=2",
		run: func(w *world) answer {
			topic := w.topic()
			tags := func() string {
				var all []string
				for key, value := range w.sns("ListTagsForResource", in{"ResourceArn": topic}).must().attributes {
					all = append(all, key+"="+value)
				}
				slices.Sort(all)
				return strings.Join(all, " ")
			}
			w.sns("TagResource", in{"ResourceArn": topic, "Tags": []in{{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}}}).must()
			before := tags()
			w.sns("UntagResource", in{"ResourceArn": topic, "TagKeys": []string{"a"}}).must()
			return saw("%s, %s", before, tags())
		}},
	{About: "TagResource", What: "a key twice", Source: snsTests + "test_tags", Want: invalidParameter, Text: "Invalid parameter: Duplicated keys are not allowed.",
		run: func(w *world) answer {
			return w.sns("TagResource", in{"ResourceArn": w.topic(), "Tags": []in{{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}}})
		}},
	{About: "GetTopicAttributes", What: "a topic that has never been changed has a policy for its owner", Source: snsTests + "test_create_topic_with_attributes", Want: "__default_policy_ID __default_statement_ID",
		run: func(w *world) answer {
			var policy struct {
				ID        string `json:"Id"`
				Statement []struct{ Sid string }
			}
			check(json.Unmarshal([]byte(w.topicAttribute(w.topic(), "Policy")), &policy))
			return saw("%s %s", policy.ID, policy.Statement[0].Sid)
		}},
	{About: "GetTopicAttributes", What: "the delivery policy in effect", Source: snsTests + "test_create_topic_with_attributes", Want: `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
		run: func(w *world) answer { return saw("%s", w.topicAttribute(w.topic(), "EffectiveDeliveryPolicy")) }},
	{About: "AddPermission", What: "a statement beside the default one", Source: snsTests + "test_topic_add_permission", Want: "label SNS:Publish",
		run: func(w *world) answer {
			topic := w.topic()
			w.permitTopic(topic, "Publish").must()
			var policy struct {
				Statement []struct {
					Sid    string
					Action any
				}
			}
			check(json.Unmarshal([]byte(w.topicAttribute(topic, "Policy")), &policy))
			return saw("%s %v", policy.Statement[1].Sid, policy.Statement[1].Action)
		}},
	{About: "AddPermission", What: "a label twice", Source: snsTests + "test_add_permission_errors", Want: invalidParameter, Text: "Invalid parameter: Statement already exists",
		run: func(w *world) answer {
			topic := w.topic()
			w.permitTopic(topic, "Publish").must()
			return w.permitTopic(topic, "Publish")
		}},
	{About: "AddPermission", What: "an action that is not SNS's", Source: snsTests + "test_add_permission_errors", Want: invalidParameter, Text: "Invalid parameter: Policy statement action out of service scope!",
		run: func(w *world) answer { return w.permitTopic(w.topic(), "Fly") }},
	{About: "DeleteTopic", What: "a topic that is gone", Source: snsTests + "test_delete_topic_idempotency", Want: "ok",
		run: func(w *world) answer { return w.sns("DeleteTopic", in{"TopicArn": w.topic() + "-none"}) }},
}

func (w *world) permitTopic(topic, action string) answer {
	return w.sns("AddPermission", in{"TopicArn": topic, "Label": "label", "AWSAccountId": []string{"111111111111"}, "ActionName": []string{action}})
}

// setSubscription changes an attribute of a new subscription.
func setSubscription(attribute, value string) func(*world) answer {
	return func(w *world) answer {
		arn := w.subscribe(w.topic()).must().leaves["SubscriptionArn"]
		return w.sns("SetSubscriptionAttributes", in{"SubscriptionArn": arn, "AttributeName": attribute, "AttributeValue": value})
	}
}

func subscribe(attributes ...string) func(*world) answer {
	return func(w *world) answer { return w.subscribe(w.topic(), attributes...) }
}

const setAttributes = snsTests + "test_validate_set_sub_attributes"

var subscriptionCases = []Case{
	{About: "Subscribe", What: "RawMessageDelivery True, with a capital", Source: snsTests + "test_create_subscriptions_with_attributes", Want: "true",
		run: func(w *world) answer {
			arn := w.subscribe(w.topic(), "RawMessageDelivery", "True").must().leaves["SubscriptionArn"]
			return saw("%s", w.sns("GetSubscriptionAttributes", in{"SubscriptionArn": arn}).must().attributes["RawMessageDelivery"])
		}},
	{About: "Subscribe", What: "RawMessageDelivery wrongvalue", Source: snsTests + "test_create_subscriptions_with_attributes", Want: invalidParameter,
		Text: "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.", run: subscribe("RawMessageDelivery", "wrongvalue")},
	{About: "Subscribe", What: "a dead-letter queue", Source: topicDoc + "sns-dead-letter-queues.html", Want: "ok",
		run: subscribe("RedrivePolicy", `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead"}`)},
	{About: "Subscribe", What: "a topic's ARN of seven parts", Source: topicAPI + "Subscribe.html", Want: invalidParameter,
		run: func(w *world) answer { return w.subscribe(w.topic() + ":x") }},
	{About: "Subscribe", What: "an ARN of one part", Source: snsTests + "test_subscribe_with_invalid_topic", Want: invalidParameter, Text: "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
		run: func(w *world) answer { return w.subscribe("randomstring") }},
	{About: "Subscribe", What: "a topic that does not exist", Source: snsTests + "test_subscribe_unknown_topic", Want: "NotFound 404", Text: "Topic does not exist",
		run: func(w *world) answer { return w.subscribe(w.topic() + "-none") }},
	{About: "Subscribe", What: "a queue's URL", Source: snsTests + "test_subscribe_to_sqs_with_queue_url", Want: invalidParameter, Text: "Invalid parameter: SQS endpoint ARN",
		run: func(w *world) answer {
			return w.sns("Subscribe", in{"TopicArn": w.topic(), "Protocol": "sqs", "Endpoint": w.queue()})
		}},
	{About: "Subscribe", What: "a protocol that there is not", Source: snsTests + "test_subscribe_with_invalid_protocol", Want: invalidParameter, Text: "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol",
		run: func(w *world) answer {
			return w.sns("Subscribe", in{"TopicArn": w.topic(), "Protocol": "test-protocol", "Endpoint": "x"})
		}},
	{About: "Subscribe", What: "a FIFO queue to a standard topic", Source: snsTests + "test_validations_for_fifo", Want: invalidParameter, Text: "FIFO SQS Queues can not be subscribed to standard SNS topics",
		run: func(w *world) answer {
			return w.sns("Subscribe", in{"TopicArn": w.topic(), "Protocol": "sqs", "Endpoint": w.arn(w.fifo())})
		}},
	{About: "Subscribe", What: "again, with other attributes", Source: snsTests + "test_subscribe_idempotency", Want: invalidParameter, Text: "Subscription already exists with different attributes",
		run: func(w *world) answer {
			topic := w.topic()
			q, _ := w.inbox(topic)
			return w.sns("Subscribe", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": w.arn(q), "Attributes": pairs([]string{"RawMessageDelivery", "true"})})
		}},
	{About: "Subscribe", What: "again, with a default value", Source: snsTests + "test_subscribe_idempotency", Want: "ok",
		run: func(w *world) answer {
			topic := w.topic()
			q, _ := w.inbox(topic)
			return w.sns("Subscribe", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": w.arn(q), "Attributes": pairs([]string{"FilterPolicyScope", "MessageAttributes"})})
		}},
	{About: "GetSubscriptionAttributes", What: "FilterPolicyScope without a filter policy", Source: snsTests + "test_create_subscriptions_with_attributes", Want: "not there",
		run: func(w *world) answer {
			arn := w.subscribe(w.topic(), "FilterPolicyScope", "MessageBody").must().leaves["SubscriptionArn"]
			return saw("not there%s", w.sns("GetSubscriptionAttributes", in{"SubscriptionArn": arn}).must().attributes["FilterPolicyScope"])
		}},
	{About: "SetSubscriptionAttributes", What: "an attribute that there is not", Source: setAttributes, Want: invalidParameter, Text: "Invalid parameter: AttributeName", run: setSubscription("FakeAttribute", "x")},
	{About: "SetSubscriptionAttributes", What: "RawMessageDelivery empty", Source: setAttributes, Want: invalidParameter, Text: "Invalid parameter: RawMessageDelivery: Invalid value []. Must be true or false.", run: setSubscription("RawMessageDelivery", "")},
	{About: "SetSubscriptionAttributes", What: "a dead-letter queue that is no ARN", Source: setAttributes, Want: invalidParameter, Text: "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn", run: setSubscription("RedrivePolicy", `{"deadLetterTargetArn":"fake"}`)},
	{About: "SetSubscriptionAttributes", What: "a redrive policy that is no JSON", Source: setAttributes, Want: invalidParameter, Text: "Invalid parameter: RedrivePolicy: failed to parse JSON.", run: setSubscription("RedrivePolicy", "{invalid}")},
	{About: "SetSubscriptionAttributes", What: "a subscription that is gone", Source: snsTests + "test_not_found_error_on_set_subscription_attributes", Want: "NotFound 404", Text: "Subscription does not exist",
		run: func(w *world) answer {
			return w.sns("SetSubscriptionAttributes", in{"SubscriptionArn": w.topic() + ":2ffd2f1d-c4f2-4f4b-8c8e-000000000000", "AttributeName": "RawMessageDelivery", "AttributeValue": "true"})
		}},
	{About: "Unsubscribe", What: "an ARN of one part", Source: snsTests + "test_unsubscribe_wrong_arn_format", Want: invalidParameter, Text: "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1",
		run: func(w *world) answer { return w.sns("Unsubscribe", in{"SubscriptionArn": "randomstring"}) }},
	{About: "Unsubscribe", What: "a topic's ARN", Source: snsTests + "test_unsubscribe_wrong_arn_format", Want: invalidParameter, Text: "Invalid parameter: SubscriptionId",
		run: func(w *world) answer { return w.sns("Unsubscribe", in{"SubscriptionArn": w.topic()}) }},
	{About: "Unsubscribe", What: "again", Source: snsTests + "test_unsubscribe_idempotency", Want: "ok",
		run: func(w *world) answer {
			_, arn := w.inbox(w.topic())
			w.sns("Unsubscribe", in{"SubscriptionArn": arn}).must()
			return w.sns("Unsubscribe", in{"SubscriptionArn": arn})
		}},
	{About: "ConfirmSubscription", What: "a token that was not given", Source: snsTests + "test_sns_confirm_subscription_wrong_token", Want: invalidParameter, Text: "Invalid parameter: Token",
		run: func(w *world) answer {
			return w.sns("ConfirmSubscription", in{"TopicArn": w.topic(), "Token": strings.Repeat("5", 64)})
		}},
	{About: "ConfirmSubscription", What: "what is no token", Source: snsTests + "test_sns_confirm_subscription_wrong_token", Want: invalidParameter, Text: "Invalid token",
		run: func(w *world) answer {
			return w.sns("ConfirmSubscription", in{"TopicArn": w.topic(), "Token": "randomtoken"})
		}},
	{About: "Delivery", What: "the parts of an envelope, in order", Source: snsTests + "test_publish_sqs_verify_signature", Want: "Type MessageId TopicArn Subject Message Timestamp SignatureVersion Signature SigningCertURL UnsubscribeURL",
		run: func(w *world) answer {
			topic := w.topic()
			q, _ := w.inbox(topic)
			w.publish(topic, "m", "Subject", "s").must()
			return saw("%s", strings.Join(keys(w.receive(q, "WaitTimeSeconds", 1)[0].Body), " "))
		}},
	{About: "Delivery", What: "an envelope of a FIFO topic has no signature", Source: snsTests + "test_message_to_fifo_sqs", Want: "Type MessageId SequenceNumber TopicArn Message Timestamp UnsubscribeURL",
		run: func(w *world) answer {
			topic := w.fifoTopic("ContentBasedDeduplication", "true")
			q, _ := w.inbox(topic)
			w.publish(topic, "m", "MessageGroupId", "g").must()
			return saw("%s", strings.Join(keys(w.receive(q, "WaitTimeSeconds", 1)[0].Body), " "))
		}},
	{About: "Delivery", What: "where the queue is gone, the subscription's dead-letter queue gets the message", Source: snsTests + "test_redrive_policy_sqs_queue_subscription", Want: "[m]",
		run: func(w *world) answer {
			topic, dead := w.topic(), w.queue()
			w.admit(dead)
			w.subscribe(topic, "RawMessageDelivery", "true", "RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q}`, w.arn(dead))).must()
			w.publish(topic, "m").must()
			return saw("[%s]", bodies(w.receive(dead, "WaitTimeSeconds", 2)))
		}},
	{About: "Delivery", What: "a raw message of eleven attributes is discarded", Source: topicDoc + "sns-large-payload-raw-message-delivery.html", Want: "[]",
		run: func(w *world) answer {
			topic, all := w.topic(), in{}
			q, _ := w.inbox(topic, "RawMessageDelivery", "true")
			for i := range 11 {
				all[fmt.Sprint("a", i)] = value("String", "v")
			}
			w.publish(topic, "m", "MessageAttributes", all).must()
			return saw("[%s]", bodies(w.receive(q, "WaitTimeSeconds", 1)))
		}},
	{About: "Delivery", What: "a queue without a policy for the topic gets nothing", Source: topicDoc + "subscribe-sqs-queue-to-sns-topic.html", Want: "[]",
		run: func(w *world) answer {
			topic := w.topic()
			q, _ := w.inbox(topic)
			w.set(q, "Policy", "").must()
			w.publish(topic, "m").must()
			return saw("[%s]", bodies(w.receive(q, "WaitTimeSeconds", 1)))
		}},
}

// keys are the keys of a JSON object, in order.
func keys(object string) (names []string) {
	decoder := json.NewDecoder(strings.NewReader(object))
	depth, isKey := 0, false
	for {
		token, err := decoder.Token()
		if err != nil {
			return names
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			isKey = depth == 1
			continue
		case string:
			if depth == 1 && isKey {
				names = append(names, t)
			}
		}
		isKey = depth == 1 && !isKey
	}
}
