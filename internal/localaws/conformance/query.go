package conformance

import (
	"net/http"
	"net/url"
)

// older calls SQS in the query protocol, as SDKs of before 2024 do.
func (w *world) older(action string, parameters ...string) answer {
	values := url.Values{"Action": {action}, "Version": {"2012-11-05"}}
	for i := 0; i < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	return w.form(values, "sqs")
}

// get calls SQS by a GET of a URL.
func (w *world) get(url string) answer {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	check(err)
	return w.xml(r, "sqs")
}

const botocore = "github.com/boto/botocore serialize.py (an empty list is written as an empty text)"

var queryCases = []Case{
	{About: "Query protocol", What: "ReceiveMessage, AttributeNames an empty list", Source: botocore, Want: "ok",
		run: func(w *world) answer {
			return w.older("ReceiveMessage", "QueueUrl", w.queue(), "AttributeNames", "", "MessageAttributeNames", "")
		}},
	{About: "Query protocol", What: "GetQueueAttributes, AttributeNames an empty list", Source: botocore, Want: "ok",
		run: func(w *world) answer {
			return w.older("GetQueueAttributes", "QueueUrl", w.queue(), "AttributeNames", "")
		}},
	{About: "Query protocol", What: "SendMessageBatch, Entries an empty list", Source: botocore, Want: "AWS.SimpleQueueService.EmptyBatchRequest 400",
		run: func(w *world) answer { return w.older("SendMessageBatch", "QueueUrl", w.queue(), "Entries", "") }},
	{About: "Query protocol", What: "CreateTopic, Tags an empty list", Source: botocore, Want: "ok",
		run: func(w *world) answer {
			return w.form(url.Values{"Action": {"CreateTopic"}, "Version": {"2010-03-31"}, "Name": {name()}, "Tags": {""}}, "sns")
		}},
	{About: "Query protocol", What: "a queue that does not exist", Source: sqsTests + "test_non_existent_queue", Want: "AWS.SimpleQueueService.NonExistentQueue 400",
		Text: "The specified queue does not exist for this wsdl version.", run: func(w *world) answer { return w.older("GetQueueUrl", "QueueName", name()) }},
	{About: "Query protocol", What: "a GET of a queue's URL is about the queue", Source: queueDoc + "sqs-making-api-requests-xml.html", Want: "x",
		run: func(w *world) answer {
			q, err := url.Parse(w.queue())
			check(err)
			base := w.url + q.Path
			w.get(base + "?Action=SendMessage&Version=2012-11-05&MessageBody=x").must()
			return saw("%s", w.get(base + "?Action=ReceiveMessage&Version=2012-11-05").must().leaves["Body"])
		}},
	{About: "Query protocol", What: "a queue's tags", Source: queueAPI + "ListQueueTags.html", Want: "b",
		run: func(w *world) answer {
			q := w.queue()
			w.older("TagQueue", "QueueUrl", q, "Tag.1.Key", "a", "Tag.1.Value", "b").must()
			return saw("%s", w.older("ListQueueTags", "QueueUrl", q).must().attributes["a"])
		}},
	{About: "Query protocol", What: "a trace header is sent", Source: queueAPI + "SendMessage.html", Want: "Root=1",
		run: func(w *world) answer {
			q := w.queue()
			w.older("SendMessage", "QueueUrl", q, "MessageBody", "x", "MessageSystemAttribute.1.Name", "AWSTraceHeader",
				"MessageSystemAttribute.1.Value.DataType", "String", "MessageSystemAttribute.1.Value.StringValue", "Root=1").must()
			return saw("%s", w.receive(q)[0].Attributes["AWSTraceHeader"])
		}},
}
