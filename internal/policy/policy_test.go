package policy

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	topic = "arn:aws:sns:eu-west-1:123456789012:events"
	queue = "arn:aws:sqs:eu-west-1:123456789012:orders"
)

// allow is the statement that AWS documents for a topic's queue, with parts replaced.
func allow(parts string) string {
	return `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + queue + `"` + parts + `}`
}

func fromTopic(operator, arn string) string {
	return fmt.Sprintf(`,"Condition":{%q:{"aws:SourceArn":%q}}`, operator, arn)
}

func TestWhetherATopicMaySend(t *testing.T) {
	const deny = `{"Sid":"No","Effect":"Deny","Principal":"*","Action":"sqs:*","Resource":"*"%s}`
	for name, c := range map[string]struct {
		statements string
		why        string // empty where it may
	}{
		"as documented":                   {allow(fromTopic("ArnEquals", topic)), ""},
		"without a condition":             {allow(""), ""},
		"one statement, not a list":       {`!` + allow(""), ""},
		"ArnLike with a wildcard":         {allow(fromTopic("ArnLike", "arn:aws:sns:*:123456789012:ev*")), ""},
		"ArnEquals with a wildcard":       {allow(fromTopic("ArnEquals", "arn:aws:sns:eu-west-?:123456789012:*")), ""},
		"StringEquals":                    {allow(fromTopic("StringEquals", topic)), ""},
		"StringLike":                      {allow(fromTopic("StringLike", "*:events")), ""},
		"the key in other letters":        {allow(`,"Condition":{"ArnEquals":{"AWS:sourceARN":["x","` + topic + `"]}}`), ""},
		"by account":                      {allow(`,"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}`), ""},
		"everybody":                       {`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`, ""},
		"any AWS principal":               {`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sqs:ReceiveMessage","SQS:SendMessage"]}`, ""},
		"the second statement":            {`{"Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"},` + allow(""), ""},
		"an action with a wildcard":       {`{"Effect":"Allow","Principal":"*","Action":"sqs:Send*"}`, ""},
		"a denial of something else":      {allow("") + `,{"Effect":"Deny","Principal":"*","Action":"sqs:DeleteQueue"}`, ""},
		"a denial of everything but this": {allow("") + `,{"Effect":"Deny","Principal":"*","NotAction":"sqs:SendMessage"}`, ""},
		"a denial without TLS":            {allow("") + "," + fmt.Sprintf(deny, `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`), ""},
		"a denial of other topics":        {allow("") + "," + fmt.Sprintf(deny, fromTopic("ArnNotEquals", topic)), ""},

		"nothing":                       {"", "the queue has no policy"},
		"a denial wins":                 {allow("") + "," + fmt.Sprintf(deny, ""), `statement "No" denies it`},
		"a denial of this topic first":  {fmt.Sprintf(deny, fromTopic("ArnEquals", topic)) + "," + allow(""), `statement "No" denies it`},
		"another topic":                 {allow(fromTopic("ArnEquals", topic+"2")), "none of its 1 statements allows sqs:SendMessage for it"},
		"StringEquals has no wildcards": {allow(fromTopic("StringEquals", "*")), "none of its 1"},
		"another queue":                 {`{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"` + queue + `2"}`, "none of its 1"},
		"another action":                {`{"Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"}`, "none of its 1"},
		"another service":               {`{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"*"}`, "none of its 1"},
		"an account":                    {`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"*"}`, "none of its 1"},
		"one of two conditions":         {allow(`,"Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"},"StringEquals":{"aws:SourceAccount":"1"}}`), "none of its 1"},
		"a condition of another kind":   {allow(`,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), "none of its 1"},
	} {
		t.Run(name, func(t *testing.T) {
			text := `{"Version":"2012-10-17","Statement":[` + c.statements + `]}`
			if one, ok := cut(c.statements); ok {
				text = `{"Statement":` + one + `}`
			}
			p, err := Parse(text)
			require.NoError(t, err)
			ok, why := p.TopicMaySend(topic, queue)
			assert.Equal(t, c.why == "", ok, why)
			assert.Contains(t, why, c.why)
		})
	}
}

func cut(s string) (string, bool) {
	if len(s) > 0 && s[0] == '!' {
		return s[1:], true
	}
	return s, false
}

func TestAnEmptyTextIsNoPolicyAndNonsenseAnError(t *testing.T) {
	p, err := Parse(" ")
	require.NoError(t, err)
	ok, why := p.TopicMaySend(topic, queue)
	assert.False(t, ok)
	assert.Equal(t, "the queue has no policy", why)
	_, err = Parse(`{"Statement":7}`)
	assert.ErrorContains(t, err, "reading the policy")
}

func FuzzParse(f *testing.F) {
	f.Add(`{"Statement":[` + allow(fromTopic("ArnLike", "*")) + `]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err == nil {
			p.TopicMaySend(topic, queue)
		}
	})
}
