package conformance

import (
	"fmt"
	"strings"
	"time"
)

// sendTo sends bodies to a group, each with itself as its deduplication id.
func (w *world) sendTo(queue, group string, bodies ...string) {
	for _, body := range bodies {
		w.send(queue, body, "MessageGroupId", group, "MessageDeduplicationId", body).must()
	}
}

// groupAfter receives foo, bar and baz of a group with a timeout of a second, changes one's, and says what is received later.
func groupAfter(changed, seconds int) func(*world) answer {
	return func(w *world) answer {
		q := w.fifo("VisibilityTimeout", "1")
		w.sendTo(q, "1", "foo", "bar", "baz")
		all := w.receive(q)
		w.hide(q, all[changed].ReceiptHandle, seconds).must()
		w.wait(2500 * time.Millisecond)
		return saw("[%s]", inOrder(w.receive(q)))
	}
}

func inOrder(messages []message) string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Body)
	}
	return strings.Join(all, " ")
}

const extended = sqsTests + "test_fifo_group_visibility_extends_with_change_message_visibility"

var fifoCases = []Case{
	{About: "FIFO queues", What: "no group", Source: sqsTests + "test_posting_to_fifo_requires_deduplicationid_group_id", Want: missing, Text: "The request must contain the parameter MessageGroupId.",
		run: func(w *world) answer { return w.send(w.fifo(), "x") }},
	{About: "FIFO queues", What: "no deduplication id", Source: sqsTests + "test_posting_to_fifo_requires_deduplicationid_group_id", Want: invalidValue,
		Text: "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
		run:  func(w *world) answer { return w.send(w.fifo(), "x", "MessageGroupId", "g") }},
	{About: "FIFO queues", What: "an empty deduplication id", Source: sqsTests + "test_message_deduplication_id_invalid", Want: invalidValue, Text: "Value  for parameter MessageDeduplicationId is invalid.",
		run: func(w *world) answer {
			return w.send(w.fifo(), "x", "MessageGroupId", "g", "MessageDeduplicationId", "")
		}},
	{About: "FIFO queues", What: "a delay of a message's own", Source: sqsTests + "test_fifo_queue_send_message_with_delay_seconds_fails", Want: invalidValue,
		Text: "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.",
		run: func(w *world) answer {
			return w.send(w.fifo(), "x", "MessageGroupId", "g", "MessageDeduplicationId", "1", "DelaySeconds", 2)
		}},
	{About: "FIFO queues", What: "a delay of 0 means the queue's delay", Source: sqsTests + "test_fifo_queue_send_message_with_zero_delay_defaults_to_queue_delay", Want: "[] then [a]",
		run: func(w *world) answer {
			q := w.fifo("DelaySeconds", "2")
			w.send(q, "a", "MessageGroupId", "1", "MessageDeduplicationId", "1", "DelaySeconds", 0).must()
			before := bodies(w.receive(q))
			w.wait(2500 * time.Millisecond)
			return saw("[%s] then [%s]", before, bodies(w.receive(q)))
		}},
	{About: "FIFO queues", What: "ContentBasedDeduplication True, with a capital", Source: sqsTests + "test_fifo_change_to_high_throughput_after_creation", Want: "ok",
		run: func(w *world) answer {
			return w.send(w.fifo("ContentBasedDeduplication", "True"), "a", "MessageGroupId", "1")
		}},
	{About: "FIFO queues", What: "the head made visible while the tail is in flight", Source: sqsTests + "test_fifo_message_group_visibility_after_terminate_visibility_timeout", Want: "[foo]",
		run: func(w *world) answer {
			q := w.fifo()
			w.sendTo(q, "1", "foo", "bar", "baz")
			w.hide(q, w.receive(q)[0].ReceiptHandle, 0).must()
			return saw("[%s]", inOrder(w.receive(q)))
		}},
	{About: "FIFO queues", What: "the first of three stays in flight", Source: extended, Want: "[]", run: groupAfter(0, 4)},
	{About: "FIFO queues", What: "the second of three stays in flight", Source: extended, Want: "[foo]", run: groupAfter(1, 4)},
	{About: "FIFO queues", What: "the third of three stays in flight", Source: extended, Want: "[foo bar]", run: groupAfter(2, 4)},
	{About: "FIFO queues", What: "an emptied group gives out the next message", Source: sqsTests + "test_fifo_empty_message_groups_added_back_to_queue", Want: "1, none, 2",
		run: func(w *world) answer {
			q := w.fifo()
			w.sendTo(q, "g", "1")
			first := w.receive(q)
			w.delete(q, first[0].ReceiptHandle).must()
			none := bodies(w.receive(q))
			w.sendTo(q, "g", "2")
			return saw("%s, none%s, %s", bodies(first), none, bodies(w.receive(q)))
		}},
	{About: "FIFO queues", What: "DeduplicationScope messageGroup", Source: sqsTests + "test_sqs_fifo_same_dedup_id_different_message_groups", Want: "[t1 t2]",
		run: func(w *world) answer {
			q := w.fifo("DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId")
			for _, group := range []string{"1", "2"} {
				w.send(q, "t"+group, "MessageGroupId", group, "MessageDeduplicationId", "same").must()
			}
			return saw("[%s]", bodies(append(w.receive(q), w.receive(q)...)))
		}},
	{About: "FIFO queues", What: "DeduplicationScope changed later has no effect at once", Source: sqsTests + "test_fifo_change_to_high_throughput_after_creation", Want: "[t1]",
		run: func(w *world) answer {
			q := w.fifo()
			w.set(q, "DeduplicationScope", "messageGroup", "FifoThroughputLimit", "perMessageGroupId").must()
			for _, group := range []string{"1", "2"} {
				w.send(q, "t"+group, "MessageGroupId", group, "MessageDeduplicationId", "same").must()
			}
			return saw("[%s]", bodies(append(w.receive(q), w.receive(q)...)))
		}},
	{About: "FIFO queues", What: "a deduplication id counts after the message was deleted", Source: sqsTests + "test_fifo_deduplication_arrives_once_after_delete", Want: "[]",
		run: func(w *world) answer {
			q := w.fifo()
			w.sendTo(q, "1", "a")
			w.delete(q, w.receive(q)[0].ReceiptHandle).must()
			w.sendTo(q, "1", "a")
			return saw("[%s]", bodies(w.receive(q)))
		}},
	{About: "FIFO queues", What: "PurgeQueue forgets deduplication ids", Source: queueAPI + "PurgeQueue.html", Want: "[b]",
		run: func(w *world) answer {
			q := w.fifo()
			w.send(q, "a", "MessageGroupId", "1", "MessageDeduplicationId", "d").must()
			w.receive(q)
			w.sqs("PurgeQueue", in{"QueueUrl": q}).must()
			w.send(q, "b", "MessageGroupId", "1", "MessageDeduplicationId", "d").must()
			return saw("[%s]", bodies(w.receive(q)))
		}},
}

var deadLetterCases = []Case{
	{About: "Dead letters", What: "the receive count goes on", Source: queueDoc + "sqs-dead-letter-queues.html", Want: "2",
		run: func(w *world) answer {
			dead := w.queue()
			q := w.queue("RedrivePolicy", redriveTo(w.arn(dead), 1))
			w.send(q, "x").must()
			w.receive(q, "VisibilityTimeout", 0)
			w.receive(q)
			return saw("%s", w.receive(dead)[0].Attributes["ApproximateReceiveCount"])
		}},
	{About: "Dead letters", What: "a message keeps its id and tells its source", Source: sqsTests + "test_dead_letter_queue_message_attributes", Want: "same id true, source true",
		run: func(w *world) answer {
			dead := w.queue()
			q := w.queue("RedrivePolicy", redriveTo(w.arn(dead), 1))
			id := w.send(q, "x").must().out["MessageId"]
			w.receive(q, "VisibilityTimeout", 0)
			w.receive(q)
			m := w.receive(dead)[0]
			return saw("same id %v, source %v", m.MessageId == id, m.Attributes["DeadLetterQueueSourceArn"] == w.arn(q))
		}},
}

// deadLetters is a dead-letter queue with messages that failed in another.
func (w *world) deadLetters(n int) (dead, source string) {
	dead = w.queue()
	source = w.queue("RedrivePolicy", redriveTo(w.arn(dead), 1))
	for i := range n {
		w.send(source, fmt.Sprint("d", i)).must()
	}
	for range 2 {
		for len(w.receive(source, "VisibilityTimeout", 0)) > 0 { // the second receive moves them
		}
	}
	return dead, source
}

func (w *world) move(source string, more ...any) answer {
	input := in{"SourceArn": source}
	for i := 0; i < len(more); i += 2 {
		input[more[i].(string)] = more[i+1]
	}
	return w.sqs("StartMessageMoveTask", input)
}

var moveCases = []Case{
	{About: "StartMessageMoveTask", What: "while one runs", Source: moveTest + "test_start_multiple_move_tasks", Want: invalidValue,
		Text: "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
		run: func(w *world) answer {
			dead, _ := w.deadLetters(6)
			w.move(w.arn(dead), "MaxNumberOfMessagesPerSecond", 1).must()
			return w.move(w.arn(dead), "MaxNumberOfMessagesPerSecond", 1)
		}},
	{About: "StartMessageMoveTask", What: "a queue that is nobody's dead-letter queue", Source: moveTest + "test_source_needs_redrive_policy", Want: invalidValue,
		Text: "Source queue must be configured as a Dead Letter Queue.", run: func(w *world) answer { return w.move(w.arn(w.queue())) }},
	{About: "StartMessageMoveTask", What: "a destination that does not exist", Source: moveTest + "test_destination_needs_to_exist", Want: "ResourceNotFoundException 404",
		Text: "The resource that you specified for the DestinationArn parameter doesn't exist.",
		run: func(w *world) answer {
			dead, _ := w.deadLetters(0)
			return w.move(w.arn(dead), "DestinationArn", "arn:aws:sqs:us-east-1:000000000000:nope")
		}},
	{About: "StartMessageMoveTask", What: "messages go back to where they came from", Source: moveTest + "test_move_task_workflow_with_default_destination", Want: "[d0 d1]",
		run: func(w *world) answer {
			dead, source := w.deadLetters(2)
			w.move(w.arn(dead)).must()
			w.wait(2 * time.Second)
			return saw("[%s]", bodies(w.receive(source)))
		}},
	{About: "CancelMessageMoveTask", What: "a handle that is none", Source: moveTest + "test_cancel_with_invalid_task_handle", Want: invalidValue,
		Text: "Value for parameter TaskHandle is invalid.",
		run:  func(w *world) answer { return w.sqs("CancelMessageMoveTask", in{"TaskHandle": "foobared"}) }},
}
