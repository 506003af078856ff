package sqs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/redlock"
	"github.com/seed08532102/iniesta/sqs"
)

func TestHealthyNamesAPostReceiveHookThatDoesNotReturn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		release := make(chan struct{})
		w.handle(func(*sqs.Message) {})
		c := w.start(sqs.WithPostReceiveHook(func(context.Context, int) { <-release }))
		w.after(time.Hour)
		assert.ErrorContains(t, c.Healthy(t.Context()), "post-receive hook")
		close(release)
		w.after(time.Minute)
		assert.NoError(t, c.Healthy(t.Context()))
	})
}

func TestCloseAndASecondInitializeWaitForHandleMessage(t *testing.T) {
	for name, end := range map[string]func(*world, *sqs.Client) error{
		"Close":      func(_ *world, c *sqs.Client) error { return c.Close(context.Background()) },
		"Initialize": func(_ *world, c *sqs.Client) error { return c.Initialize(context.Background()) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.handle(func(*sqs.Message) { time.Sleep(5 * time.Second) })
				c := w.client()
				began, took := time.Now(), make(chan time.Duration, 1)
				go func() {
					time.Sleep(time.Second)
					assert.NoError(t, end(w, c))
					took <- time.Since(began)
				}()
				_, err := c.HandleMessage(t.Context(), &sqs.Message{MessageID: "1", RawBody: "x"})
				require.NoError(t, err)
				assert.Equal(t, 5*time.Second, <-took)
				synctest.Wait()
				for _, n := range w.nodes {
					assert.Equal(t, redlock.DoneMark, n.Value("sqs:event:1"), "its success is marked")
				}
			})
		})
	}
}

func TestAStopOfARunThatHasEndedArmsNoTimer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handle(func(*sqs.Message) {})
		c := w.start()
		w.after(time.Second)
		require.NoError(t, c.StopReceivingMessages(t.Context()))
		stops := testing.AllocsPerRun(100, func() { assert.NoError(t, c.StopReceivingMessages(t.Context())) })
		assert.Less(t, stops, 3.0, "allocations, of which a timer is one")
	})
}

// Long bodies are let go before the delete, while the messages of other groups go on.
func TestFIFOGroupsWithLongBodiesRunToTheEnd(t *testing.T) {
	inFIFO(t, func(t *testing.T, w *world) {
		var ran runs
		w.handle(func(m *sqs.Message) {
			ran.note(m)
			m.Attributes, m.RawBody = nil, ""
		})
		body := strings.Repeat("x", 4<<10)
		for i := range 120 {
			_, err := w.api.SendMessage(t.Context(), &awssqs.SendMessageInput{QueueUrl: &w.url, MessageBody: &body,
				MessageGroupId: aws.String(fmt.Sprint(i % 30)), MessageDeduplicationId: aws.String(fmt.Sprint(i))})
			require.NoError(t, err)
		}
		c := w.start()
		w.after(time.Minute)
		assert.Equal(t, 120, ran.count())
		assert.Empty(t, w.left())
		assert.Zero(t, c.Stats().InFlight)
	})
}

// The test runs itself as a process in which only approved cryptography is allowed, with the servers of its parent.
func TestAConsumerRunsWhereOnlyApprovedCryptographyIsAllowed(t *testing.T) {
	if os.Getenv("INIESTA_TEST_FIPS") != "" {
		handleOne(t)
		return
	}
	newRealWorld(t, 30)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "GODEBUG=fips140=only", "INIESTA_TEST_FIPS=1",
		"AWS_SECRET_ACCESS_KEY="+strings.Repeat("k", 40)) // shorter keys are not allowed
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
}

// handleOne sends a message, and has it locked, checked, handled and deleted.
func handleOne(t *testing.T) {
	r := sqs.NewRegistry()
	require.NoError(t, r.AddHandler(func(m *sqs.Message) error {
		if !m.ChecksumBody() {
			return errors.New("its checksum is wrong")
		}
		return nil
	}))
	c := sqs.New(sqs.WithRegistry(r))
	require.NoError(t, c.Initialize(t.Context()))
	defer c.Close(context.Background())
	require.NoError(t, c.StartReceivingMessages(t.Context()))
	m, err := c.CreateMessage("hello")
	require.NoError(t, err)
	require.NoError(t, m.Send(t.Context()))
	require.Eventually(t, func() bool { return c.Stats().Deleted == 1 }, 20*time.Second, 20*time.Millisecond)
}
