package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGroupsKeepTheirOrderAndOneThatFailsHoldsUpNoOther(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out))
	t.Log("\n" + out.String())
	order := map[string]string{}
	for _, m := range regexp.MustCompile(`([ABC])(\d) (done|fails)`).FindAllStringSubmatch(out.String(), -1) {
		order[m[1]] += m[2]
	}
	assert.Equal(t, map[string]string{"A": "1234", "B": "12234", "C": "1234"}, order)
	assert.Less(t, strings.Index(out.String(), "A4 done"), strings.Index(out.String(), "B2 done"), "A does not wait for B")
}
