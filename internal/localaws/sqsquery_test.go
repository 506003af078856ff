package localaws_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// TestOlderSDKsAreSpokenTo makes the calls of botocore 1.29, which speaks the query protocol with SQS.
func TestOlderSDKsAreSpokenTo(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	handle := ""
	for _, step := range []struct {
		name, form string
		status     int
		has        []string // patterns, without the white space between elements
	}{
		{"create", "Action=CreateQueue&Version=2012-11-05&QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=7", 200,
			[]string{`<CreateQueueResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><CreateQueueResult><QueueUrl>http://localhost/000000000000/q</QueueUrl></CreateQueueResult><ResponseMetadata><RequestId>[0-9a-f-]+</RequestId>`}},
		{"list", "Action=ListQueues&Version=2012-11-05", 200, []string{`<ListQueuesResult><QueueUrl>http://localhost/000000000000/q</QueueUrl></ListQueuesResult>`}},
		{"set", "Action=SetQueueAttributes&Version=2012-11-05&QueueUrl=x/q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0", 200, []string{`<SetQueueAttributesResponse [^>]*><ResponseMetadata>`}},
		{"get", "Action=GetQueueAttributes&Version=2012-11-05&QueueUrl=x/q&AttributeName.1=VisibilityTimeout&AttributeName.2=QueueArn", 200,
			[]string{`<Attribute><Name>VisibilityTimeout</Name><Value>7</Value></Attribute>`, `<Name>QueueArn</Name><Value>arn:aws:sqs:us-east-1:000000000000:q</Value>`}},
		{"send", "Action=SendMessage&Version=2012-11-05&QueueUrl=x/q&MessageBody=a+%3C%26&DelaySeconds=0&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number&MessageAttribute.1.Value.StringValue=1&MessageAttribute.2.Name=b&MessageAttribute.2.Value.DataType=Binary&MessageAttribute.2.Value.BinaryValue=AQI%3D", 200,
			[]string{`<SendMessageResult><MD5OfMessageAttributes>[0-9a-f]{32}</MD5OfMessageAttributes><MD5OfMessageBody>`}},
		{"receive", "Action=ReceiveMessage&Version=2012-11-05&QueueUrl=x/q&MaxNumberOfMessages=10&WaitTimeSeconds=0&AttributeName.1=All&MessageAttributeName.1=All", 200,
			[]string{`<Message>.*<Body>a &lt;&amp;</Body>`, `<Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value></Attribute>`,
				`<MessageAttribute><Name>b</Name><Value><BinaryValue>AQI=</BinaryValue><DataType>Binary</DataType></Value></MessageAttribute><MessageAttribute><Name>n</Name><Value><DataType>Number</DataType><StringValue>1</StringValue></Value></MessageAttribute>`}},
		{"hide", "Action=ChangeMessageVisibility&Version=2012-11-05&QueueUrl=x/q&VisibilityTimeout=9&ReceiptHandle=HANDLE", 200, []string{`<ChangeMessageVisibilityResponse`}},
		{"delete some", "Action=DeleteMessageBatch&Version=2012-11-05&QueueUrl=x/q&DeleteMessageBatchRequestEntry.1.Id=0&DeleteMessageBatchRequestEntry.1.ReceiptHandle=HANDLE&DeleteMessageBatchRequestEntry.2.Id=1&DeleteMessageBatchRequestEntry.2.ReceiptHandle=none", 200,
			[]string{`<BatchResultErrorEntry><Code>ReceiptHandleIsInvalid</Code><Id>1</Id>.*<SenderFault>true</SenderFault></BatchResultErrorEntry>`, `<DeleteMessageBatchResultEntry><Id>0</Id></DeleteMessageBatchResultEntry>`}},
		{"send some", "Action=SendMessageBatch&Version=2012-11-05&QueueUrl=x/q&SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=x&SendMessageBatchRequestEntry.1.DelaySeconds=3&SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=k&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=String&SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=v", 200,
			[]string{`<SendMessageBatchResultEntry><Id>a</Id><MD5OfMessageAttributes>`}},
		{"receive nothing", "Action=ReceiveMessage&Version=2012-11-05&QueueUrl=x/q", 200, []string{`<ReceiveMessageResult></ReceiveMessageResult>`}},
		{"none", "Action=GetQueueUrl&Version=2012-11-05&QueueName=none", 400, []string{`<ErrorResponse xmlns="http://queue.amazonaws.com/doc/2012-11-05/"><Error><Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>`}},
		{"no number", "Action=ReceiveMessage&Version=2012-11-05&QueueUrl=x/q&WaitTimeSeconds=ten", 400, []string{`<Code>SerializationException</Code>`}},
		{"no action", "Action=Fly&Version=2012-11-05", 400, []string{`<Code>InvalidAction</Code>`}},
	} {
		t.Run(step.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "http://localhost/", strings.NewReader(strings.ReplaceAll(step.form, "HANDLE", url.QueryEscape(handle))))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
			w := httptest.NewRecorder()
			server.ServeHTTP(w, r)
			assert.Equal(t, step.status, w.Code)
			for _, pattern := range step.has {
				assert.Regexp(t, pattern, w.Body.String())
			}
			if m := regexp.MustCompile(`<ReceiptHandle>([^<]+)`).FindStringSubmatch(w.Body.String()); m != nil {
				handle = m[1]
			}
		})
	}
	assert.Equal(t, 1, server.Calls()["SendMessageBatch"])
}
