package conformance

import (
	"fmt"
	"strings"
	"time"
)

// created makes a queue with attributes; fifo is the end of its name.
func created(fifo string, attributes ...string) func(*world) answer {
	return func(w *world) answer { return w.create(name()+fifo, attributes...) }
}

const unknownName = "InvalidAttributeName 400"

var queueCases = []Case{
	{About: "CreateQueue", What: "FifoQueue True, with a capital", Source: sqsTests + "test_fifo_change_to_high_throughput_after_creation", Want: "ok", run: created(".fifo", "FifoQueue", "True")},
	{About: "CreateQueue", What: "FifoQueue false, for a standard queue", Source: sqsTests + "test_create_standard_queue_with_fifo_attribute_raises_error", Want: unknownName,
		Text: "Unknown Attribute FifoQueue.", run: created("", "FifoQueue", "false")},
	{About: "CreateQueue", What: "ContentBasedDeduplication, for a standard queue", Source: sqsTests + "test_create_standard_queue_with_fifo_attribute_raises_error", Want: unknownName,
		Text: "Unknown Attribute ContentBasedDeduplication.", run: created("", "ContentBasedDeduplication", "false")},
	{About: "CreateQueue", What: "DeduplicationScope, for a standard queue", Source: sqsTests + "test_create_standard_queue_with_fifo_attribute_raises_error", Want: unknownName,
		Text: "You can specify the DeduplicationScope only when FifoQueue is set to true.", run: created("", "DeduplicationScope", "queue")},
	{About: "CreateQueue", What: "FifoThroughputLimit, for a standard queue", Source: sqsTests + "test_create_standard_queue_with_fifo_attribute_raises_error", Want: unknownName,
		Text: "You can specify the FifoThroughputLimit only when FifoQueue is set to true.", run: created("", "FifoThroughputLimit", "perQueue")},
	{About: "CreateQueue", What: "FifoQueue true, without .fifo in the name", Source: sqsTests + "test_fifo_queue_requires_suffix", Want: invalidValue, run: created("", "FifoQueue", "true")},
	{About: "CreateQueue", What: ".fifo in the name, without FifoQueue", Source: sqsTests + "test_standard_queue_cannot_have_fifo_suffix", Want: invalidValue, run: created(".fifo")},
	{About: "CreateQueue", What: "a name with a slash", Source: sqsTests + "test_disallow_queue_name_with_slashes", Want: invalidValue,
		run: func(w *world) answer { return w.create("queue/" + name()) }},
	{About: "CreateQueue", What: "a name of 81 characters", Source: queueAPI + "CreateQueue.html", Want: invalidValue,
		run: func(w *world) answer { return w.create(strings.Repeat("q", 81)) }},
	{About: "CreateQueue", What: "again, with another attribute", Source: sqsTests + "test_create_queue_with_different_attributes_raises_exception", Want: "QueueAlreadyExists 400",
		Text: "A queue already exists with the same name and a different value for attribute DelaySeconds",
		run: func(w *world) answer {
			n := name()
			w.makeQueue(n, "DelaySeconds", "1")
			return w.create(n, "DelaySeconds", "2")
		}},
	{About: "CreateQueue", What: "again, with the same attributes", Source: queueAPI + "CreateQueue.html", Want: "ok",
		run: func(w *world) answer {
			n := name()
			w.makeQueue(n, "DelaySeconds", "1")
			return w.create(n, "DelaySeconds", "1")
		}},
	{About: "CreateQueue", What: "a dead-letter queue that does not exist", Source: queueAPI + "CreateQueue.html", Want: "AWS.SimpleQueueService.NonExistentQueue 400",
		run: created("", "RedrivePolicy", redriveTo("arn:aws:sqs:us-east-1:000000000000:nope", 2))},
	{About: "CreateQueue", What: "a dead-letter queue that is no ARN", Source: sqsTests + "test_invalid_dead_letter_arn_rejected_before_lookup", Want: invalidValue,
		run: created("", "RedrivePolicy", redriveTo("dummy", 42))},
	{About: "CreateQueue", What: "encryption by SQS and by KMS", Source: queueAPI + "CreateQueue.html", Want: "InvalidAttributeValue 400",
		run: created("", "KmsMasterKeyId", "x", "SqsManagedSseEnabled", "true")},
	{About: "SetQueueAttributes", What: "encryption by SQS and by KMS", Source: sqsTests + "test_sse_kms_and_sqs_are_mutually_exclusive", Want: unknownName,
		Text: "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
		run:  func(w *world) answer { return w.set(w.queue(), "KmsMasterKeyId", "x", "SqsManagedSseEnabled", "true") }},
	{About: "SetQueueAttributes", What: "a key of KMS ends SQS's own encryption", Source: sqsTests + "test_sse_queue_attributes", Want: "false",
		run: func(w *world) answer {
			q := w.queue()
			w.set(q, "KmsMasterKeyId", "testKeyId").must()
			return saw("%s", w.attribute(q, "SqsManagedSseEnabled"))
		}},
	{About: "SetQueueAttributes", What: "FifoQueue false, for a FIFO queue", Source: sqsTests + "test_set_unsupported_attribute_fifo", Want: "InvalidAttributeValue 400",
		Text: "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
		run:  func(w *world) answer { return w.set(w.fifo(), "FifoQueue", "false") }},
	{About: "SetQueueAttributes", What: "FifoQueue, for a standard queue", Source: sqsTests + "test_set_unsupported_attribute_standard", Want: unknownName, Text: "Unknown Attribute FifoQueue.",
		run: func(w *world) answer { return w.set(w.queue(), "FifoQueue", "true") }},
	{About: "SetQueueAttributes", What: "the other kind of queue for dead letters", Source: queueDoc + "sqs-dead-letter-queues.html", Want: invalidValue,
		run: func(w *world) answer { return w.set(w.queue(), "RedrivePolicy", redriveTo(w.arn(w.fifo()), 2)) }},
	{About: "SetQueueAttributes", What: "a dead-letter queue that allows no source", Source: queueAPI + "SetQueueAttributes.html", Want: invalidValue,
		run: func(w *world) answer {
			dead := w.queue("RedriveAllowPolicy", `{"redrivePermission":"denyAll"}`)
			return w.set(w.queue(), "RedrivePolicy", redriveTo(w.arn(dead), 2))
		}},
	{About: "SetQueueAttributes", What: "a redrive policy without maxReceiveCount", Source: sqsTests + "test_redrive_policy_attribute_validity", Want: invalidValue,
		run: func(w *world) answer {
			return w.set(w.queue(), "RedrivePolicy", fmt.Sprintf(`{"deadLetterTargetArn":%q}`, w.arn(w.queue())))
		}},
	{About: "SetQueueAttributes", What: "an empty redrive policy removes it", Source: sqsTests + "test_set_empty_redrive_policy", Want: "none",
		run: func(w *world) answer {
			q := w.queue("RedrivePolicy", redriveTo(w.arn(w.queue()), 2))
			w.set(q, "RedrivePolicy", "").must()
			return saw("none%s", w.attribute(q, "RedrivePolicy"))
		}},
	{About: "SetQueueAttributes", What: "FifoThroughputLimit perMessageGroupId, with deduplication ids of the queue", Source: queueAPI + "SetQueueAttributes.html", Want: "InvalidAttributeValue 400",
		run: func(w *world) answer { return w.set(w.fifo(), "FifoThroughputLimit", "perMessageGroupId") }},
	{About: "PurgeQueue", What: "twice in a minute", Source: sqsTests + "test_successive_purge_calls_fail", Want: "AWS.SimpleQueueService.PurgeQueueInProgress 403",
		Text: "is allowed every 60 seconds.",
		run: func(w *world) answer {
			q := w.queue()
			w.sqs("PurgeQueue", in{"QueueUrl": q}).must()
			return w.sqs("PurgeQueue", in{"QueueUrl": q})
		}},
	{About: "DeleteQueue", What: "then CreateQueue within a minute", Source: sqsTests + "test_create_queue_recently_deleted", Want: "AWS.SimpleQueueService.QueueDeletedRecently 400",
		Text: "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
		run:  func(w *world) answer { return w.recreate(0) }},
	{About: "DeleteQueue", What: "then CreateQueue after a minute", Source: queueAPI + "DeleteQueue.html", Want: "ok", run: func(w *world) answer { return w.recreate(61 * time.Second) }},
	{About: "TagQueue", What: "tags are listed, and removed by key", Source: sqsTests + "test_tag_untag_queue", Want: "map[a:1 b:] map[b:]",
		run: func(w *world) answer {
			q := w.queue()
			tags := func() any { return w.sqs("ListQueueTags", in{"QueueUrl": q}).must().out["Tags"] }
			w.sqs("TagQueue", in{"QueueUrl": q, "Tags": map[string]string{"a": "1", "b": ""}}).must()
			before := tags()
			w.sqs("UntagQueue", in{"QueueUrl": q, "TagKeys": []string{"a"}}).must()
			return saw("%v %v", before, tags())
		}},
	{About: "AddPermission", What: "the policy that it makes", Source: sqsTests + "test_sqs_permission_lifecycle", Want: "ok",
		run: func(w *world) answer {
			q := w.queue()
			w.permit(q, "label").must()
			arn, got := w.arn(q), w.attribute(q, "Policy")
			want := fmt.Sprintf(`{"Version":"2008-10-17","Id":"%s/SQSDefaultPolicy","Statement":[{"Sid":"label","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"SQS:ReceiveMessage","Resource":"%s"}]}`, arn, arn)
			if got != want {
				return saw("%s", got)
			}
			return saw("ok")
		}},
	{About: "AddPermission", What: "a label twice", Source: sqsTests + "test_sqs_permission_lifecycle", Want: invalidValue, Text: "Value label for parameter Label is invalid. Reason: Already exists.",
		run: func(w *world) answer {
			q := w.queue()
			w.permit(q, "label").must()
			return w.permit(q, "label")
		}},
	{About: "RemovePermission", What: "a label that is not there", Source: sqsTests + "test_sqs_permission_lifecycle", Want: invalidValue,
		Text: "Value label for parameter Label is invalid. Reason: can't find label.",
		run:  func(w *world) answer { return w.sqs("RemovePermission", in{"QueueUrl": w.queue(), "Label": "label"}) }},
	{About: "ListDeadLetterSourceQueues", What: "the queues whose dead letters go there", Source: queueAPI + "ListDeadLetterSourceQueues.html", Want: "the source",
		run: func(w *world) answer {
			dead := w.queue()
			source := w.queue("RedrivePolicy", redriveTo(w.arn(dead), 2))
			urls := w.sqs("ListDeadLetterSourceQueues", in{"QueueUrl": dead}).must().out["queueUrls"].([]any)
			if len(urls) == 1 && urls[0] == source {
				return saw("the source")
			}
			return saw("%v", urls)
		}},
}

func redriveTo(arn string, n int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, arn, n)
}

func (w *world) recreate(after time.Duration) answer {
	n := name()
	w.sqs("DeleteQueue", in{"QueueUrl": w.makeQueue(n)}).must()
	w.wait(after)
	return w.create(n)
}

func (w *world) permit(queue, label string) answer {
	return w.sqs("AddPermission", in{"QueueUrl": queue, "Label": label, "AWSAccountIds": []string{"111111111111"}, "Actions": []string{"ReceiveMessage"}})
}
