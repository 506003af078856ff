package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryMethodGetsItsEvents(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	assert.Equal(t, `*                      -> methods.(*Orders).Unknown
MailWanted.*           -> methods.Mails.Send
OrderCancelled.shop    -> methods.(*Orders).Cancelled
OrderPlaced.shop       -> methods.(*Orders).Placed
PasswordForgotten.user -> methods.Mails.Send
order 1 is open
order 1 was cancelled by message 2
failed: sqs: handling message 3 with methods.(*Orders).Cancelled: discarded: order 2 is not open
sent: Hello
StockChanged.warehouse is not for us
`, out.String())
}
