package conformance

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// name is a name that nothing has.
func name() string { return "c-" + uuid.NewString()[:13] }

// queue makes a queue with attributes of names and values, and returns its URL.
func (w *world) queue(attributes ...string) string {
	return w.makeQueue(name(), attributes...)
}

// fifo makes a FIFO queue.
func (w *world) fifo(attributes ...string) string {
	return w.makeQueue(name()+".fifo", append(attributes, "FifoQueue", "true")...)
}

func (w *world) makeQueue(name string, attributes ...string) string {
	return w.create(name, attributes...).must().out["QueueUrl"].(string)
}

func (w *world) create(name string, attributes ...string) answer {
	return w.sqs("CreateQueue", in{"QueueName": name, "Attributes": pairs(attributes)})
}

func pairs(texts []string) map[string]string {
	all := make(map[string]string)
	for i := 0; i < len(texts); i += 2 {
		all[texts[i]] = texts[i+1]
	}
	return all
}

func (w *world) set(queue string, attributes ...string) answer {
	return w.sqs("SetQueueAttributes", in{"QueueUrl": queue, "Attributes": pairs(attributes)})
}

func (w *world) attribute(queue, name string) string {
	a := w.sqs("GetQueueAttributes", in{"QueueUrl": queue, "AttributeNames": []string{name}}).must()
	attributes, _ := a.out["Attributes"].(map[string]any)
	value, _ := attributes[name].(string)
	return value
}

func (w *world) arn(queue string) string { return w.attribute(queue, "QueueArn") }

// send sends a message with further parameters of names and values.
func (w *world) send(queue, body string, more ...any) answer {
	input := in{"QueueUrl": queue, "MessageBody": body}
	for i := 0; i < len(more); i += 2 {
		input[more[i].(string)] = more[i+1]
	}
	return w.sqs("SendMessage", input)
}

// receive receives up to ten messages.
func (w *world) receive(queue string, more ...any) []message {
	input := in{"QueueUrl": queue, "MaxNumberOfMessages": 10, "AttributeNames": []string{"All"}, "MessageAttributeNames": []string{"All"}}
	for i := 0; i < len(more); i += 2 {
		input[more[i].(string)] = more[i+1]
	}
	a := w.sqs("ReceiveMessage", input).must()
	encoded, err := json.Marshal(a.out["Messages"])
	check(err)
	var messages []message
	check(json.Unmarshal(encoded, &messages))
	return messages
}

type message struct {
	MessageId, ReceiptHandle, Body string
	Attributes                     map[string]string
	MessageAttributes              map[string]any
}

func bodies(messages []message) string {
	var all []string
	for _, m := range messages {
		all = append(all, m.Body)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (w *world) hide(queue, handle string, seconds int) answer {
	return w.sqs("ChangeMessageVisibility", in{"QueueUrl": queue, "ReceiptHandle": handle, "VisibilityTimeout": seconds})
}

func (w *world) delete(queue, handle string) answer {
	return w.sqs("DeleteMessage", in{"QueueUrl": queue, "ReceiptHandle": handle})
}

// topic makes a topic and returns its ARN.
func (w *world) topic() string {
	return w.sns("CreateTopic", in{"Name": name()}).must().leaves["TopicArn"]
}

func (w *world) fifoTopic(attributes ...string) string {
	return w.sns("CreateTopic", in{"Name": name() + ".fifo", "Attributes": pairs(append(attributes, "FifoTopic", "true"))}).must().leaves["TopicArn"]
}

// subscribe subscribes a queue that is not there, with attributes.
func (w *world) subscribe(topic string, attributes ...string) answer {
	return w.sns("Subscribe", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:000000000000:" + name(), "Attributes": pairs(attributes)})
}

// inbox is a queue that a topic may send to and that is subscribed with attributes.
func (w *world) inbox(topic string, attributes ...string) (queue, subscription string) {
	queue = w.queue()
	if strings.HasSuffix(topic, ".fifo") {
		queue = w.fifo()
	}
	w.admit(queue)
	a := w.sns("Subscribe", in{"TopicArn": topic, "Protocol": "sqs", "Endpoint": w.arn(queue), "Attributes": pairs(attributes)}).must()
	return queue, a.leaves["SubscriptionArn"]
}

// admit lets every topic send to a queue.
func (w *world) admit(queue string) {
	w.set(queue, "Policy", `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]}`).must()
}

// wait lets time pass, virtually where the server is in the process.
func (w *world) wait(d time.Duration) { time.Sleep(d) }
