package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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

func TestARedriveThatIsKilledHalfWayAndRunAgainLosesNothing(t *testing.T) {
	for name, flags := range map[string][]string{"one by one": {"--by-message"}, "by a task": nil} {
		t.Run(name, func(t *testing.T) {
			server := localaws.New()
			t.Cleanup(func() { server.Close() })
			n := deadLetters()
			s := newDeadLetterStage(t, func(t testing.TB) string {
				url, err := server.Start()
				require.NoError(t, err)
				return url
			}, n)
			killed := s.killHalfWay(t, n, program(t, append([]string{"redrive"}, flags...)...))
			out, err := program(t, append([]string{"redrive"}, flags...)...).CombinedOutput()
			require.NoError(t, err, string(out))

			back, left := map[string]int{}, map[string]int{} // what the killed one had received is hidden for a minute
			for _, m := range server.Inspect("iniesta-development-shop").Messages {
				back[m.Body]++
			}
			for _, m := range server.Inspect("iniesta-development-shop-dead").Messages {
				left[m.Body]++
			}
			twice := 0
			for i := range n {
				copies := back[strconv.Itoa(i)] + left[strconv.Itoa(i)]
				assert.GreaterOrEqual(t, copies, 1, "message %d is lost", i)
				twice += copies - 1
			}
			assert.LessOrEqual(t, twice, 40, "no more than was under way")
			t.Logf("killed when %d of %d messages were back; then %d are back, %d are hidden, %d are in both: %s",
				killed, n, len(back), len(left), twice, strings.TrimSpace(string(out)))
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
	for name, c := range map[string]struct {
		start  func(testing.TB) string
		signal os.Signal
	}{
		"by Ctrl-C":            {localStart, os.Interrupt},
		"by a platform":        {localStart, syscall.SIGTERM},
		"by Ctrl-C, on fauxqs": {testserver.Fauxqs, os.Interrupt},
	} {
		t.Run(name, func(t *testing.T) {
			s := newDeadLetterStage(t, c.start, 500)
			p := program(t, "redrive", "--by-message", "--rate", "200")
			var out bytes.Buffer
			p.Stdout, p.Stderr = &out, &out
			require.NoError(t, p.Start())
			url := s.queueURL(t, "iniesta-development-shop")
			require.Eventually(t, func() bool {
				n, err := s.count(t.Context(), url)
				require.NoError(t, err)
				return n >= 50
			}, time.Minute, time.Millisecond)
			require.NoError(t, p.Process.Signal(c.signal))
			require.Error(t, p.Wait(), "it says that it was interrupted")
			back, left := s.bodies(t, "iniesta-development-shop"), s.bodies(t, "iniesta-development-shop-dead")
			assert.Regexp(t, `interrupted: `+strconv.Itoa(len(back))+` messages are back in iniesta-development-shop, the rest is in iniesta-development-shop-dead`, out.String())
			assert.Equal(t, 500, len(back)+len(left))
			for i := range 500 {
				assert.Equal(t, 1, back[strconv.Itoa(i)]+left[strconv.Itoa(i)])
			}
		})
	}
}
