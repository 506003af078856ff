package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/sqs"
)

// Failures that other libraries had and that no other file is about. docs/reliability.md lists all of them, with
// the threads where their users met them.

// faultyLocker is a Locker whose leases are released by a function of the test.
type faultyLocker struct {
	sqs.Locker
	release func(id string) error
}

func (l faultyLocker) Acquire(ctx context.Context, id string) (sqs.Lease, error) {
	lease, err := l.Locker.Acquire(ctx, id)
	if err != nil {
		return nil, err
	}
	return faultyLease{lease, func() error { return l.release(id) }}, nil
}

type faultyLease struct {
	sqs.Lease
	release func() error
}

func (l faultyLease) Release(ctx context.Context) error {
	if err := l.release(); err != nil {
		return err
	}
	return l.Lease.Release(ctx)
}

func (l faultyLease) MarkDone(ctx context.Context, window time.Duration) error {
	if err := l.release(); err != nil {
		return err
	}
	return l.Lease.MarkDone(ctx, window)
}

// Python: one unlock that raises LockError loses the deletes of the whole batch.
func TestAnUnlockThatFailsInOneOfABatchCostsTheOthersNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		bad := ""
		for i := range 5 {
			bad = w.send("", fmt.Sprint(i))
		}
		c := w.start(sqs.WithLocker(faultyLocker{w.locker(), func(id string) error {
			if id == bad {
				return errors.New("unlocking failed")
			}
			return nil
		}}))
		w.after(5 * time.Minute)
		assert.Equal(t, 5, ran.count())
		assert.EqualValues(t, 5, c.Stats().Deleted)
		assert.EqualValues(t, 1, c.Stats().LockFailures)
		require.Len(t, w.logs.records("WARN"), 1)
		assert.Contains(t, w.logs.records("WARN")[0]["error"], "unlocking failed")
		assert.Empty(t, w.left())
	})
}

// sqs-consumer: a delete that fails was followed by making the message visible.
func TestADeleteThatFailsIsNoFailureOfTheHandler(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			if c.Operation == "DeleteMessageBatch" {
				return localaws.Fault{Code: "InternalError", Status: 500}
			}
			return localaws.Fault{}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(2 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Zero(t, c.Stats().Failed)
		assert.Zero(t, c.Stats().Released, "it is not made visible")
		require.Len(t, w.left(), 1)
		assert.LessOrEqual(t, w.left()[0].Receives, 3, "it is kept while its delete is tried")
		w.server.SetFault(nil)
		w.after(2 * time.Minute)
		assert.Equal(t, 1, ran.count(), "it comes back and is deleted, not run")
		assert.Equal(t, 1, w.deletes(id))
		assert.Empty(t, w.left())
	})
}

// dotnet#191: extensions went on after their message was gone.
func TestAnExtensionUnderWayDoesNotOutliveItsMessage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) { time.Sleep(12 * time.Second) })
		var deleted, extended atomic.Int64
		w.server.SetFault(func(c localaws.Call) localaws.Fault {
			switch c.Operation {
			case "ChangeMessageVisibilityBatch": // still under way when the handler returns
				extended.Store(time.Now().Add(5 * time.Second).UnixNano())
				return localaws.Fault{DelayAfter: 5 * time.Second}
			case "DeleteMessageBatch":
				deleted.Store(time.Now().UnixNano())
			}
			return localaws.Fault{}
		})
		id := w.send("", "x")
		c := w.start()
		w.after(time.Hour)
		assert.Equal(t, 1, w.deletes(id))
		assert.GreaterOrEqual(t, deleted.Load(), extended.Load(), "the delete waits for the extension")
		assert.Equal(t, 1, w.server.Calls()["ChangeMessageVisibilityBatch"], "nothing is extended after it")
		assert.EqualValues(t, 1, c.Stats().VisibilityExtensions)
		assert.Empty(t, w.logs.records("WARN"))
	})
}

// kombu#1835: what a stop shows again was taken by another poll of the same process.
func TestWhatAStopGivesBackIsNotTakenByAnotherPollOfTheProcess(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		started := make(chan struct{}, 1)
		w.handle(func(*sqs.Message) { started <- struct{}{}; time.Sleep(2 * time.Second) })
		c := w.start(sqs.WithPollers(5, 5))
		w.after(time.Second) // all of them poll
		_, err := w.api.SetQueueAttributes(t.Context(), &awssqs.SetQueueAttributesInput{QueueUrl: &w.url,
			Attributes: map[string]string{"DelaySeconds": "2"}}) // so that one of them is given all messages
		require.NoError(t, err)
		for i := range 10 {
			w.send("", fmt.Sprint(i), "a")
		}
		<-started
		stop(t, c)
		require.Len(t, w.left(), 9)
		for _, m := range w.left() {
			assert.Equal(t, 1, m.Receives)
			assert.False(t, m.InFlight)
		}
		assert.Equal(t, 10, w.server.Calls()["SendMessage"], "and is never sent again as a copy (celery#4002)")
	})
}

// Nodes may be away just when a success is marked. Without its mark, a message whose delete is lost runs again.
func TestAMarkThatFailsIsTriedAgain(t *testing.T) {
	failures := 3
	for name, tt := range map[string]struct {
		locker func(*world) sqs.Locker
		ends   func(*world) // the handler
	}{
		"by a lease that is marked while others are settled": {(*world).locker, func(w *world) {
			for _, n := range w.nodes[:2] {
				n.Down()
				time.AfterFunc(time.Second, n.Up)
			}
		}},
		"by any other lease": {func(w *world) sqs.Locker {
			return faultyLocker{w.locker(), func(string) error {
				if failures--; failures >= 0 {
					return errors.New("no majority of the lock nodes answers")
				}
				return nil
			}}
		}, func(*world) {}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var ran runs
				w.handle(func(m *sqs.Message) { ran.note(m); tt.ends(w) })
				w.server.SetFault(func(c localaws.Call) localaws.Fault {
					if c.Operation != "DeleteMessageBatch" || c.N > 1 {
						return localaws.Fault{}
					}
					return localaws.Fault{Entries: func(int) *localaws.EntryFault {
						return &localaws.EntryFault{Code: "ReceiptHandleIsInvalid", SenderFault: true}
					}}
				})
				w.send("", "x")
				w.start(sqs.WithLocker(tt.locker(w)))
				w.after(3 * time.Minute)
				assert.Equal(t, 1, ran.count())
				assert.Empty(t, w.left(), "it came back, and was deleted as a duplicate")
				assert.Equal(t, 2, w.server.Calls()["DeleteMessageBatch"])
				require.Len(t, w.logs.records("WARN"), 1)
				assert.Contains(t, w.logs.records("WARN")[0]["msg"], "could not be deleted")
			})
		})
	}
}

// Python unlocks before it deletes: another consumer that was given the message runs it in between.
func TestASuccessIsMarkedBeforeItsMessageIsDeleted(t *testing.T) {
	for name, lockerOf := range map[string]func(*world) sqs.Locker{
		"by a lease that is marked while others are settled": (*world).locker,
		"by any other lease": func(w *world) sqs.Locker { return faultyLocker{w.locker(), func(string) error { return nil }} },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				id := ""
				w.handle(func(*sqs.Message) {})
				w.server.SetFault(func(c localaws.Call) localaws.Fault {
					if c.Operation == "DeleteMessageBatch" {
						assert.Equal(t, redlock.DoneMark, w.nodes[0].Value("sqs:event:"+id))
					}
					return localaws.Fault{}
				})
				id = w.send("", "x")
				w.start(sqs.WithLocker(lockerOf(w)))
				w.after(time.Second)
				assert.Equal(t, 1, w.deletes(id))
			})
		})
	}
}

// sqs-consumer#83: a FIFO queue refuses the receipt handle of a message whose visibility timeout has passed.
func TestAHandledMessageOfAFIFOQueueWhoseHandleExpiredIsDeletedWhenItComesBack(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m); time.Sleep(time.Minute) })
		w.server.SetFault(func(c localaws.Call) localaws.Fault { // nothing can be extended, and nothing received meanwhile
			return localaws.Fault{Cut: c.Operation == "ChangeMessageVisibilityBatch" || c.Operation == "ReceiveMessage" && c.N > 1 && c.N < 8}
		})
		id := w.send("", "x", "a")
		c := w.start()
		w.after(10 * time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.Equal(t, 1, w.deletes(id))
		assert.Empty(t, w.left())
		assert.Zero(t, c.Stats().InFlight)
	})
}

// rotating are credentials that expire.
type rotating struct{ asked atomic.Int64 }

func (p *rotating) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: fmt.Sprint("key", p.asked.Add(1)), SecretAccessKey: "s"}, nil
}

// aws-sdk-go#3229: a token that expired early stays in the cache, and nothing is received until a restart.
func TestCredentialsThatExpireDuringARunAreAskedForAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) { ran.note(m) })
		source := &rotating{}
		options := aws.Config{
			Region: "us-east-1", Credentials: aws.NewCredentialsCache(source), BaseEndpoint: aws.String("http://localhost"), HTTPClient: w.api.Options().HTTPClient,
		}
		require.NoError(t, w.server.Permit("key1", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
		require.NoError(t, w.server.Permit("key", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)) // the test's own
		c := w.start(sqs.WithAPI(nil), sqs.WithAWSConfig(options))
		w.after(time.Second)
		w.server.SetFault(func(call localaws.Call) localaws.Fault {
			if source.asked.Load() == 1 && call.Operation == "ReceiveMessage" {
				return localaws.Fault{Code: "ExpiredTokenException", Status: 403}
			}
			return localaws.Fault{}
		})
		require.NoError(t, w.server.Permit("key2", `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`))
		w.after(time.Minute)
		w.send("", "x")
		w.after(time.Minute)
		assert.Equal(t, 1, ran.count())
		assert.EqualValues(t, 2, source.asked.Load())
		assert.NoError(t, c.Healthy(t.Context()))
	})
}

// OpenMessage#264, seatunnel#12036: a body that cannot be read stops the consumer, or is deleted unseen.
func TestPoisonIsLeftForTheDeadLetterQueueAndHoldsUpNothing(t *testing.T) {
	text := func(value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
	}
	huge := strings.Repeat("x", 1<<20-200)
	poison := map[string]*awssqs.SendMessageInput{
		"one byte":              {MessageBody: aws.String("{")},
		"a mebibyte":            {MessageBody: &huge},
		"deep JSON":             {MessageBody: aws.String(strings.Repeat("[", 100_000))},
		"deep JSON that closes": {MessageBody: aws.String(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000))},
		"half an envelope":      {MessageBody: aws.String(`{"Type":"Notification","MessageId":1,"Message":{}}`)},
		"null":                  {MessageBody: aws.String("null")},
		"a data type of theirs": {MessageBody: aws.String("x"), MessageAttributes: map[string]types.MessageAttributeValue{
			"odd": {DataType: aws.String("Number.odd"), StringValue: aws.String("1e400")}}},
	}
	for name, in := range poison {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				var ran runs
				w.handle(func(_ *sqs.Message, _ struct{ ID int }) error { return errors.New("refused") }, "Poison.shop")
				w.handle(func(m *sqs.Message) { ran.note(m) }, "Good.shop")
				in := *in
				in.QueueUrl = &w.url
				attributes := map[string]types.MessageAttributeValue{"iniesta_pass": text("Poison.shop")}
				for k, v := range in.MessageAttributes {
					attributes[k] = v
				}
				in.MessageAttributes = attributes
				_, err := w.api.SendMessage(t.Context(), &in)
				require.NoError(t, err)
				c := w.start()
				w.send("Good.shop", "good")
				w.after(time.Minute)
				assert.Equal(t, []string{"good"}, ran.list())
				assert.Len(t, w.left(), 1, "it is not deleted")
				assert.Positive(t, c.Stats().Failed)
			})
		})
	}
}

// What SQS itself would refuse to store, but another server in its place may hand out.
func TestMessagesThatSQSWouldNotStoreAreHandledToo(t *testing.T) {
	c := sqs.New(sqs.WithConfig(testConfig()), sqs.WithAPI(stubAPI{}), sqs.WithRegistry(sqs.NewRegistry()), sqs.WithoutLocks())
	require.NoError(t, c.Initialize(t.Context()))
	t.Cleanup(func() { require.NoError(t, c.Close(context.Background())) })
	for name, m := range map[string]*sqs.Message{
		"an empty body":              {MessageID: "1"},
		"not UTF-8":                  {MessageID: "1", RawBody: "\xff\xfe{\"a\":\"\xc3\x28\"}"},
		"an attribute without value": {MessageID: "1", MessageAttributes: map[string]types.MessageAttributeValue{"iniesta_pass": {}, "x": {DataType: aws.String("Number")}}},
		"an unknown data type":       {MessageID: "1", MessageAttributes: map[string]types.MessageAttributeValue{"x": {DataType: aws.String("Odd"), StringValue: aws.String("v")}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.HandleMessage(t.Context(), m)
			require.ErrorIs(t, err, sqs.ErrHandlerNotFound)
			for name := range m.MessageAttributes {
				_, ok := m.Attribute(name)
				assert.True(t, ok)
			}
			assert.NotPanics(t, func() { _, _, _ = m.Body(), m.Event(), m.ChecksumBody() })
			assert.Error(t, m.Decode(&struct{ A int }{}))
		})
	}
}

var testName = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")

// The list in docs/reliability.md would be worth nothing if its tests were renamed or gone.
func TestEveryTestThatTheListOfFailuresNamesExists(t *testing.T) {
	text, err := os.ReadFile("../docs/reliability.md")
	require.NoError(t, err)
	tests := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if f, ok := declaration.(*ast.FuncDecl); ok {
				tests[f.Name.Name] = true
			}
		}
		return nil
	}))
	named := testName.FindAllStringSubmatch(string(text), -1)
	assert.Greater(t, len(named), 40)
	for _, match := range named {
		assert.True(t, tests[match[1]], match[1])
	}
}
