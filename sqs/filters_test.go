package sqs_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFiltersAreTheSettingsAsAFilterPolicy(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.client()
		assert.Empty(t, c.Filters(), "without filters everything comes")
		w.config.ConsumerFilters = []string{"UserUpdated.user", "Order.*"}
		c = w.client()
		text, err := json.Marshal(c.Filters())
		require.NoError(t, err)
		assert.JSONEq(t, `{"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]}`, string(text))
	})
}
