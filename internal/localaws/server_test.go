package localaws_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// inProcess is a queue in a bubble of virtual time.
func inProcess(t *testing.T, test func(t *testing.T, server *localaws.Server, s *scene)) {
	synctest.Test(t, func(t *testing.T) {
		server := localaws.New()
		defer server.Close()
		api := sqs.New(sqs.Options{BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1", RetryMaxAttempts: 1,
			HTTPClient:  &http.Client{Transport: server.Transport()},
			Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
		out, err := api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
		require.NoError(t, err)
		test(t, server, &scene{t: t, api: api, url: *out.QueueUrl})
	})
}

func TestTheSDKPollsForHoursInAMoment(t *testing.T) {
	inProcess(t, func(t *testing.T, server *localaws.Server, s *scene) {
		began := time.Now()
		for range 540 {
			require.Empty(t, s.receive(20))
		}
		assert.Equal(t, 3*time.Hour, time.Since(began))
		assert.Equal(t, 540, server.Calls()["ReceiveMessage"])
	})
}

func TestAPollThatIsCutOffStrandsWhatArrivesForIt(t *testing.T) {
	inProcess(t, func(t *testing.T, server *localaws.Server, s *scene) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := s.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.url, WaitTimeSeconds: 20})
		require.Error(t, err)
		time.Sleep(5 * time.Second)
		s.send("stranded")
		assert.True(t, server.Inspect("q").Messages[0].InFlight, "SQS did not notice that the client left")
		began := time.Now()
		got := s.receive(20)
		if len(got) == 0 {
			got = s.receive(20)
		}
		require.Len(t, got, 1)
		assert.Equal(t, 30*time.Second, time.Since(began), "a whole visibility timeout")
		assert.Equal(t, "2", got[0].Attributes["ApproximateReceiveCount"])
	})
}

func TestAPollThatIsCutOffStrandsNothingAfterItsEnd(t *testing.T) {
	inProcess(t, func(t *testing.T, _ *localaws.Server, s *scene) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := s.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.url, WaitTimeSeconds: 20})
		require.Error(t, err)
		time.Sleep(16 * time.Second)
		s.send("x")
		assert.Equal(t, "x", bodies(s.receive(0)))
	})
}

func TestFaultsHappenOnDemand(t *testing.T) {
	on := func(operation string, f localaws.Fault) func(localaws.Call) localaws.Fault {
		return func(c localaws.Call) localaws.Fault {
			if c.Operation == operation && c.Queue == "q" && c.N == 1 {
				return f
			}
			return localaws.Fault{}
		}
	}
	tests := []struct {
		name  string
		fault func(localaws.Call) localaws.Fault
		run   func(s *scene)
		want  []string
	}{
		{"an error", on("ReceiveMessage", localaws.Fault{Code: "AccessDeniedException", Status: 403}), func(s *scene) { s.receive(0); s.saw("%s", bodies(s.receive(0))) },
			[]string{"receive: AccessDeniedException 403", "x"}},
		{"throttling", on("ReceiveMessage", localaws.Throttle), func(s *scene) { s.receive(0) }, []string{"receive: ThrottlingException 400"}},
		{"a delay", on("ReceiveMessage", localaws.Fault{Delay: time.Minute, DelayAfter: time.Minute}), func(s *scene) {
			began := time.Now()
			s.saw("%s after %s", bodies(s.receive(0)), time.Since(began))
		}, []string{"x after 2m0s"}},
		{"a connection cut before acting", on("ReceiveMessage", localaws.Fault{Cut: true}), func(s *scene) {
			s.receive(0)
			s.seen = nil
			s.saw("%s", bodies(s.receive(0)))
		}, []string{"x"}},
		{"an answer lost after acting", on("ReceiveMessage", localaws.Fault{Lose: true}), func(s *scene) {
			s.receive(0)
			s.seen = nil
			s.saw("%q", bodies(s.receive(0)))
		}, []string{`""`}},
		{"a duplicate delivery", on("ReceiveMessage", localaws.Fault{Again: true}), func(s *scene) {
			s.saw("%s %s", bodies(s.receive(0)), bodies(s.receive(0)))
		}, []string{"x x"}},
		{"two deliveries in one answer", on("ReceiveMessage", localaws.Fault{Twice: true}), func(s *scene) {
			got := s.receive(0)
			s.saw("%s, the same handle %v", bodies(got), *got[0].ReceiptHandle == *got[1].ReceiptHandle)
		}, []string{"x x, the same handle false"}},
		{"a batch that fails in part", on("DeleteMessageBatch", localaws.Fault{Entries: func(i int) *localaws.EntryFault {
			return &localaws.EntryFault{Code: "InternalError"}
		}}), func(s *scene) {
			out, err := s.api.DeleteMessageBatch(s.t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &s.url,
				Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: s.receive(0)[0].ReceiptHandle}}})
			require.NoError(s.t, err)
			s.saw("%s %v", *out.Failed[0].Code, out.Failed[0].SenderFault)
		}, []string{"InternalError false"}},
		{"a call that is never answered", on("ReceiveMessage", localaws.Fault{Hang: true}), func(s *scene) {
			ctx, cancel := context.WithTimeout(s.t.Context(), time.Hour)
			defer cancel()
			_, err := s.api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &s.url})
			s.saw("%v", err != nil)
		}, []string{"true"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inProcess(t, func(t *testing.T, server *localaws.Server, s *scene) {
				server.SetFault(tt.fault)
				s.send("x")
				tt.run(s)
				assert.Equal(t, tt.want, s.seen)
			})
		})
	}
}

func TestAMessageIsKeptForTheRetentionPeriod(t *testing.T) {
	inProcess(t, func(t *testing.T, _ *localaws.Server, s *scene) {
		s.send("old")
		time.Sleep(4*24*time.Hour - time.Hour)
		s.send("new")
		time.Sleep(2 * time.Hour)
		assert.Equal(t, "new", bodies(s.receive(0)))
	})
}

func TestAMessageIsInvisibleForTwelveHoursAtMost(t *testing.T) {
	inProcess(t, func(t *testing.T, _ *localaws.Server, s *scene) {
		s.send("x")
		m := s.receive(0)[0]
		require.NoError(t, s.change(m.ReceiptHandle, 43_200))
		time.Sleep(6 * time.Hour)
		s.sawError("beyond", s.change(m.ReceiptHandle, 6*3600+1))
		s.sawError("within", s.change(m.ReceiptHandle, 6*3600))
		assert.Equal(t, []string{"beyond: InvalidParameterValue 400", "within: ok"}, s.seen)
	})
}

func TestListingsComeInPages(t *testing.T) {
	inProcess(t, func(t *testing.T, _ *localaws.Server, s *scene) {
		for i := range 7 {
			_, err := s.api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(fmt.Sprint("page-", i))})
			require.NoError(t, err)
		}
		pages := sqs.NewListQueuesPaginator(s.api, &sqs.ListQueuesInput{QueueNamePrefix: aws.String("page-"), MaxResults: aws.Int32(3)})
		var sizes []int
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			sizes = append(sizes, len(page.QueueUrls))
		}
		assert.Equal(t, []int{3, 3, 1}, sizes)
	})
}

func TestOnlyTheLoopbackIsServed(t *testing.T) {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	status := func(change func(*http.Request)) int {
		r, err := http.NewRequest(http.MethodPost, url, strings.NewReader("{}"))
		require.NoError(t, err)
		change(r)
		response, err := client.Do(r)
		require.NoError(t, err)
		response.Body.Close()
		return response.StatusCode
	}
	for host, want := range map[string]int{"evil.example": 403, "localhost:99": 400, "[::1]:4566": 400, "127.0.0.1": 400} {
		assert.Equal(t, want, status(func(r *http.Request) { r.Host = host }), host)
	}
	for page, want := range map[string]int{"https://evil.example": 403, "null": 403, "http://localhost:8080": 400} {
		assert.Equal(t, want, status(func(r *http.Request) { r.Header.Set("Origin", page) }), page)
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "example.com:80", "nonsense"} {
		_, err := localaws.New().StartAt(address)
		assert.ErrorContains(t, err, "it is not an address of the loopback", address)
	}
}

func TestWhatIsNotARequestIsRefused(t *testing.T) {
	server := localaws.New()
	defer server.Close()
	client := &http.Client{Transport: server.Transport()}
	post := func(target string, body io.Reader) (int, string) {
		r, err := http.NewRequest(http.MethodPost, "http://localhost", body)
		require.NoError(t, err)
		r.Header.Set("X-Amz-Target", target)
		response, err := client.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	for _, tt := range []struct {
		target, body string
		status       int
		want         string
	}{
		{"AmazonSQS.Nothing", "{}", 400, "UnknownOperationException"},
		{"", "{}", 400, "UnknownOperationException"},
		{"AmazonSQS.SendMessage", "{", 400, "SerializationException"},
		{"AmazonSQS.SendMessage", "{}", 400, "MissingRequiredParameterException"},
		{"AmazonSQS.SendMessage", strings.Repeat(" ", 5<<20), 413, "RequestEntityTooLarge"},
	} {
		status, text := post(tt.target, strings.NewReader(tt.body))
		assert.Equal(t, tt.status, status, tt)
		assert.Contains(t, text, tt.want)
	}
	status, _ := post("AmazonSQS.ListQueues", io.MultiReader(strings.NewReader("{}"))) // of unknown length
	assert.Equal(t, 200, status)
}

func TestCloseEndsLongPolls(t *testing.T) {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	api := sqs.New(sqs.Options{BaseEndpoint: &url, Region: "us-east-1", HTTPClient: client, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	out, err := api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	require.NoError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = api.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: out.QueueUrl, WaitTimeSeconds: 20})
	}()
	require.Eventually(t, func() bool { return server.Calls()["ReceiveMessage"] == 1 }, 5*time.Second, time.Millisecond)
	began := time.Now()
	require.NoError(t, server.Close())
	<-ended
	assert.Less(t, time.Since(began), 10*time.Second)
	_, err = api.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
	assert.Error(t, err)
}

// TestLedger has many senders and receivers at once; every message ends deleted once, or in the
// dead-letter queue.
func TestLedger(t *testing.T) {
	inProcess(t, func(t *testing.T, server *localaws.Server, s *scene) {
		_, err := s.api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("dead")})
		require.NoError(t, err)
		_, err = s.api.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: &s.url, Attributes: map[string]string{
			"VisibilityTimeout": "2", "RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":3}`}})
		require.NoError(t, err)
		const senders, each = 5, 100
		var ids sync.Map
		var busy sync.WaitGroup
		for n := range senders {
			busy.Go(func() {
				own := &scene{t: t, api: s.api, url: s.url}
				for i := range each {
					ids.Store(*own.send(fmt.Sprintf("%d-%d", n, i)).MessageId, true)
					time.Sleep(time.Millisecond)
				}
			})
		}
		for range 4 {
			busy.Go(func() {
				own := &scene{t: t, api: s.api, url: s.url}
				for empty := 0; empty < 5; {
					got := own.receive(1)
					if len(got) == 0 {
						empty++
						continue
					}
					for _, m := range got {
						if !strings.HasSuffix(*m.Body, "7") { // those that end in 7 are poison
							assert.NoError(t, own.delete(m.ReceiptHandle))
						}
					}
				}
			})
		}
		busy.Wait()
		state, poisoned := server.Inspect("q"), server.Inspect("dead")
		assert.Empty(t, state.Messages)
		inDead := map[string]bool{}
		for _, m := range poisoned.Messages {
			inDead[m.ID] = true
		}
		total := 0
		ids.Range(func(id, _ any) bool {
			total++
			want := 1
			if inDead[id.(string)] {
				want = 0
			}
			assert.Equal(t, want, state.Deleted[id.(string)])
			return true
		})
		assert.Equal(t, senders*each, total)
		assert.Len(t, inDead, senders*each/10)
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("AmazonSQS.SendMessage", `{"QueueUrl":"http://h/1/q","MessageBody":"x","MessageAttributes":{"a":{"DataType":"String"}}}`)
	f.Add("AmazonSQS.ReceiveMessage", `{"QueueUrl":"/q","MaxNumberOfMessages":-1,"WaitTimeSeconds":0}`)
	f.Add("AmazonSQS.ChangeMessageVisibilityBatch", `{"QueueUrl":"q","Entries":[{"Id":"a","ReceiptHandle":"x#1","VisibilityTimeout":1}]}`)
	f.Add("AmazonSQS.CreateQueue", `{"QueueName":"a.fifo","Attributes":{"FifoQueue":"true","RedrivePolicy":"{}"}}`)
	f.Fuzz(func(t *testing.T, target, body string) {
		if strings.Contains(body, "WaitTimeSeconds") {
			return // it would wait
		}
		server := localaws.New()
		defer server.Close()
		client := &http.Client{Transport: server.Transport()}
		for _, request := range [][2]string{{"AmazonSQS.CreateQueue", `{"QueueName":"q"}`}, {"AmazonSQS.SendMessage", `{"QueueUrl":"q","MessageBody":"x"}`}, {target, body}} {
			r, err := http.NewRequest(http.MethodPost, "http://localhost", strings.NewReader(request[1]))
			if err != nil {
				return
			}
			r.Header.Set("X-Amz-Target", request[0])
			response, err := client.Do(r)
			if err != nil {
				continue // a header that cannot be sent
			}
			response.Body.Close()
			if response.StatusCode >= 500 {
				t.Fatalf("status %d", response.StatusCode)
			}
		}
		server.Inspect("q")
	})
}

func BenchmarkSendReceiveDelete(b *testing.B) {
	server := localaws.New()
	defer server.Close()
	api := sqs.New(sqs.Options{BaseEndpoint: aws.String("http://localhost"), Region: "us-east-1",
		HTTPClient:  &http.Client{Transport: server.Transport()},
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")})
	out, err := api.CreateQueue(b.Context(), &sqs.CreateQueueInput{QueueName: aws.String("q")})
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	for b.Loop() {
		_, err := api.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: out.QueueUrl, MessageBody: aws.String("x")})
		if err != nil {
			b.Fatal(err)
		}
		got, err := api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: out.QueueUrl})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := api.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: out.QueueUrl, ReceiptHandle: got.Messages[0].ReceiptHandle}); err != nil {
			b.Fatal(err)
		}
	}
}
