package localaws_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// These scenarios run through the SDK against localaws and against fauxqs, which others wrote. What
// is expected is what the documentation of AWS says; where fauxqs does otherwise, the scenario says so
// and who is right. A difference that is listed and no longer there fails the test.

// scene is a queue of a server, and what was seen of it.
type scene struct {
	t    *testing.T
	api  *sqs.Client
	url  string
	seen []string
}

func (s *scene) saw(format string, args ...any) {
	s.seen = append(s.seen, fmt.Sprintf(format, args...))
}

// sawError notes an error by code and status, or "ok".
func (s *scene) sawError(what string, err error) {
	var api smithy.APIError
	var response *awshttp.ResponseError
	switch {
	case err == nil:
		s.saw("%s: ok", what)
	case errors.As(err, &api) && errors.As(err, &response):
		s.saw("%s: %s %d", what, api.ErrorCode(), response.HTTPStatusCode())
	default:
		s.saw("%s: %v", what, err)
	}
}

func (s *scene) send(body string, change ...func(*sqs.SendMessageInput)) *sqs.SendMessageOutput {
	in := &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: &body}
	for _, f := range change {
		f(in)
	}
	out, err := s.api.SendMessage(s.t.Context(), in)
	if err != nil {
		s.sawError("send "+body, err)
		return &sqs.SendMessageOutput{}
	}
	return out
}

func inGroup(group, dedup string) func(*sqs.SendMessageInput) {
	return func(in *sqs.SendMessageInput) { in.MessageGroupId, in.MessageDeduplicationId = &group, &dedup }
}

// receive makes one receive of up to ten messages, waiting up to wait seconds.
func (s *scene) receive(wait int32, change ...func(*sqs.ReceiveMessageInput)) []types.Message {
	in := &sqs.ReceiveMessageInput{QueueUrl: &s.url, MaxNumberOfMessages: 10, WaitTimeSeconds: wait,
		MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"}}
	for _, f := range change {
		f(in)
	}
	out, err := s.api.ReceiveMessage(s.t.Context(), in)
	if err != nil {
		s.sawError("receive", err)
		return nil
	}
	return out.Messages
}

func atMost(n int32) func(*sqs.ReceiveMessageInput) {
	return func(in *sqs.ReceiveMessageInput) { in.MaxNumberOfMessages = n }
}

func bodies(messages []types.Message) string {
	var texts []string
	for _, m := range messages {
		texts = append(texts, *m.Body)
	}
	return strings.Join(texts, " ")
}

func (s *scene) delete(handle *string) error {
	_, err := s.api.DeleteMessage(s.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &s.url, ReceiptHandle: handle})
	return err
}

func (s *scene) change(handle *string, seconds int32) error {
	_, err := s.api.ChangeMessageVisibility(s.t.Context(), &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &s.url, ReceiptHandle: handle, VisibilityTimeout: seconds})
	return err
}

type scenario struct {
	name       string
	attributes map[string]string
	fifo       bool
	run        func(s *scene)
	want       []string
	fauxqs     []string // what fauxqs does instead, nil where it does the same
	right      string   // who is right, and why
}

var scenarios = []scenario{
	{
		name: "a message is sent, received and deleted",
		run: func(s *scene) {
			sent := s.send("hello")
			got := s.receive(1)
			require.Len(s.t, got, 1)
			s.saw("same id %v, md5 %s", *got[0].MessageId == *sent.MessageId, *got[0].MD5OfBody)
			s.saw("count %s", got[0].Attributes["ApproximateReceiveCount"])
			s.sawError("delete", s.delete(got[0].ReceiptHandle))
			s.sawError("delete again", s.delete(got[0].ReceiptHandle))
			s.saw("left %q", bodies(s.receive(0)))
		},
		want: []string{"same id true, md5 5d41402abc4b2a76b9719d911017c592", "count 1", "delete: ok", "delete again: ok", `left ""`},
	},
	{
		name: "attributes come back with the digest that the SDK checks",
		run: func(s *scene) {
			s.send("x", func(in *sqs.SendMessageInput) {
				in.MessageAttributes = map[string]types.MessageAttributeValue{
					"b": {DataType: aws.String("Binary.png"), BinaryValue: []byte{1, 2}},
					"n": {DataType: aws.String("Number.int"), StringValue: aws.String("5")},
					"s": {DataType: aws.String("String"), StringValue: aws.String("é")},
				}
			})
			m := s.receive(1)[0]
			for _, name := range slices.Sorted(maps.Keys(m.MessageAttributes)) {
				v := m.MessageAttributes[name]
				s.saw("%s %s %s %v", name, *v.DataType, aws.ToString(v.StringValue), v.BinaryValue)
			}
			s.saw("md5 %s", *m.MD5OfMessageAttributes)
		},
		want: []string{"b Binary.png  [1 2]", "n Number.int 5 []", "s String é []", "md5 412c35bbd2f736d50ccc6f834ee21b2a"},
	},
	{
		name: "attributes are given out by name and by prefix",
		run: func(s *scene) {
			text := func(t string) types.MessageAttributeValue {
				return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &t}
			}
			s.send("x", func(in *sqs.SendMessageInput) {
				in.MessageAttributes = map[string]types.MessageAttributeValue{"a.one": text("1"), "a.two": text("2"), "b": text("3")}
			})
			for _, names := range [][]string{{"b"}, {"a.*"}, nil, {"All"}} {
				m := s.receive(1, func(in *sqs.ReceiveMessageInput) { in.MessageAttributeNames = names })[0]
				s.saw("%v: %v", names, slices.Sorted(maps.Keys(m.MessageAttributes)))
				require.NoError(s.t, s.change(m.ReceiptHandle, 0))
			}
		},
		want:   []string{"[b]: [b]", "[a.*]: [a.one a.two]", "[]: []", "[All]: [a.one a.two b]"},
		fauxqs: []string{"[b]: [b]", "[a.*]: [a.one a.two]", "[]: [a.one a.two b]", "[All]: [a.one a.two b]"},
		right:  "localaws: no attributes are returned where no names are asked for; fauxqs returns all",
	},
	{
		name: "a long poll returns as soon as a message arrives",
		run: func(s *scene) {
			began := time.Now()
			sent := make(chan struct{})
			time.AfterFunc(200*time.Millisecond, func() { s.send("late"); close(sent) })
			s.saw("got %q", bodies(s.receive(10)))
			<-sent
			s.saw("soon %v", time.Since(began) < 5*time.Second)
		},
		want: []string{`got "late"`, "soon true"},
	},
	{
		name:       "a message that is not deleted comes back after its visibility timeout",
		attributes: map[string]string{"VisibilityTimeout": "1"},
		run: func(s *scene) {
			s.send("x")
			first := s.receive(1)
			s.saw("hidden %q", bodies(s.receive(0)))
			second := s.receive(5)
			s.saw("again %q, count %s, same handle %v", bodies(second), second[0].Attributes["ApproximateReceiveCount"],
				*first[0].ReceiptHandle == *second[0].ReceiptHandle)
		},
		want: []string{`hidden ""`, `again "x", count 2, same handle false`},
	},
	{
		name:       "deleting with an older receipt handle succeeds and the message stays",
		attributes: map[string]string{"VisibilityTimeout": "1"},
		run: func(s *scene) {
			s.send("x")
			first := s.receive(1)
			second := s.receive(5)
			s.sawError("delete with the older", s.delete(first[0].ReceiptHandle))
			s.sawError("hide with the older", s.change(first[0].ReceiptHandle, 1))
			s.sawError("show with the newer", s.change(second[0].ReceiptHandle, 0))
			s.saw("still there %q", bodies(s.receive(2)))
		},
		want:   []string{"delete with the older: ok", "hide with the older: ok", "show with the newer: ok", `still there "x"`},
		fauxqs: []string{"delete with the older: ok", "hide with the older: AWS.SimpleQueueService.MessageNotInflight 400", "show with the newer: ok", "still there \"x\""},
		right:  "localaws: AWS was recorded to take a handle whose visibility timeout has passed; fauxqs takes the newest only",
	},
	{
		name: "a visibility timeout can be changed while a message is in flight",
		run: func(s *scene) {
			s.send("x")
			m := s.receive(1)[0]
			s.sawError("show", s.change(m.ReceiptHandle, 0))
			m = s.receive(1)[0]
			s.saw("count %s", m.Attributes["ApproximateReceiveCount"])
			s.sawError("too long", s.change(m.ReceiptHandle, 43_201))
			s.sawError("no handle", s.change(aws.String("nonsense"), 1))
			s.sawError("delete no handle", s.delete(aws.String("nonsense")))
			s.sawError("delete", s.delete(m.ReceiptHandle))
			s.sawError("change what is gone", s.change(m.ReceiptHandle, 1))
		},
		want: []string{"show: ok", "count 2", "too long: InvalidParameterValue 400", "no handle: ReceiptHandleIsInvalid 404",
			"delete no handle: ReceiptHandleIsInvalid 404", "delete: ok", "change what is gone: InvalidParameterValue 400"},
		fauxqs: []string{"show: ok", "count 2", "too long: AWS.SimpleQueueService.InvalidParameterValue 400", "no handle: AWS.SimpleQueueService.MessageNotInflight 400", "delete no handle: ok", "delete: ok", "change what is gone: AWS.SimpleQueueService.MessageNotInflight 400"},
		right:  "localaws: a handle that is none is ReceiptHandleIsInvalid, and the codes without an awsQueryError of their own have no prefix; what a change of a deleted message is called is documented for neither",
	},
	{
		name: "a delayed message is not received before its time",
		run: func(s *scene) {
			s.send("later", func(in *sqs.SendMessageInput) { in.DelaySeconds = 1 })
			s.saw("now %q", bodies(s.receive(0)))
			s.saw("then %q", bodies(s.receive(5)))
			s.send("never", func(in *sqs.SendMessageInput) { in.DelaySeconds = 901 })
		},
		want:   []string{`now ""`, `then "later"`, "send never: InvalidParameterValue 400"},
		fauxqs: []string{"now \"\"", "then \"later\""},
		right:  "localaws: the delay is 0 to 900; fauxqs takes any",
	},
	{
		name: "a message that was received too often goes to the dead-letter queue",
		run: func(s *scene) {
			dead, err := s.api.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")})
			require.NoError(s.t, err)
			out, err := s.api.GetQueueAttributes(s.t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: dead.QueueUrl, AttributeNames: []types.QueueAttributeName{"QueueArn"}})
			require.NoError(s.t, err)
			_, err = s.api.SetQueueAttributes(s.t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.url, Attributes: map[string]string{
				"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":"2"}`, out.Attributes["QueueArn"])}})
			s.sawError("set", err)
			s.send("poison")
			for range 3 {
				got := s.receive(0)
				s.saw("got %q", bodies(got))
				for _, m := range got {
					require.NoError(s.t, s.change(m.ReceiptHandle, 0))
				}
			}
			s.url = *dead.QueueUrl
			s.saw("dead %q", bodies(s.receive(1)))
		},
		want: []string{"set: ok", `got "poison"`, `got "poison"`, `got ""`, `dead "poison"`},
	},
	{
		name: "a batch fails entry by entry",
		run: func(s *scene) {
			s.send("x")
			m := s.receive(1)[0]
			out, err := s.api.DeleteMessageBatch(s.t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &s.url, Entries: []types.DeleteMessageBatchRequestEntry{
				{Id: aws.String("good"), ReceiptHandle: m.ReceiptHandle}, {Id: aws.String("bad"), ReceiptHandle: aws.String("nonsense")}}})
			require.NoError(s.t, err)
			for _, e := range out.Successful {
				s.saw("%s ok", *e.Id)
			}
			for _, e := range out.Failed {
				s.saw("%s %s %v", *e.Id, *e.Code, e.SenderFault)
			}
			changed, err := s.api.ChangeMessageVisibilityBatch(s.t.Context(), &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &s.url,
				Entries: []types.ChangeMessageVisibilityBatchRequestEntry{{Id: aws.String("gone"), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 1}}})
			require.NoError(s.t, err)
			for _, e := range changed.Failed {
				s.saw("%s %s %v", *e.Id, *e.Code, e.SenderFault)
			}
		},
		want:   []string{"good ok", "bad ReceiptHandleIsInvalid true", "gone ReceiptHandleIsInvalid true"},
		fauxqs: []string{"good ok", "bad ok", "gone ReceiptHandleIsInvalid true"},
		right:  "localaws: an entry with a handle that is none fails; fauxqs calls it deleted",
	},
	{
		name: "a batch that is wrong in itself is refused whole",
		run: func(s *scene) {
			batch := func(ids ...string) error {
				entries := []types.SendMessageBatchRequestEntry{}
				for _, id := range ids {
					entries = append(entries, types.SendMessageBatchRequestEntry{Id: &id, MessageBody: aws.String("x")})
				}
				_, err := s.api.SendMessageBatch(s.t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &s.url, Entries: entries})
				return err
			}
			s.sawError("empty", batch())
			s.sawError("same ids", batch("a", "a"))
			s.sawError("bad id", batch("a b"))
			s.sawError("eleven", batch("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"))
			s.sawError("ten", batch("1", "2", "3", "4", "5", "6", "7", "8", "9", "10"))
		},
		want: []string{"empty: AWS.SimpleQueueService.EmptyBatchRequest 400", "same ids: AWS.SimpleQueueService.BatchEntryIdsNotDistinct 400",
			"bad id: AWS.SimpleQueueService.InvalidBatchEntryId 400", "eleven: AWS.SimpleQueueService.TooManyEntriesInBatchRequest 400", "ten: ok"},
	},
	{
		name: "what cannot be sent is refused",
		run: func(s *scene) {
			s.send("a\x01")
			s.sawError("empty type", func() error {
				_, err := s.api.SendMessage(s.t.Context(), &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String("x"),
					MessageAttributes: map[string]types.MessageAttributeValue{"a": {DataType: aws.String("Bool"), StringValue: aws.String("x")}}})
				return err
			}())
			_, err := s.api.SendMessage(s.t.Context(), &sqs.SendMessageInput{QueueUrl: &s.url, MessageBody: aws.String(strings.Repeat("x", 1<<20+1))})
			s.sawError("too long", err)
		},
		want:   []string{"send a\x01: InvalidMessageContents 400", "empty type: InvalidParameterValue 400", "too long: InvalidParameterValue 400"},
		fauxqs: []string{"send a\x01: AWS.SimpleQueueService.InvalidMessageContents 400", "empty type: ok", "too long: AWS.SimpleQueueService.InvalidParameterValue 400"},
		right:  "localaws: data types are String, Number and Binary; fauxqs takes any, and prefixes the codes",
	},
	{
		name: "a queue that does not exist is said to",
		run: func(s *scene) {
			_, err := s.api.GetQueueUrl(s.t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("none")})
			s.sawError("url", err)
			s.url += "-none"
			s.receive(0)
			s.send("x")
		},
		want: []string{"url: AWS.SimpleQueueService.NonExistentQueue 400", "receive: AWS.SimpleQueueService.NonExistentQueue 400",
			"send x: AWS.SimpleQueueService.NonExistentQueue 400"},
	},
	{
		name: "queues are made, listed and deleted",
		run: func(s *scene) {
			ctx := s.t.Context()
			_, err := s.api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a-1"), Attributes: map[string]string{"VisibilityTimeout": "7"}})
			s.sawError("create", err)
			_, err = s.api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a-1"), Attributes: map[string]string{"VisibilityTimeout": "7"}})
			s.sawError("the same again", err)
			_, err = s.api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a-1"), Attributes: map[string]string{"VisibilityTimeout": "8"}})
			s.sawError("another", err)
			_, err = s.api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a b")})
			s.sawError("bad name", err)
			out, err := s.api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("a-2")})
			require.NoError(s.t, err)
			list, err := s.api.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("a-")})
			require.NoError(s.t, err)
			s.saw("listed %d", len(list.QueueUrls))
			_, err = s.api.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: out.QueueUrl})
			s.sawError("delete", err)
			list, err = s.api.ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("a-")})
			require.NoError(s.t, err)
			s.saw("listed %d", len(list.QueueUrls))
		},
		want:   []string{"create: ok", "the same again: ok", "another: QueueAlreadyExists 400", "bad name: InvalidParameterValue 400", "listed 2", "delete: ok", "listed 1"},
		fauxqs: []string{"create: ok", "the same again: ok", "another: AWS.SimpleQueueService.QueueNameExists 400", "bad name: ok", "listed 2", "delete: ok", "listed 1"},
		right:  "localaws: QueueNameExists is QueueAlreadyExists in the query protocol's codes, and names have no spaces; fauxqs makes up a code and takes any name",
	},
	{
		name: "attributes of a queue are read and changed",
		run: func(s *scene) {
			ctx := s.t.Context()
			set := func(name, value string) error {
				_, err := s.api.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &s.url, Attributes: map[string]string{name: value}})
				return err
			}
			s.sawError("set", set("VisibilityTimeout", "11"))
			s.sawError("out of range", set("VisibilityTimeout", "43201"))
			s.sawError("unknown", set("Colour", "red"))
			s.send("a")
			s.send("b")
			s.send("c", func(in *sqs.SendMessageInput) { in.DelaySeconds = 100 })
			s.receive(1, atMost(1))
			out, err := s.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &s.url, AttributeNames: []types.QueueAttributeName{"All"}})
			require.NoError(s.t, err)
			for _, name := range []string{"VisibilityTimeout", "DelaySeconds", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
				s.saw("%s %s", name, out.Attributes[name])
			}
			_, err = s.api.PurgeQueue(ctx, &sqs.PurgeQueueInput{QueueUrl: &s.url})
			s.sawError("purge", err)
			s.saw("left %q", bodies(s.receive(0)))
		},
		want: []string{"set: ok", "out of range: InvalidAttributeValue 400", "unknown: InvalidAttributeName 400", "VisibilityTimeout 11", "DelaySeconds 0",
			"ApproximateNumberOfMessages 1", "ApproximateNumberOfMessagesNotVisible 1", "ApproximateNumberOfMessagesDelayed 1", "purge: ok", `left ""`},
		fauxqs: []string{"set: ok", "out of range: AWS.SimpleQueueService.InvalidAttributeValue 400", "unknown: AWS.SimpleQueueService.InvalidAttributeName 400", "VisibilityTimeout 11", "DelaySeconds 0", "ApproximateNumberOfMessages 1", "ApproximateNumberOfMessagesNotVisible 1", "ApproximateNumberOfMessagesDelayed 1", "purge: ok", "left \"\""},
		right:  "localaws: the codes have no prefix",
	},
	{
		name: "a FIFO queue keeps the order of a group and holds it while one is in flight",
		fifo: true,
		run: func(s *scene) {
			for i := range 4 {
				s.send("a"+strconv.Itoa(i), inGroup("a", "a"+strconv.Itoa(i)))
			}
			s.send("b0", inGroup("b", "b0"))
			first := s.receive(1, atMost(2))
			s.saw("first %q", bodies(first))
			second := s.receive(1)
			s.saw("second %q", bodies(second))
			s.saw("held %q", bodies(s.receive(0)))
			s.sawError("delete", s.delete(first[0].ReceiptHandle))
			s.saw("still held %q", bodies(s.receive(0)))
			s.sawError("show", s.change(first[1].ReceiptHandle, 0))
			s.saw("then %q", bodies(s.receive(1)))
		},
		want:   []string{`first "a0 a1"`, `second "b0"`, `held ""`, "delete: ok", `still held ""`, "show: ok", `then "a1 a2 a3"`},
		fauxqs: []string{"first \"a0 b0\"", "second \"\"", "held \"\"", "delete: ok", "still held \"a1\"", "show: ok", "then \"b0\""},
		right:  "localaws: SQS gives out as many messages of one group as it can, and holds the group while any is in flight; fauxqs gives out one of each group, and frees the group at each delete",
	},
	{
		name: "a FIFO queue takes a deduplication id once",
		fifo: true,
		run: func(s *scene) {
			one, two := s.send("x", inGroup("a", "id")), s.send("y", inGroup("a", "id"))
			s.saw("same id %v, same sequence %v", aws.ToString(one.MessageId) == aws.ToString(two.MessageId), aws.ToString(one.SequenceNumber) == aws.ToString(two.SequenceNumber))
			s.saw("got %q", bodies(s.receive(1)))
			s.send("z", func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("a") })
			s.send("z", func(in *sqs.SendMessageInput) { in.MessageDeduplicationId = aws.String("a") })
		},
		want:   []string{"same id true, same sequence true", `got "x"`, "send z: InvalidParameterValue 400", "send z: MissingParameter 400"},
		fauxqs: []string{"same id true, same sequence true", "got \"x\"", "send z: AWS.SimpleQueueService.InvalidParameterValue 400", "send z: AWS.SimpleQueueService.MissingParameter 400"},
		right:  "localaws: the codes have no prefix",
	},
	{
		name:       "a FIFO queue refuses a receipt handle whose visibility timeout has passed",
		fifo:       true,
		attributes: map[string]string{"VisibilityTimeout": "1"},
		run: func(s *scene) {
			s.send("x", inGroup("a", "x"))
			first := s.receive(1)
			second := s.receive(5)
			s.saw("again %q", bodies(second))
			s.sawError("delete with the older", s.delete(first[0].ReceiptHandle))
			s.sawError("delete with the newer", s.delete(second[0].ReceiptHandle))
		},
		want:   []string{`again "x"`, "delete with the older: InvalidParameterValue 400", "delete with the newer: ok"},
		fauxqs: []string{"again \"x\"", "delete with the older: ok", "delete with the newer: ok"},
		right:  "localaws: the documentation has the error \"The receipt handle has expired\" for FIFO queues; fauxqs deletes nothing and says ok",
	},
}

func TestScenarios(t *testing.T) {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	defer server.Close()
	in := localaws.New()
	defer in.Close()
	t.Run("localaws over HTTP", func(t *testing.T) { playAll(t, "localaws", url, nil) })
	t.Run("localaws in the process", func(t *testing.T) {
		playAll(t, "localaws", "http://localhost", &http.Client{Transport: in.Transport()})
	})
	t.Run("fauxqs", func(t *testing.T) { playAll(t, "fauxqs", testserver.Fauxqs(t), nil) })
}

func playAll(t *testing.T, server, url string, client aws.HTTPClient) {
	if client == nil {
		pooled := awshttp.NewBuildableClient()
		transport := pooled.GetTransport()
		defer transport.CloseIdleConnections()
		client = &http.Client{Transport: transport}
	}
	api := sqs.New(sqs.Options{BaseEndpoint: &url, Region: "us-east-1", HTTPClient: client, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	for i, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			want := sc.want
			if server == "fauxqs" && sc.fauxqs != nil {
				require.NotEmpty(t, sc.right, "a difference says who is right")
				require.NotEqual(t, sc.want, sc.fauxqs)
				want = sc.fauxqs
				t.Logf("differs from localaws; right is %s", sc.right)
			}
			got := play(t, api, fmt.Sprintf("scenario-%d", i), sc)
			assert.Equal(t, want, got)
		})
	}
}

func play(t *testing.T, api *sqs.Client, name string, sc scenario) []string {
	attributes := maps.Clone(sc.attributes)
	if sc.fifo {
		name += ".fifo"
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes["FifoQueue"] = "true"
	}
	out, err := api.CreateQueue(context.Background(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	require.NoError(t, err)
	s := &scene{t: t, api: api, url: *out.QueueUrl}
	sc.run(s)
	return s.seen
}
