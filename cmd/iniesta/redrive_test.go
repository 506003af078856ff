package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/internal/testserver"
)

// deadLetters is how many messages are redriven; INIESTA_TEST_DEADLETTERS sets another number.
func deadLetters() int {
	if n, err := strconv.Atoi(os.Getenv("INIESTA_TEST_DEADLETTERS")); err == nil {
		return n
	}
	return 5000
}

func TestARedriveThatIsKilledHalfWayAndRunAgainLosesAndDoublesNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		start func(testing.TB) string
		flags []string
	}{
		"one by one, on fauxqs":   {testserver.Fauxqs, nil},
		"one by one, on localaws": {localStart, []string{"--by-message"}},
		"by a task, on localaws":  {localStart, nil},
	} {
		t.Run(name, func(t *testing.T) {
			n := deadLetters()
			s := newDeadLetterStage(t, tt.start, n)
			killed := s.killHalfWay(t, n, program(t, append([]string{"redrive"}, tt.flags...)...))

			again := program(t, append([]string{"redrive"}, tt.flags...)...)
			out, err := again.CombinedOutput()
			require.NoError(t, err, string(out))
			back, left := s.bodies(t, "iniesta-development-shop"), s.bodies(t, "iniesta-development-shop-dead")
			for i := range n {
				body := strconv.Itoa(i)
				assert.Equal(t, 1, back[body]+left[body], "message %s is %d times back and %d times left", body, back[body], left[body])
			}
			assert.Empty(t, left)
			t.Logf("killed when %d of %d messages were back; after the second run %d are back, %d are left, none is in both: %s",
				killed, n, len(back), len(left), strings.TrimSpace(string(out)))
		})
	}
}

// localStart starts localaws and returns its URL.
func localStart(t testing.TB) string {
	server := localaws.New()
	url, err := server.Start()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	return url
}

// newDeadLetterStage is a service's queue with n dead letters, in the environment as settings are.
func newDeadLetterStage(t *testing.T, start func(testing.TB) string, n int) *stage {
	url, s := start(t), &stage{ctx: t.Context()}
	s.open(t, url)
	for variable, value := range map[string]string{
		"INIESTA_SQS_ENDPOINT_URL": url, "INIESTA_SNS_ENDPOINT_URL": url, "INIESTA_INITIALIZATION_TYPE": "QUEUE_POLLING", "SERVICE_NAME": "shop",
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
	} {
		t.Setenv(variable, value)
	}
	out, err := program(t, "setup", "--apply").CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, s.fill(t.Context(), "iniesta-development-shop", n))
	return s
}

// program is the command line as a process.
func program(t *testing.T, args ...string) *exec.Cmd {
	self, err := os.Executable()
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "iniesta")
	require.NoError(t, os.Symlink(self, name))
	return exec.Command(name, args...)
}

// killHalfWay kills a program once half of the messages are back, and returns how many those were.
func (s *stage) killHalfWay(t *testing.T, n int, c *exec.Cmd) int {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	require.NoError(t, c.Start())
	defer c.Wait()
	url := s.queueURL(t, "iniesta-development-shop")
	back := 0
	require.Eventually(t, func() bool {
		var err error
		back, err = s.count(t.Context(), url)
		require.NoError(t, err)
		return back >= n/2
	}, time.Minute, time.Millisecond, "%s", &out)
	require.NoError(t, c.Process.Kill())
	require.Less(t, back, n, "the kill came too late")
	return back
}

func (s *stage) queueURL(t *testing.T, name string) *string {
	out, err := s.queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
	require.NoError(t, err)
	return out.QueueUrl
}

// bodies consumes a queue and counts its bodies.
func (s *stage) bodies(t *testing.T, name string) map[string]int {
	url, counts := s.queueURL(t, name), map[string]int{}
	for {
		out, err := s.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
		require.NoError(t, err)
		if len(out.Messages) == 0 {
			return counts
		}
		in := &sqs.DeleteMessageBatchInput{QueueUrl: url}
		for i, m := range out.Messages {
			counts[*m.Body]++
			in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
		}
		_, err = s.queues.DeleteMessageBatch(t.Context(), in)
		require.NoError(t, err)
	}
}

func TestARedriveThatIsInterruptedLeavesNothingHalfDone(t *testing.T) {
	s := newDeadLetterStage(t, localStart, 500)
	c := program(t, "redrive", "--by-message", "--rate", "200")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	require.NoError(t, c.Start())
	url := s.queueURL(t, "iniesta-development-shop")
	require.Eventually(t, func() bool {
		n, err := s.count(t.Context(), url)
		require.NoError(t, err)
		return n >= 50
	}, time.Minute, time.Millisecond)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Error(t, c.Wait(), "it says that it was interrupted")
	back, left := s.bodies(t, "iniesta-development-shop"), s.bodies(t, "iniesta-development-shop-dead")
	assert.Regexp(t, `interrupted: `+strconv.Itoa(len(back))+` messages are back in iniesta-development-shop, the rest is in iniesta-development-shop-dead`, out.String())
	assert.Equal(t, 500, len(back)+len(left))
	for i := range 500 {
		assert.Equal(t, 1, back[strconv.Itoa(i)]+left[strconv.Itoa(i)])
	}
}
