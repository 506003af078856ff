package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostile is text that would clear a terminal, turn its direction, and fake a line. SQS takes all of it.
const (
	hostile = "a\u009b2J\u202eb\nok   fake"
	escaped = `a\u009b2J\u202eb\nok   fake`
)

func TestWhatMessagesAndServersSayIsEscaped(t *testing.T) {
	s := newDeadLetterStage(t, localStart, 0)
	url := s.queueURL(t, "iniesta-development-shop")
	_, err := s.queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String(hostile),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String(hostile)},
			"other":        {DataType: aws.String("String"), StringValue: aws.String(hostile)},
		}})
	require.NoError(t, err)

	out := output(t, program(t, "peek"))
	assert.Equal(t, 3, strings.Count(out, escaped), out)
	assert.Len(t, strings.Split(strings.TrimSpace(out), "\n"), 2, out)

	out = output(t, program(t, "peek", "--json"))
	var shown shownMessage
	require.NoError(t, json.Unmarshal([]byte(out), &shown), out)
	assert.Equal(t, hostile, shown.Body)
	assert.NotContains(t, out, "\u009b")
	assert.NotContains(t, out, "\u202e")

	_, err = s.queues.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{
		"Policy": `{"Statement":{"Sid":` + quoted(t, hostile) + `,"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}}`}})
	require.NoError(t, err)
	for _, args := range [][]string{{"setup", "--apply"}, {"doctor"}, {"doctor", "--json"}} {
		c := program(t, args...)
		c.Env = append(os.Environ(), "INIESTA_INITIALIZATION_TYPE=EVENT_POLLING", "INIESTA_SQS_CONSUMER_FILTERS=A.*",
			"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN="+scriptTopic, "INIESTA_CACHES=redis://127.0.0.1:1/0")
		out, err := c.CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(out), "denies it")
		assert.NotContains(t, string(out), "\u202e")
		assert.NotContains(t, string(out), "\nok   fake")
	}
}

func TestErrorsAreOneEscapedLine(t *testing.T) {
	for _, args := range [][]string{
		{"peek", "--env-file", "x" + hostile},
		{"x" + hostile},
		{"tail", "--event", hostile},
		{"local", "--port", hostile},
	} {
		out, err := program(t, args...).CombinedOutput()
		require.Error(t, err)
		assert.NotContains(t, string(out), "\u202e")
		assert.NotContains(t, string(out), "\u009b")
		assert.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
	}
}

func TestMoreFiltersThanSNSTakesAreRefusedBeforeAnythingIsMade(t *testing.T) {
	s := &stage{ctx: t.Context()}
	url := localStart(t)
	s.open(t, url)
	filters := make([]string, 151)
	for i := range filters {
		filters[i] = fmt.Sprintf("Event%d.shop", i)
	}
	for _, args := range [][]string{{"setup", "--apply"}, {"doctor"}} {
		c := program(t, args...)
		c.Env = append(os.Environ(), "INIESTA_INITIALIZATION_TYPE=EVENT_POLLING", "INIESTA_SQS_CONSUMER_FILTERS="+strings.Join(filters, ","), "SERVICE_NAME=shop",
			"INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN="+scriptTopic, "INIESTA_SQS_ENDPOINT_URL="+url, "INIESTA_SNS_ENDPOINT_URL="+url)
		out, err := c.CombinedOutput()
		require.Error(t, err)
		assert.Contains(t, string(out), "SNS takes at most 150")
	}
	queues, err := s.queues.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	require.NoError(t, err)
	assert.Empty(t, queues.QueueUrls)
}

func TestTheEnvironmentOfLocalIsNotRunByAShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	for _, name := range []string{"$(touch ran)", "`touch ran`", "x; touch ran", "x'; touch ran; '", "x\ttouch", "a b"} {
		arn := "arn:aws:sns:us-east-1:000000000000:" + name
		c := program(t, "local", "--print-env")
		c.Env = append(os.Environ(), "INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN="+arn)
		out, err := c.Output()
		if strings.Contains(name, "\t") {
			assert.Error(t, err, "it cannot be printed")
			continue
		}
		require.NoError(t, err)
		dir := t.TempDir()
		shell := exec.Command(sh, "-c", `eval "$ENVIRONMENT"; printf %s "$INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN"`)
		shell.Dir, shell.Env = dir, append(os.Environ(), "ENVIRONMENT="+string(out))
		read, err := shell.Output()
		require.NoError(t, err)
		assert.Equal(t, arn, string(read))
		assert.NoFileExists(t, filepath.Join(dir, "ran"))
	}
}

// All output goes through package terminal: a call of fmt that writes would show text as it is.
func TestNothingIsPrintedPastTheEscapes(t *testing.T) {
	for _, pattern := range []string{"*.go", "../../internal/provision/*.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			fset := token.NewFileSet()
			tree, err := parser.ParseFile(fset, file, nil, 0)
			require.NoError(t, err)
			ast.Inspect(tree, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				f, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				what := called(f)
				if strings.HasPrefix(what, "fmt.Print") || (strings.HasPrefix(what, "fmt.Fprint") || what == "json.NewEncoder") && !isBuilder(call.Args[0]) {
					t.Errorf("%s: %s", fset.Position(n.Pos()), what)
				}
				return true
			})
		}
	}
}

// called is the name of what is called, such as fmt.Fprintf.
func called(f *ast.SelectorExpr) string {
	if x, ok := f.X.(*ast.Ident); ok {
		return x.Name + "." + f.Sel.Name
	}
	return f.Sel.Name
}

// isBuilder reports whether text is only collected: in the address of a variable, as of a strings.Builder.
func isBuilder(e ast.Expr) bool {
	u, ok := e.(*ast.UnaryExpr)
	return ok && u.Op == token.AND
}

func quoted(t *testing.T, text string) string {
	out, err := json.Marshal(text)
	require.NoError(t, err)
	return string(out)
}

func output(t *testing.T, c *exec.Cmd) string {
	out, err := c.Output()
	require.NoError(t, err)
	return string(out)
}
