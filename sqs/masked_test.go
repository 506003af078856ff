package sqs_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

func TestAMessageIsWrittenWithoutItsBodyInEveryForm(t *testing.T) {
	m := message("Order.shop", "the secret")
	m.MD5OfBody, m.Attributes = "secret", map[string]string{"AWSTraceHeader": "secret"}
	m.MessageAttributes["card"] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("secret")}
	failure := &sqs.HandlerError{Message: m, Handler: "shop.Placed", Err: fmt.Errorf("event Order.shop: %w", &hidingError{Body: "secret"})}
	for name, v := range map[string]any{
		"pointer": m, "value": *m, "slice": []sqs.Message{*m}, "pointers": []*sqs.Message{m}, "map": map[string]any{"m": m},
		"struct": struct{ M sqs.Message }{*m}, "array": [1]*sqs.Message{m},
		"failure": failure, "failure value": *failure, "failures": []error{failure}, "in a struct": struct{ Err error }{failure},
	} {
		var text bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%o"} {
			if name != "failure value" && name != "in a struct" { // package fmt does not call Error there
				fmt.Fprintf(&text, verb+"\n", v)
			}
		}
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		encoded, err := json.Marshal(v)
		require.NoError(t, err, name)
		text.Write(encoded)
		if encoded, err = xml.Marshal(v); err == nil {
			text.Write(encoded)
		}
		for _, planted := range []string{"secret", fmt.Sprintf("%x", "secret"), fmt.Sprintf("%X", "secret")} {
			assert.NotContains(t, text.String(), planted, name)
		}
		assert.Contains(t, text.String(), "Order.shop", name)
	}
}

// hidingError is an error of a user, which has more in it than it says.
type hidingError struct{ Body string }

func (*hidingError) Error() string { return "not possible" }

func TestTheJSONOfAMessageIsWhatIsLogged(t *testing.T) {
	m := message("Order.shop", "x")
	m.MessageID, m.Attributes = "1", map[string]string{"ApproximateReceiveCount": "2"}
	text, err := json.Marshal(m)
	require.NoError(t, err)
	assert.JSONEq(t, `{"sqs_message_id":"1","iniesta_pass":"Order.shop","receive_count":2}`, string(text))
	text, err = json.Marshal(&sqs.HandlerError{Message: m, Handler: "shop.Placed", Err: errors.New("boom")})
	require.NoError(t, err)
	assert.JSONEq(t, `"sqs: handling message 1 with shop.Placed: boom"`, string(text))
	text, err = json.Marshal(&sqs.PanicError{Value: "boom", Stack: []byte("stack")})
	require.NoError(t, err)
	assert.JSONEq(t, `"handler panicked: boom"`, string(text))
}
