package conformance

import (
	"strconv"
	"strings"
	"time"
)

func receiveWith(parameter string, value any) func(*world) answer {
	return func(w *world) answer { return w.sqs("ReceiveMessage", in{"QueueUrl": w.queue(), parameter: value}) }
}

var receiveCases = []Case{
	{About: "ReceiveMessage", What: "eleven messages", Source: sqsTests + "test_send_receive_max_number_of_messages", Want: invalidValue,
		Text: "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", run: receiveWith("MaxNumberOfMessages", 11)},
	{About: "ReceiveMessage", What: "a wait of 21 seconds", Source: sqsTests + "test_send_receive_wait_time_seconds", Want: invalidValue,
		Text: "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", run: receiveWith("WaitTimeSeconds", 21)},
	{About: "ReceiveMessage", What: "a wait of -1 second", Source: sqsTests + "test_send_receive_wait_time_seconds", Want: invalidValue, run: receiveWith("WaitTimeSeconds", -1)},
	{About: "ReceiveMessage", What: "a system attribute that is not known", Source: queueAPI + "ReceiveMessage.html", Want: unknownName, run: receiveWith("AttributeNames", []string{"Bogus"})},
	{About: "ReceiveMessage", What: "message attributes by *, by .*, by a prefix and by name", Source: sqsTests + "test_receive_message_message_attribute_names_filters", Want: "2 2 1 1 0",
		run: func(w *world) answer {
			q, counts := w.queue("VisibilityTimeout", "0"), []string{}
			w.send(q, "x", "MessageAttributes", map[string]map[string]string{"Hello": value("String", "There"), "General": value("String", "Kenobi")}).must()
			for _, names := range []string{"*", ".*", "Hel.*", "Hello", "Help"} {
				counts = append(counts, strconv.Itoa(len(w.receive(q, "MessageAttributeNames", []string{names})[0].MessageAttributes)))
			}
			return saw("%s", strings.Join(counts, " "))
		}},
	{About: "ReceiveMessage", What: "no message", Source: sqsTests + "test_receive_empty_queue", Want: "map[]",
		run: func(w *world) answer { return saw("%v", w.sqs("ReceiveMessage", in{"QueueUrl": w.queue()}).must().out) }},
	{About: "DeleteMessage", What: "a receipt handle that is none", Source: sqsTests + "test_delete_message_with_illegal_receipt_handle", Want: "ReceiptHandleIsInvalid 404",
		Text: `The input receipt handle "garbage" is not a valid receipt handle.`,
		run:  func(w *world) answer { return w.delete(w.queue(), "garbage") }},
	{About: "DeleteMessage", What: "the receipt handle of another queue's message", Source: queueAPI + "DeleteMessage.html", Want: "ReceiptHandleIsInvalid 404",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			return w.delete(w.queue(), w.receive(q)[0].ReceiptHandle)
		}},
	{About: "DeleteMessage", What: "again", Source: queueAPI + "DeleteMessage.html", Want: "ok",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			m := w.receive(q)[0]
			w.delete(q, m.ReceiptHandle).must()
			return w.delete(q, m.ReceiptHandle)
		}},
	{About: "DeleteMessage", What: "a handle whose visibility timeout has passed, standard queue", Source: sqsTests + "test_delete_after_visibility_timeout", Want: "deleted",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			m := w.receive(q, "VisibilityTimeout", 1)[0]
			w.wait(1500 * time.Millisecond)
			w.delete(q, m.ReceiptHandle).must()
			return saw("deleted%s", bodies(w.receive(q)))
		}},
	{About: "DeleteMessage", What: "an older handle, received again since, standard queue", Source: queueAPI + "DeleteMessage.html (it succeeds, and the message is not deleted)", Want: "left: x",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			first := w.receive(q, "VisibilityTimeout", 0)[0]
			second := w.receive(q)[0]
			w.delete(q, first.ReceiptHandle).must()
			w.hide(q, second.ReceiptHandle, 0)
			return saw("left: %s", bodies(w.receive(q)))
		}},
	{About: "DeleteMessage", What: "a handle whose visibility timeout has passed, FIFO queue", Source: sqsTests + "test_fifo_delete_after_visibility_timeout", Want: invalidValue,
		Text: "Reason: The receipt handle has expired.",
		run: func(w *world) answer {
			q := w.fifo()
			w.send(q, "x", "MessageGroupId", "g", "MessageDeduplicationId", "1").must()
			m := w.receive(q, "VisibilityTimeout", 1)[0]
			w.wait(1500 * time.Millisecond)
			return w.delete(q, m.ReceiptHandle)
		}},
}

var visibilityCases = []Case{
	{About: "ChangeMessageVisibility", What: "a handle whose visibility timeout has passed, standard queue", Source: sqsTests + "test_change_message_visibility_after_visibility_timeout_expiration", Want: "ok",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			m := w.receive(q, "VisibilityTimeout", 1)[0]
			w.wait(1500 * time.Millisecond)
			return w.hide(q, m.ReceiptHandle, 2)
		}},
	{About: "ChangeMessageVisibility", What: "an older handle, while another receive holds the message, standard queue", Source: sqsTests + "test_change_message_visibility_after_visibility_timeout_expiration", Want: "visible: x",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			first := w.receive(q, "VisibilityTimeout", 0)[0]
			w.receive(q, "VisibilityTimeout", 20)
			w.hide(q, first.ReceiptHandle, 0).must()
			return saw("visible: %s", bodies(w.receive(q)))
		}},
	{About: "ChangeMessageVisibility", What: "a message that was deleted", Source: queueAPI + "ChangeMessageVisibility.html", Want: invalidValue,
		Text: "Reason: Message does not exist or is not available for visibility timeout change.",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			m := w.receive(q)[0]
			w.delete(q, m.ReceiptHandle).must()
			return w.hide(q, m.ReceiptHandle, 0)
		}},
	{About: "ChangeMessageVisibilityBatch", What: "an entry of a message that was deleted", Source: queueAPI + "ChangeMessageVisibilityBatch.html", Want: "ReceiptHandleIsInvalid",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			m := w.receive(q)[0]
			w.delete(q, m.ReceiptHandle).must()
			a := w.sqs("ChangeMessageVisibilityBatch", in{"QueueUrl": q, "Entries": []in{{"Id": "1", "ReceiptHandle": m.ReceiptHandle, "VisibilityTimeout": 1}}}).must()
			return saw("%v", a.out["Failed"].([]any)[0].(map[string]any)["Code"])
		}},
	{About: "ChangeMessageVisibility", What: "a handle that is none", Source: sqsTests + "test_invalid_receipt_handle_should_return_error_message", Want: "ReceiptHandleIsInvalid 404",
		run: func(w *world) answer { return w.hide(w.queue(), "INVALID", 60) }},
	{About: "ChangeMessageVisibility", What: "twelve hours, soon after the receive", Source: queueAPI + "ChangeMessageVisibility.html", Want: "ok",
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			m := w.receive(q)[0]
			w.wait(100 * time.Millisecond)
			return w.hide(q, m.ReceiptHandle, 43_200)
		}},
	{About: "ChangeMessageVisibility", What: "more than twelve hours", Source: queueAPI + "ChangeMessageVisibility.html", Want: invalidValue,
		run: func(w *world) answer {
			q := w.queue()
			w.send(q, "x").must()
			return w.hide(q, w.receive(q)[0].ReceiptHandle, 43_201)
		}},
}
