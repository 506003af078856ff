package conformance

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// world is a server as a row asks it: by the bytes of the protocols, without an SDK that would check first.
type world struct {
	client *http.Client
	url    string
}

// in is the input of a call.
type in map[string]any

// answer is what came back.
type answer struct {
	status        int
	code, message string
	out           map[string]any    // of SQS
	leaves        map[string]string // of XML: the first text of each element
	attributes    map[string]string // of XML
	seen          string            // instead, where a row is about an outcome
}

// saw is an outcome.
func saw(format string, args ...any) answer { return answer{seen: fmt.Sprintf(format, args...)} }

func (a answer) String() string {
	switch {
	case a.seen != "":
		return a.seen
	case a.status == http.StatusOK:
		return "ok"
	}
	return fmt.Sprintf("%s %d", a.code, a.status)
}

// must is the answer of a call that a row needs.
func (a answer) must() answer {
	if a.String() != "ok" {
		panic(a.String() + ": " + a.message)
	}
	return a
}

func contains(message, text string) bool { return strings.Contains(message, text) }

// sqs calls SQS in AWS JSON.
func (w *world) sqs(operation string, input in) answer {
	body, err := json.Marshal(input)
	check(err)
	r, err := http.NewRequest(http.MethodPost, w.url, bytes.NewReader(body))
	check(err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AmazonSQS."+operation)
	response, text := w.do(r, "sqs")
	a := answer{status: response.StatusCode}
	_ = json.Unmarshal(text, &a.out) // some answers have no body
	if a.status != http.StatusOK {
		a.code, _, _ = strings.Cut(response.Header.Get("x-amzn-query-error"), ";")
		a.message, _ = a.out["message"].(string)
	}
	return a
}

// sns calls SNS in the query protocol.
func (w *world) sns(operation string, input in) answer {
	values := url.Values{"Action": {operation}, "Version": {"2010-03-31"}}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		flatten(values, name, input[name])
	}
	return w.form(values, "sns")
}

// form posts a form.
func (w *world) form(values url.Values, service string) answer {
	r, err := http.NewRequest(http.MethodPost, w.url, strings.NewReader(values.Encode()))
	check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return w.xml(r, service)
}

func (w *world) xml(r *http.Request, service string) answer {
	response, text := w.do(r, service)
	a := answer{status: response.StatusCode, leaves: map[string]string{}, attributes: map[string]string{}}
	a.read(text)
	if a.status != http.StatusOK {
		a.code, a.message = a.leaves["Code"], a.leaves["Message"]
	}
	return a
}

func (a *answer) read(text []byte) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	key, last := "", ""
	for {
		token, err := decoder.Token()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.CharData:
			last = string(t)
		case xml.StartElement:
			last = ""
		case xml.EndElement:
			name := t.Name.Local
			if _, ok := a.leaves[name]; !ok {
				a.leaves[name] = last
			}
			switch name {
			case "key", "Name", "Key":
				key = last
			case "value", "Value":
				a.attributes[key] = last
			}
		}
	}
}

// do sends a request that looks signed.
func (w *world) do(r *http.Request, service string) (*http.Response, []byte) {
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	response, err := w.client.Do(r)
	check(err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	return response, text
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// flatten writes a value as the query protocol of SNS has it.
func flatten(values url.Values, name string, value any) {
	switch v := value.(type) {
	case map[string]string:
		for i, key := range slices.Sorted(maps.Keys(v)) {
			values.Set(fmt.Sprintf("%s.entry.%d.key", name, i+1), key)
			values.Set(fmt.Sprintf("%s.entry.%d.value", name, i+1), v[key])
		}
	case in: // attributes of a message
		for i, key := range slices.Sorted(maps.Keys(v)) {
			values.Set(fmt.Sprintf("%s.entry.%d.Name", name, i+1), key)
			for field, text := range v[key].(map[string]string) {
				values.Set(fmt.Sprintf("%s.entry.%d.Value.%s", name, i+1, field), text)
			}
		}
	case []in:
		if len(v) == 0 {
			values.Set(name, "") // as older SDKs write an empty list
		}
		for i, item := range v {
			for field, inner := range item {
				flatten(values, fmt.Sprintf("%s.member.%d.%s", name, i+1, field), inner)
			}
		}
	case []string:
		for i, item := range v {
			values.Set(fmt.Sprintf("%s.member.%d", name, i+1), item)
		}
	default:
		values.Set(name, fmt.Sprint(v))
	}
}

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
