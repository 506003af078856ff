package sqs_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

func TestConfirmFinishingNamesThePermissionsThatAreMissing(t *testing.T) {
	for _, denied := range [][]string{nil, {"sqs:DeleteMessage"}, {"sqs:ChangeMessageVisibility"}, {"sqs:DeleteMessage", "sqs:ChangeMessageVisibility"}} {
		inWorld(t, func(t *testing.T, w *world) {
			w.send("x", "Order.shop")
			document := `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}`
			for _, action := range denied {
				document += fmt.Sprintf(`,{"Effect":"Deny","Action":%q,"Resource":"*"}`, action)
			}
			c := w.client()
			require.NoError(t, w.server.Permit("key", document+"]}"))
			err := c.ConfirmFinishing(t.Context())
			for _, action := range []string{"sqs:DeleteMessage", "sqs:ChangeMessageVisibility"} {
				if slices.Contains(denied, action) {
					assert.ErrorIs(t, err, sqs.ErrPermissionNotFound)
					assert.ErrorContains(t, err, action+" on orders is denied")
				} else if err != nil {
					assert.NotContains(t, err.Error(), action+" on orders is denied")
				}
			}
			assert.Equal(t, len(denied) == 0, err == nil)
			assert.Len(t, w.server.Inspect("orders").Messages, 1, "nothing is changed")
		})
	}
}

func TestConfirmFinishingTakesNoOtherFailureForAnAnswer(t *testing.T) {
	assert.ErrorIs(t, sqs.New().ConfirmFinishing(t.Context()), sqs.ErrNotInitialized)
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client()
		for _, fault := range []localaws.Fault{{Code: "InternalError", Status: 500}, {Code: "ReceiptHandleIsInvalid", Status: 400}, {Cut: true}} {
			w.server.SetFault(func(localaws.Call) localaws.Fault { return fault })
			assert.NoError(t, c.ConfirmFinishing(t.Context()))
		}
	})
}
