package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	topic = "arn:aws:sns:eu-west-1:123456789012:events"
	queue = "arn:aws:sqs:eu-west-1:210987654321:orders"
)

// allowing is the statement that AWS documents for a topic's queue, with parts added.
func allowing(parts string) string {
	return `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + queue + `"` + parts + `}`
}

// denying is a statement that denies everything to everybody, with parts added.
func denying(parts string) string {
	return `{"Sid":"No","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"` + parts + `}`
}

// on is a condition; the values are JSON.
func on(operator, key, values string) string {
	return fmt.Sprintf(`,"Condition":{%q:{%q:%s}}`, operator, key, values)
}

func fromTopic(operator, arn string) string { return on(operator, "aws:SourceArn", `"`+arn+`"`) }

func parsed(t *testing.T, text string) Policy {
	t.Helper()
	p, err := Parse(text)
	require.NoError(t, err, text)
	return p
}

func of(t *testing.T, statements ...string) Policy {
	t.Helper()
	return parsed(t, `{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`)
}

func TestWhetherATopicMaySend(t *testing.T) {
	const none, denied = "none of its 1 statements allows sqs:SendMessage for it", `statement "No" denies it`
	for name, c := range map[string]struct {
		statements []string
		decision   Decision
		why        string
	}{
		"as documented":                      {[]string{allowing(fromTopic("ArnEquals", topic))}, Yes, ""},
		"without a condition":                {[]string{allowing("")}, Yes, ""},
		"everybody":                          {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`}, Yes, ""},
		"any AWS principal":                  {[]string{`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sqs:ReceiveMessage","SQS:SendMessage"]}`}, Yes, ""},
		"any AWS principal, in a list":       {[]string{`{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"SQS:sendmessage"}`}, Yes, ""},
		"SNS among services":                 {[]string{`{"Effect":"Allow","Principal":{"Service":["events.amazonaws.com","sns.amazonaws.com"]},"Action":"*"}`}, Yes, ""},
		"the second statement":               {[]string{`{"Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"}`, allowing("")}, Yes, ""},
		"an action with a wildcard":          {[]string{`{"Effect":"Allow","Principal":"*","Action":"sqs:Send*"}`}, Yes, ""},
		"an action with a question mark":     {[]string{`{"Effect":"Allow","Principal":"*","Action":"sqs:?endMessage"}`}, Yes, ""},
		"all actions but others":             {[]string{`{"Effect":"Allow","Principal":"*","NotAction":["sqs:DeleteQueue","sqs:Purge*"]}`}, Yes, ""},
		"all resources but others":           {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","NotResource":"arn:aws:sqs:*:*:secret"}`}, Yes, ""},
		"a resource with fewer parts":        {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs"}`}, Yes, ""},
		"a resource with wildcards":          {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":["x","arn:aws:sqs:*:*:ord?rs"]}`}, Yes, ""},
		"all principals but others":          {[]string{`{"Effect":"Allow","NotPrincipal":{"AWS":"123456789012"},"Action":"*"}`}, Yes, ""},
		"a denial of something else":         {[]string{allowing(""), `{"Effect":"Deny","Principal":"*","Action":"sqs:DeleteQueue"}`}, Yes, ""},
		"a denial of everything but this":    {[]string{allowing(""), `{"Effect":"Deny","Principal":"*","NotAction":"sqs:SendMessage"}`}, Yes, ""},
		"a denial of other queues":           {[]string{allowing(""), `{"Effect":"Deny","Principal":"*","Action":"*","NotResource":"` + queue + `"}`}, Yes, ""},
		"a denial of everybody but SNS":      {[]string{allowing(""), `{"Effect":"Deny","NotPrincipal":{"Service":"sns.amazonaws.com"},"Action":"*"}`}, Yes, ""},
		"a denial of an account":             {[]string{allowing(""), `{"Effect":"Deny","Principal":{"AWS":"123456789012"},"Action":"*"}`}, Yes, ""},
		"nothing":                            {nil, No, "the queue has no policy"},
		"a denial wins":                      {[]string{allowing(""), denying("")}, No, denied},
		"a denial of this topic first":       {[]string{denying(fromTopic("ArnEquals", topic)), allowing("")}, No, denied},
		"a denial of everybody but a role":   {[]string{allowing(""), `{"Sid":"No","Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:role/x"},"Action":"*"}`}, No, denied},
		"a denial of all queues but one":     {[]string{allowing(""), `{"Sid":"No","Effect":"Deny","Principal":"*","Action":"*","NotResource":"arn:aws:sqs:eu-west-1:210987654321:other"}`}, No, denied},
		"a denial without a name":            {[]string{allowing(""), `{"Effect":"Deny","Principal":"*","Action":"*"}`}, No, "statement 2 denies it"},
		"another queue":                      {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"` + queue + `2"}`}, No, none},
		"all queues but this one":            {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","NotResource":"` + queue + `"}`}, No, none},
		"a queue in other letters":           {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs:eu-west-1:210987654321:Orders"}`}, No, none},
		"a wildcard over a colon":            {[]string{`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:sqs:*:orders"}`}, No, none},
		"another action":                     {[]string{`{"Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"}`}, No, none},
		"all actions but this one":           {[]string{`{"Effect":"Allow","Principal":"*","NotAction":"sqs:Send*"}`}, No, none},
		"another service":                    {[]string{`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"*"}`}, No, none},
		"an account":                         {[]string{`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"*"}`}, No, none},
		"everybody but SNS":                  {[]string{`{"Effect":"Allow","NotPrincipal":{"Service":"sns.amazonaws.com"},"Action":"*"}`}, No, none},
		"no principal":                       {[]string{`{"Effect":"Allow","Action":"*"}`}, No, none},
		"no action":                          {[]string{`{"Effect":"Allow","Principal":"*"}`}, No, none},
		"a statement that cannot be read":    {[]string{`{"Effect":"Allow","Principal":"*","Action":{"a":1}}`}, Undecided, "statement 1: it cannot be read"},
		"beside one that cannot be read":     {[]string{allowing(""), `7`}, Undecided, "statement 2: it cannot be read"},
		"an effect that is not known":        {[]string{`{"Effect":"Permit","Principal":"*","Action":"*"}`}, Undecided, ""},
		"an undecided denial of nothing":     {[]string{denying(on("StringEquals", "aws:SourceOrgID", `"o-1"`))}, No, none},
		"an undecided denial":                {[]string{allowing(""), denying(on("StringNotEquals", "aws:SourceOrgID", `"o-1"`))}, Undecided, `statement "No": its condition StringNotEquals on aws:SourceOrgID: the value of the key is not known`},
		"an undecided permission beside one": {[]string{allowing(on("StringEquals", "aws:SourceOrgID", `"o-1"`)), allowing("")}, Yes, ""},
		"an undecided permission":            {[]string{allowing(on("StringEquals", "aws:SourceOrgID", `"o-1"`))}, Undecided, "statement 1: its condition StringEquals on aws:SourceOrgID"},
		"undecided, and not met":             {[]string{allowing(`,"Condition":{"StringEquals":{"aws:SourceOrgID":"o-1","aws:SourceAccount":"1"}}`)}, No, none},
	} {
		t.Run(name, func(t *testing.T) {
			v := of(t, c.statements...).TopicMaySend(topic, queue)
			assert.Equal(t, c.decision.String(), v.Decision.String(), v.Why)
			assert.Contains(t, v.Why, c.why)
			assert.Equal(t, c.decision == Yes, v.Why == "", "%q", v.Why)
		})
	}
}

func TestAPolicyIsReadInEveryForm(t *testing.T) {
	one := allowing(on("Bool", "aws:SecureTransport", "true"))
	for name, text := range map[string]string{
		"one statement, not a list":  `{"Statement":` + one + `}`,
		"spaces":                     ` {"Statement": [ ` + one + ` ] } `,
		"element names in any case":  `{"statement":[{"effect":"Allow","principal":{"Service":"sns.amazonaws.com"},"action":"*"}]}`,
		"an Id and elements of ours": `{"Id":"x","Statement":[` + one + `]}`,
	} {
		assert.Equal(t, Yes, parsed(t, text).TopicMaySend(topic, queue).Decision, name)
	}
	assert.Equal(t, "the queue has no policy", parsed(t, " ").TopicMaySend(topic, queue).Why)
	for _, text := range []string{`{`, `[]`, `"x"`} {
		_, err := Parse(text)
		assert.ErrorContains(t, err, "reading the policy", text)
	}
}

func TestAllowsWhatIsCertain(t *testing.T) {
	p := parsed(t, `{"Statement":[
		{"Effect":"Allow","Action":["sqs:*","sns:Publish"],"Resource":"arn:aws:sqs:*:*:orders*"},
		{"Effect":"Deny","Action":"sqs:DeleteMessage","Resource":"*"},
		{"Effect":"Deny","Action":"sqs:ReceiveMessage","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":false}}},
		{"Effect":"Allow","Action":"sqs:ListQueues","Resource":"*","Condition":{"StringLikeIfExists":{"aws:SourceVpc":"*"}}}]}`)
	assert.True(t, p.Allows("sqs:ReceiveMessage", queue))
	assert.False(t, p.Allows("sqs:DeleteMessage", queue))
	assert.False(t, p.Allows("sqs:ReceiveMessage", "arn:aws:sqs:eu-west-1:210987654321:users"))
	assert.False(t, p.Allows("sqs:ListQueues", "*"), "under a condition")
}

func TestAGrantAllowsAndHasTheFormThatPythonLooksFor(t *testing.T) {
	for _, arns := range [][2]string{
		{topic, queue},
		{"arn:aws:sns:af-south-1:1:events", "arn:aws:sqs:eu-west-1:1:orders"},
		{"arn:aws:sns:eu-west-1:1:events", "arn:aws:sqs:me-south-1:1:orders"},
		{"arn:aws-cn:sns:cn-north-1:1:events", "arn:aws-cn:sqs:cn-north-1:1:orders"},
	} {
		grant := GrantOf(arns[0], arns[1]).String()
		assert.Equal(t, Yes, of(t, grant).TopicMaySend(arns[0], arns[1]).Decision, grant)
		assert.Contains(t, grant, `"Action":"SQS:SendMessage"`)
		assert.Contains(t, grant, `"Condition":{"ArnEquals":{"aws:SourceArn":"`+arns[0]+`"}}`)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Statement":[` + allowing(fromTopic("ArnLike", "*")) + `]}`)
	f.Add(`{"Version":"2012-10-17","Statement":[` + denying(on("ForAnyValue:StringNotLikeIfExists", "aws:PrincipalServiceNamesList", `[1,true,"${a,'b'}"]`)) + `]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err == nil {
			p.TopicMaySend(topic, queue)
			p.Allows("sqs:SendMessage", queue)
		}
	})
}
