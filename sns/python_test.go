package sns_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sns"
)

// TestAttributesAreThoseThatPythonSends compares them with a request that was recorded of Python.
func TestAttributesAreThoseThatPythonSends(t *testing.T) {
	c := client(t, &api{}, "arn:aws:sns:us-east-1:000000000000:events")
	m, err := c.CreateMessage("OrderPlaced.shop", "{}", sns.WithRawEvent(), sns.WithAttribute("source", "api é /+&="), sns.WithAttribute("retries", 3),
		sns.WithAttribute("ratio", 1e16), sns.WithAttribute("labels", []any{"a/b", 1.0}), sns.WithAttribute("none", []string{}), sns.WithAttribute("raw", []byte{0, 0xff}))
	require.NoError(t, err)
	assert.Equal(t, pythonAttributes(t), m.Attributes)
}

func pythonAttributes(t *testing.T) map[string]types.MessageAttributeValue {
	text, err := os.ReadFile("../internal/localaws/testdata/python/json.json")
	require.NoError(t, err)
	var recorded []struct{ Name, Body string }
	require.NoError(t, json.Unmarshal(text, &recorded))
	i := slices.IndexFunc(recorded, func(r struct{ Name, Body string }) bool { return r.Name == "SQSMessage.send: every type of attribute" })
	require.GreaterOrEqual(t, i, 0)
	var body struct {
		MessageAttributes map[string]types.MessageAttributeValue
	}
	require.NoError(t, json.Unmarshal([]byte(recorded[i].Body), &body))
	return body.MessageAttributes
}
