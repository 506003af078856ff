package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/awsclient"
	"github.com/seed08532102/iniesta/internal/testserver"
)

// The scripts of testdata run the program as a process, against localaws and against fauxqs, with three
// redis-servers.

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"iniesta": main})
}

const (
	scriptTopic   = "arn:aws:sns:us-east-1:000000000000:events"
	scriptQueue   = "arn:aws:sqs:us-east-1:000000000000:iniesta-development-shop"
	scriptDeadURL = "/000000000000/iniesta-development-shop-dead"
)

func TestScriptsAgainstLocalaws(t *testing.T) {
	runScripts(t, "localaws", localStart)
}

func TestScriptsAgainstFauxqs(t *testing.T) {
	runScripts(t, "fauxqs", testserver.Fauxqs)
}

// stage is what one script has to itself.
type stage struct {
	ctx    context.Context
	queues *sqs.Client
	topics *sns.Client
	nodes  []*testserver.RedisNode
}

func runScripts(t *testing.T, server string, start func(testing.TB) string) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			url, s := start(t), &stage{ctx: t.Context(), nodes: testserver.RedisNodes(t, 3)}
			s.open(t, url)
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(env *testscript.Env) error {
					s.setUp(env, url)
					return nil
				},
				Condition: func(cond string) (bool, error) { return cond == server, nil },
				Cmds:      s.commands(),
			})
		})
	}
}

func (s *stage) open(t *testing.T, url string) {
	client := awsclient.Wrap(nil)
	t.Cleanup(client.CloseIdleConnections)
	c := aws.Config{Region: "us-east-1", BaseEndpoint: &url, HTTPClient: client, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}
	s.queues, s.topics = sqs.NewFromConfig(c), sns.NewFromConfig(c)
}

func (s *stage) setUp(env *testscript.Env, url string) {
	env.Setenv("INIESTA_SQS_ENDPOINT_URL", url)
	env.Setenv("INIESTA_SNS_ENDPOINT_URL", url)
	env.Setenv("INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN", scriptTopic)
	env.Setenv("INIESTA_CACHES", strings.Join(testserver.URLs(s.nodes), ","))
	env.Setenv("INIESTA_INITIALIZATION_TYPE", "EVENT_POLLING,SNS_PRODUCER")
	env.Setenv("INIESTA_SQS_CONSUMER_FILTERS", "UserUpdated.user,Order.*")
	env.Setenv("SERVICE_NAME", "shop")
	env.Setenv("AWS_ACCESS_KEY_ID", "key")
	env.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	env.Setenv("AWS_REGION", "us-east-1")
	env.Setenv("AWS_MAX_ATTEMPTS", "1")
	env.Setenv("REDIS1", s.nodes[0].URL()[:len(s.nodes[0].URL())-1])
	first := freePorts(4)
	env.Setenv("PORT", strconv.Itoa(first))
	env.Setenv("REDISPORT", strconv.Itoa(first+1))
}

// freePorts finds that many ports in a row that nothing listens on, and returns the first.
func freePorts(n int) int {
	for port := 20_000 + os.Getpid()%10_000; ; port += n {
		if portsAreFree(port, n) {
			return port
		}
	}
}

func (s *stage) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		// What goes wrong.
		"deletetopic": func(ts *testscript.TestScript, _ bool, _ []string) {
			_, err := s.topics.DeleteTopic(s.ctx, &sns.DeleteTopicInput{TopicArn: aws.String(scriptTopic)})
			ts.Check(err)
		},
		"deletequeue": func(ts *testscript.TestScript, _ bool, args []string) {
			_, err := s.queues.DeleteQueue(s.ctx, &sqs.DeleteQueueInput{QueueUrl: s.url(ts, args[0])})
			ts.Check(err)
		},
		"unsubscribe": func(ts *testscript.TestScript, _ bool, _ []string) {
			_, err := s.topics.Unsubscribe(s.ctx, &sns.UnsubscribeInput{SubscriptionArn: s.subscription(ts)})
			ts.Check(err)
		},
		"setfilter": func(ts *testscript.TestScript, _ bool, args []string) {
			_, err := s.topics.SetSubscriptionAttributes(s.ctx, &sns.SetSubscriptionAttributesInput{
				SubscriptionArn: s.subscription(ts), AttributeName: aws.String("FilterPolicy"), AttributeValue: &args[0]})
			ts.Check(err)
		},
		"setqueue": func(ts *testscript.TestScript, _ bool, args []string) {
			_, err := s.queues.SetQueueAttributes(s.ctx, &sqs.SetQueueAttributesInput{
				QueueUrl: s.url(ts, args[0]), Attributes: map[string]string{args[1]: args[2]}})
			ts.Check(err)
		},
		"killredis": func(ts *testscript.TestScript, _ bool, args []string) {
			i, err := strconv.Atoi(args[0])
			ts.Check(err)
			s.nodes[i].Kill()
		},
		// What there is.
		"queues": func(ts *testscript.TestScript, _ bool, _ []string) {
			out, err := s.queues.ListQueues(s.ctx, &sqs.ListQueuesInput{})
			ts.Check(err)
			stdout := ts.Stdout()
			for _, url := range out.QueueUrls {
				fmt.Fprintln(stdout, url[strings.LastIndexByte(url, '/')+1:])
			}
		},
		"attribute": func(ts *testscript.TestScript, _ bool, args []string) {
			out, err := s.queues.GetQueueAttributes(s.ctx, &sqs.GetQueueAttributesInput{
				QueueUrl: s.url(ts, args[0]), AttributeNames: []types.QueueAttributeName{types.QueueAttributeName(args[1])}})
			ts.Check(err)
			fmt.Fprintln(ts.Stdout(), out.Attributes[args[1]])
		},
		"subscriptions": func(ts *testscript.TestScript, _ bool, args []string) {
			want, err := strconv.Atoi(args[0])
			ts.Check(err)
			waitUntil(ts, fmt.Sprintf("%d subscriptions", want), func() bool {
				out, err := s.topics.ListSubscriptionsByTopic(s.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(scriptTopic)})
				return err == nil && len(out.Subscriptions) == want
			})
		},
		// deadletters N fills the dead-letter queue with the bodies 0 to N-1.
		"deadletters": func(ts *testscript.TestScript, _ bool, args []string) {
			n, err := strconv.Atoi(args[0])
			ts.Check(err)
			ts.Check(s.fill(s.ctx, "iniesta-development-shop", n))
		},
		"waitexec": func(ts *testscript.TestScript, _ bool, args []string) {
			waitUntil(ts, strings.Join(args, " "), func() bool { return ts.Exec(args[0], args[1:]...) == nil })
		},
	}
}

func waitUntil(ts *testscript.TestScript, what string, done func() bool) {
	for deadline := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(deadline) {
			ts.Fatalf("waited in vain for %s", what)
		}
		<-time.After(20 * time.Millisecond) // another process can only be asked again
	}
}

func (s *stage) url(ts *testscript.TestScript, name string) *string {
	out, err := s.queues.GetQueueUrl(s.ctx, &sqs.GetQueueUrlInput{QueueName: &name})
	ts.Check(err)
	return out.QueueUrl
}

func (s *stage) subscription(ts *testscript.TestScript) *string {
	out, err := s.topics.ListSubscriptionsByTopic(s.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(scriptTopic)})
	ts.Check(err)
	for _, sub := range out.Subscriptions {
		if aws.ToString(sub.Endpoint) == scriptQueue {
			return sub.SubscriptionArn
		}
	}
	ts.Fatalf("there is no subscription of %s", scriptQueue)
	return nil
}
