package localaws_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
)

// stage is a topic and queues of a server, and what was seen of them.
type stage struct {
	*scene
	sns      *sns.Client
	name     string
	topicARN string
}

// queue makes a queue that the topic may send to, and returns its ARN.
func (s *stage) queue(suffix string, attributes ...string) string {
	name := s.name + suffix
	given := map[string]string{}
	for i := 0; i < len(attributes); i += 2 {
		given[attributes[i]] = attributes[i+1]
	}
	out, err := s.api.CreateQueue(s.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: given})
	require.NoError(s.t, err)
	s.url = *out.QueueUrl
	arn := "arn:aws:sqs:us-east-1:000000000000:" + name
	s.allow(arn)
	return arn
}

// allow lets the topic send to a queue.
func (s *stage) allow(queueARN string) {
	policy := fmt.Sprintf(`{"Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":%q,"Condition":{"ArnEquals":{"aws:SourceArn":%q}}}]}`, queueARN, s.topicARN)
	_, err := s.api.SetQueueAttributes(s.t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.url, Attributes: map[string]string{"Policy": policy}})
	require.NoError(s.t, err)
}

func (s *stage) subscribe(queueARN string, attributes ...string) (string, error) {
	given := map[string]string{}
	for i := 0; i < len(attributes); i += 2 {
		given[attributes[i]] = attributes[i+1]
	}
	out, err := s.sns.Subscribe(s.t.Context(), &sns.SubscribeInput{TopicArn: &s.topicARN, Protocol: aws.String("sqs"), Endpoint: &queueARN,
		Attributes: given, ReturnSubscriptionArn: true})
	if err != nil {
		return "", err
	}
	return *out.SubscriptionArn, nil
}

func (s *stage) mustSubscribe(queueARN string, attributes ...string) string {
	arn, err := s.subscribe(queueARN, attributes...)
	require.NoError(s.t, err)
	return arn
}

func (s *stage) publish(body string, attributes ...string) error {
	return s.publishAs(&sns.PublishInput{Message: &body, MessageAttributes: attributesOf(attributes...)})
}

func (s *stage) publishAs(in *sns.PublishInput) error {
	in.TopicArn = &s.topicARN
	_, err := s.sns.Publish(s.t.Context(), in)
	return err
}

// attributesOf makes attributes of name, type, value.
func attributesOf(triples ...string) map[string]snstypes.MessageAttributeValue {
	given := map[string]snstypes.MessageAttributeValue{}
	for i := 0; i < len(triples); i += 3 {
		v := snstypes.MessageAttributeValue{DataType: &triples[i+1], StringValue: &triples[i+2]}
		if strings.HasPrefix(triples[i+1], "Binary") {
			v.StringValue, v.BinaryValue = nil, []byte(triples[i+2])
		}
		given[triples[i]] = v
	}
	return given
}

// sawDelivered notes the sorted bodies of what the queue got.
func (s *stage) sawDelivered(what string) {
	var texts []string
	for range 2 { // FIFO queues may give out one group at a time
		for _, m := range s.receive(0) {
			texts = append(texts, *m.Body)
			require.NoError(s.t, s.delete(m.ReceiptHandle))
		}
	}
	slices.Sort(texts)
	s.saw("%s: %s", what, strings.Join(texts, " "))
}

func (s *stage) sawAttributes(m types.Message) {
	for _, name := range slices.Sorted(maps.Keys(m.MessageAttributes)) {
		v := m.MessageAttributes[name]
		s.saw("%s %s %s %s", name, *v.DataType, aws.ToString(v.StringValue), v.BinaryValue)
	}
}

type topicScenario struct {
	name   string
	fifo   bool
	run    func(s *stage)
	want   []string
	fauxqs []string
	right  string
}

var topicScenarios = []topicScenario{
	{
		name: "topics are made, listed and deleted",
		run: func(s *stage) {
			ctx := s.t.Context()
			create := func(name string, attributes map[string]string) string {
				out, err := s.sns.CreateTopic(ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes})
				s.sawError("create", err)
				if err != nil {
					return ""
				}
				return *out.TopicArn
			}
			arn := create(s.name+"-two", nil)
			s.saw("the same %v", create(s.name+"-two", nil) == arn)
			create("a b", nil)
			_, err := s.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: aws.String("DisplayName"), AttributeValue: aws.String("Two")})
			s.sawError("set", err)
			out, err := s.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
			require.NoError(s.t, err)
			s.saw("%s, own ARN %v, %s subscriptions", out.Attributes["DisplayName"], out.Attributes["TopicArn"] == arn, out.Attributes["SubscriptionsConfirmed"])
			count := func() (n int) {
				pages := sns.NewListTopicsPaginator(s.sns, &sns.ListTopicsInput{})
				for pages.HasMorePages() {
					page, err := pages.NextPage(ctx)
					require.NoError(s.t, err)
					for _, t := range page.Topics {
						if strings.HasPrefix(*t.TopicArn, s.topicARN) {
							n++
						}
					}
				}
				return n
			}
			s.saw("listed %d", count())
			_, err = s.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &arn})
			s.sawError("delete", err)
			_, err = s.sns.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: &arn})
			s.sawError("delete again", err)
			s.saw("listed %d", count())
			_, err = s.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
			s.sawError("get", err)
		},
		want: []string{"create: ok", "create: ok", "the same true", "create: InvalidParameter 400", "set: ok", "Two, own ARN true, 0 subscriptions",
			"listed 2", "delete: ok", "delete again: ok", "listed 1", "get: NotFound 404"},
		fauxqs: []string{"create: ok", "create: ok", "the same true", "create: ok", "set: ok", "Two, own ARN true, 0 subscriptions",
			"listed 2", "delete: ok", "delete again: ok", "listed 1", "get: NotFound 404"},
		right: "localaws: names have no spaces; fauxqs takes any",
	},
	{
		name: "raw delivery gives the body and the attributes as they were",
		run: func(s *stage) {
			s.mustSubscribe(s.queue("q"), "RawMessageDelivery", "true")
			require.NoError(s.t, s.publish("{}", "iniesta_pass", "String", "Order.shop", "version", "Number", "1", "list", "String.Array", `["a",1]`, "b", "Binary", "xyz"))
			got := s.receive(1)
			require.Len(s.t, got, 1)
			s.saw("body %s", *got[0].Body)
			s.sawAttributes(got[0])
		},
		want: []string{"body {}", "b Binary  xyz", "iniesta_pass String Order.shop ", `list String.Array ["a",1] `, "version Number 1 "},
	},
	{
		name: "without raw delivery there is an envelope",
		run: func(s *stage) {
			s.mustSubscribe(s.queue("q"))
			require.NoError(s.t, s.publishAs(&sns.PublishInput{Message: aws.String("hello"), Subject: aws.String("Hi"),
				MessageAttributes: attributesOf("iniesta_pass", "String", "Order.shop", "b", "Binary", "xyz")}))
			got := s.receive(1)
			require.Len(s.t, got, 1)
			var e struct {
				Type, Message, Subject, TopicArn string
				MessageAttributes                map[string]struct{ Type, Value string }
			}
			require.NoError(s.t, json.Unmarshal([]byte(*got[0].Body), &e))
			s.saw("%s %s %s, the topic's %v", e.Type, e.Subject, e.Message, e.TopicArn == s.topicARN)
			s.saw("%v", e.MessageAttributes)
			s.saw("outside %d", len(got[0].MessageAttributes))
		},
		want: []string{"Notification Hi hello, the topic's true", "map[b:{Binary eHl6} iniesta_pass:{String Order.shop}]", "outside 0"},
	},
	{
		name: "filters of attributes",
		run: func(s *stage) {
			queue := s.queue("q")
			subscription := s.mustSubscribe(queue, "RawMessageDelivery", "true")
			for _, f := range []struct{ name, policy string }{
				{"exact", `{"k":["A.b"]}`},
				{"prefix", `{"k":[{"prefix":"A."}]}`},
				{"anything-but", `{"k":[{"anything-but":["A.b"]}]}`},
				{"numeric", `{"n":[{"numeric":[">",1,"<=",3]}]}`},
				{"number", `{"n":[2]}`},
				{"exists", `{"n":[{"exists":true}]}`},
				{"absent", `{"n":[{"exists":false}]}`},
				{"both", `{"k":[{"prefix":"A."}],"n":[{"exists":true}]}`},
				{"array", `{"l":["x"]}`},
				{"suffix", `{"k":[{"suffix":".c"}]}`},
				{"none", `{}`},
			} {
				_, err := s.sns.SetSubscriptionAttributes(s.t.Context(), &sns.SetSubscriptionAttributesInput{SubscriptionArn: &subscription,
					AttributeName: aws.String("FilterPolicy"), AttributeValue: &f.policy})
				require.NoError(s.t, err)
				require.NoError(s.t, s.publish("ab", "k", "String", "A.b"))
				require.NoError(s.t, s.publish("ac2", "k", "String", "A.c", "n", "Number", "2"))
				require.NoError(s.t, s.publish("b4", "k", "String", "B.b", "n", "Number", "4"))
				require.NoError(s.t, s.publish("list", "l", "String.Array", `["x","y"]`))
				s.sawDelivered(f.name)
			}
		},
		want: []string{"exact: ab", "prefix: ab ac2", "anything-but: ac2 b4", "numeric: ac2", "number: ac2", "exists: ac2 b4", "absent: ab list", "both: ac2",
			"array: list", "suffix: ac2", "none: ab ac2 b4 list"},
		fauxqs: []string{"exact: ab", "prefix: ab ac2", "anything-but: ac2 b4", "numeric: ac2", "number: ac2", "exists: ac2 b4", "absent: ab list", "both: ac2",
			"array: ", "suffix: ac2", "none: ab ac2 b4 list"},
		right: "localaws: each element of a String.Array is looked at; fauxqs takes it for a text",
	},
	{
		name: "filters of bodies",
		run: func(s *stage) {
			s.mustSubscribe(s.queue("q"), "RawMessageDelivery", "true", "FilterPolicyScope", "MessageBody", "FilterPolicy", `{"user":{"id":[{"numeric":[">",1]}]}}`)
			for _, body := range []string{`{"user":{"id":1}}`, `{"user":{"id":2}}`, `{"user":"2"}`, `text`} {
				require.NoError(s.t, s.publish(body))
			}
			s.sawDelivered("got")
		},
		want: []string{`got: {"user":{"id":2}}`},
	},
	{
		name: "a filter that is none is refused",
		run: func(s *stage) {
			queue := s.queue("q")
			for _, policy := range []string{`x`, `{"k":"a"}`, `{"k":[{"like":"a"}]}`} {
				_, err := s.subscribe(queue, "FilterPolicy", policy)
				s.sawError(policy, err)
			}
		},
		want:   []string{"x: InvalidParameter 400", `{"k":"a"}: InvalidParameter 400`, `{"k":[{"like":"a"}]}: InvalidParameter 400`},
		fauxqs: []string{"x: ok", `{"k":"a"}: InvalidParameter 400`, `{"k":[{"like":"a"}]}: InvalidParameter 400`},
		right:  "localaws: a policy is a JSON object; fauxqs takes what is none",
	},
	{
		name: "a queue whose policy does not let the topic send gets nothing",
		run: func(s *stage) {
			queue := s.queue("q")
			s.mustSubscribe(queue, "RawMessageDelivery", "true")
			_, err := s.api.SetQueueAttributes(s.t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.url, Attributes: map[string]string{"Policy": ""}})
			require.NoError(s.t, err)
			s.sawError("publish", s.publish("lost"))
			s.sawDelivered("without")
			s.allow(queue)
			s.sawError("publish", s.publish("there"))
			s.sawDelivered("with")
		},
		want:   []string{"publish: ok", "without: ", "publish: ok", "with: there"},
		fauxqs: []string{"publish: ok", "without: lost", "publish: ok", "with: there"},
		right:  "localaws: SNS needs the queue's permission; fauxqs does not look at policies",
	},
	{
		name: "subscriptions are listed, read and ended",
		run: func(s *stage) {
			ctx := s.t.Context()
			first := s.mustSubscribe(s.queue("a"), "RawMessageDelivery", "true")
			second := s.queue("b")
			s.mustSubscribe(second)
			s.saw("the same %v", s.mustSubscribe(second) != first)
			_, err := s.subscribe(second, "RawMessageDelivery", "true")
			s.sawError("other attributes", err)
			list, err := s.sns.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &s.topicARN})
			require.NoError(s.t, err)
			s.saw("listed %d, %s %s", len(list.Subscriptions), *list.Subscriptions[0].Protocol, strings.TrimPrefix(*list.Subscriptions[0].Endpoint, "arn:aws:sqs:us-east-1:000000000000:"+s.name))
			out, err := s.sns.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &first})
			require.NoError(s.t, err)
			for _, name := range []string{"RawMessageDelivery", "Protocol", "PendingConfirmation"} {
				s.saw("%s %s", name, out.Attributes[name])
			}
			_, err = s.sns.Unsubscribe(ctx, &sns.UnsubscribeInput{SubscriptionArn: &first})
			s.sawError("unsubscribe", err)
			_, err = s.sns.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &first})
			s.sawError("get", err)
			all, err := s.sns.ListSubscriptions(ctx, &sns.ListSubscriptionsInput{})
			require.NoError(s.t, err)
			s.saw("some left %v", len(all.Subscriptions) > 0)
		},
		want: []string{"the same true", "other attributes: InvalidParameter 400", "listed 2, sqs a", "RawMessageDelivery true", "Protocol sqs", "PendingConfirmation false",
			"unsubscribe: ok", "get: NotFound 404", "some left true"},
	},
	{
		name: "a batch is published whole, or not at all where an entry is not valid",
		run: func(s *stage) {
			s.mustSubscribe(s.queue("q"), "RawMessageDelivery", "true")
			publish := func(what string, entries ...snstypes.PublishBatchRequestEntry) {
				out, err := s.sns.PublishBatch(s.t.Context(), &sns.PublishBatchInput{TopicArn: &s.topicARN, PublishBatchRequestEntries: entries})
				s.sawError(what, err)
				if err == nil {
					s.saw("%d published, %d failed", len(out.Successful), len(out.Failed))
				}
			}
			good := snstypes.PublishBatchRequestEntry{Id: aws.String("good"), Message: aws.String("x"), MessageAttributes: attributesOf("k", "String", "v")}
			publish("both good", good, snstypes.PublishBatchRequestEntry{Id: aws.String("2"), Message: aws.String("y")})
			publish("an empty one", good, snstypes.PublishBatchRequestEntry{Id: aws.String("2"), Message: aws.String("")})
			publish("same ids", good, good)
			s.sawDelivered("got")
		},
		want:   []string{"both good: ok", "2 published, 0 failed", "an empty one: InvalidParameter 400", "same ids: BatchEntryIdsNotDistinct 400", "got: x y"},
		fauxqs: []string{"both good: ok", "2 published, 0 failed", "an empty one: ok", "1 published, 0 failed", "same ids: ok", "2 published, 0 failed", "got: x x x x y"},
		right:  "localaws: AWS refuses the batch for its first entry that is not valid, and ids must be distinct; fauxqs loses the entry and takes the ids",
	},
	{
		name: "what cannot be published is refused",
		run: func(s *stage) {
			s.sawError("empty", s.publish(""))
			s.sawError("too long", s.publish(strings.Repeat("x", 256<<10+1)))
			s.sawError("a structure", s.publishAs(&sns.PublishInput{Message: aws.String("x"), MessageStructure: aws.String("xml")}))
			s.sawError("no default", s.publishAs(&sns.PublishInput{Message: aws.String(`{"sqs":"x"}`), MessageStructure: aws.String("json")}))
			s.sawError("a type", s.publish("x", "a", "Bool", "true"))
			s.topicARN += "-none"
			s.sawError("no topic", s.publish("x"))
		},
		want:   []string{"empty: InvalidParameter 400", "too long: InvalidParameter 400", "a structure: ok", "no default: InvalidParameter 400", "a type: ParameterValueInvalid 400", "no topic: NotFound 404"},
		fauxqs: []string{"empty: InvalidParameter 400", "too long: InvalidParameter 400", "a structure: ok", "no default: ok", "a type: ok", "no topic: NotFound 404"},
		right:  "localaws: the structure json is looked into, other structures mean nothing, and types are String, Number and Binary; fauxqs takes any",
	},
	{
		name: "a message for each protocol",
		run: func(s *stage) {
			s.mustSubscribe(s.queue("q"), "RawMessageDelivery", "true")
			for _, body := range []string{`{"default":"d","sqs":"q"}`, `{"default":"d"}`} {
				require.NoError(s.t, s.publishAs(&sns.PublishInput{Message: &body, MessageStructure: aws.String("json")}))
			}
			s.sawDelivered("got")
		},
		want:   []string{"got: d q"},
		fauxqs: []string{`got: {"default":"d","sqs":"q"} {"default":"d"}`},
		right:  "localaws: MessageStructure json picks the protocol's text; fauxqs delivers the whole",
	},
	{
		name: "a FIFO topic keeps the order, the groups and what was published twice apart",
		fifo: true,
		run: func(s *stage) {
			s.mustSubscribe(s.queue("q.fifo", "FifoQueue", "true"), "RawMessageDelivery", "true")
			publish := func(body, group, dedup string) error {
				in := &sns.PublishInput{Message: &body}
				if group != "" {
					in.MessageGroupId = &group
				}
				if dedup != "" {
					in.MessageDeduplicationId = &dedup
				}
				return s.publishAs(in)
			}
			s.sawError("no group", publish("x", "", "1"))
			s.sawError("no deduplication", publish("x", "g", ""))
			for _, id := range []string{"1", "2", "2", "3"} {
				s.sawError("publish "+id, publish(id, "g", id))
			}
			for range 3 {
				got := s.receive(1, atMost(1))
				if len(got) == 0 {
					break
				}
				s.saw("%s of %s", *got[0].Body, got[0].Attributes["MessageGroupId"])
				require.NoError(s.t, s.delete(got[0].ReceiptHandle))
			}
			s.saw("left %q", bodies(s.receive(0)))
		},
		want: []string{"no group: InvalidParameter 400", "no deduplication: InvalidParameter 400", "publish 1: ok", "publish 2: ok", "publish 2: ok", "publish 3: ok",
			"1 of g", "2 of g", "3 of g", `left ""`},
	},
}

func TestTopicScenarios(t *testing.T) {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	defer server.Close()
	in := localaws.New()
	defer in.Close()
	t.Run("localaws over HTTP", func(t *testing.T) { playTopics(t, "localaws", url, nil) })
	t.Run("localaws in the process", func(t *testing.T) {
		playTopics(t, "localaws", "http://localhost", &http.Client{Transport: in.Transport()})
	})
	t.Run("fauxqs", func(t *testing.T) { playTopics(t, "fauxqs", testserver.Fauxqs(t), nil) })
}

func playTopics(t *testing.T, server, url string, client aws.HTTPClient) {
	if client == nil {
		transport := awshttp.NewBuildableClient().GetTransport()
		defer transport.CloseIdleConnections()
		client = &http.Client{Transport: transport}
	}
	keys := credentials.NewStaticCredentialsProvider("key", "secret", "")
	queues := sqs.New(sqs.Options{BaseEndpoint: &url, Region: "us-east-1", HTTPClient: client, RetryMaxAttempts: 1, Credentials: keys})
	topics := sns.New(sns.Options{BaseEndpoint: &url, Region: "us-east-1", HTTPClient: client, RetryMaxAttempts: 1, Credentials: keys})
	for i, sc := range topicScenarios {
		t.Run(sc.name, func(t *testing.T) {
			want := sc.want
			if server == "fauxqs" && sc.fauxqs != nil {
				require.NotEmpty(t, sc.right, "a difference says who is right")
				require.NotEqual(t, sc.want, sc.fauxqs)
				want = sc.fauxqs
				t.Logf("differs from localaws; right is %s", sc.right)
			}
			name := fmt.Sprintf("topic-%d-", i)
			in := &sns.CreateTopicInput{Name: aws.String(name)}
			if sc.fifo {
				in.Name, in.Attributes = aws.String(name+".fifo"), map[string]string{"FifoTopic": "true"}
			}
			out, err := topics.CreateTopic(t.Context(), in)
			require.NoError(t, err)
			s := &stage{scene: &scene{t: t, api: queues}, sns: topics, name: name, topicARN: *out.TopicArn}
			sc.run(s)
			assert.Equal(t, want, s.seen)
		})
	}
}
