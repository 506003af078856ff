// Package conformance is what AWS answers, as a table: each row is a call, or a few, with the answer of SQS or SNS and
// where that answer is known from. The embedded servers are held to it, and other servers can be asked too.
package conformance

import (
	"fmt"
	"net/http"
	"slices"
)

// Case is one row.
type Case struct {
	About  string // the operation
	What   string // is asked
	Source string // of the answer: a page of AWS's documentation, or a test whose snapshot was recorded from AWS
	Want   string // the answer: ok, a code with its HTTP status, or what is seen of an outcome
	Text   string // that the message of an error has, where it is known

	run func(*world) answer
}

// Result is a row with the answer of a server.
type Result struct {
	Case
	Got, Message string
}

// Agrees reports whether the server answered as AWS does.
func (r Result) Agrees() bool { return r.Got == r.Want && contains(r.Message, r.Text) }

// Cases are all rows, by operation.
func Cases() []Case {
	all := slices.Concat(sendCases, queueCases, receiveCases, visibilityCases, fifoCases, deadLetterCases, moveCases,
		publishCases, topicCases, subscriptionCases, filterCases(), queryCases)
	for _, c := range all {
		if c.Source == "" || c.Want == "" {
			panic(fmt.Sprintf("the case %q has no source or no answer", c.What))
		}
	}
	return all
}

// Run asks a server.
func (c Case) Run(client *http.Client, url string) (r Result) {
	r.Case = c
	defer func() {
		if p := recover(); p != nil {
			r.Got = fmt.Sprint("could not be asked: ", p)
		}
	}()
	got := c.run(&world{client: client, url: url})
	r.Got, r.Message = got.String(), got.message
	return r
}

// Where answers are known from.
const (
	queueAPI = "docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_"
	queueDoc = "docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
	topicAPI = "docs.aws.amazon.com/sns/latest/api/API_"
	topicDoc = "docs.aws.amazon.com/sns/latest/dg/"
	recorded = "localstack tests/aws/services/"
	sqsTests = recorded + "sqs/test_sqs.py "
	snsTests = recorded + "sns/test_sns.py "
	moveTest = recorded + "sqs/test_sqs_move_task.py "
	filtered = recorded + "sns/test_sns_filter_policy.py "
)
