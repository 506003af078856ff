package sqs_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/sqs"
)

func TestAReceivedMessageThatIsSentAgainStaysAsItIs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		n, changed := 0, false
		w.handle(func(ctx context.Context, m *sqs.Message) error {
			before := *m
			if n++; n > 1 {
				return nil
			}
			err := m.Send(ctx)
			changed = before.MessageID != m.MessageID || before.MD5OfBody != m.MD5OfBody || before.ReceiptHandle != m.ReceiptHandle
			return err
		})
		w.send("", "x")
		w.start()
		w.after(time.Minute)
		assert.Equal(t, 2, n, "the copy is handled too")
		assert.False(t, changed)
	})
}

func TestNullIsRefusedWhereNothingCanBeNil(t *testing.T) {
	for event, h := range map[string]any{"struct": func(order) {}, "number": func(int) {}} {
		r := sqs.NewRegistry()
		require.NoError(t, r.AddHandler(h, event))
		call, _ := r.Lookup(event)
		_, err := call(t.Context(), message(event, " null "))
		assert.ErrorContains(t, err, "the body is null", event)
	}
	var list []int
	assert.NoError(t, message("e", "null").Decode(&list))
	var held struct{ Any map[string]any }
	require.NoError(t, message("e", `{"Any":{"id":9007199254740993}}`).Decode(&held))
	assert.Equal(t, json.Number("9007199254740993"), held.Any["id"])
}
