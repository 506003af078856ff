package filter

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestThePoliciesThatSNSCallsTooComplexAreRefused(t *testing.T) {
	var many []string
	for i := range MaxValues + 1 {
		many = append(many, fmt.Sprintf("A.s%d", i))
	}
	_, err := Parse("k", many)
	assert.ErrorIs(t, err, ErrInvalid)
	_, err = Parse("k", many[1:])
	assert.NoError(t, err)
	for text, ok := range map[string]bool{
		`{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"]}`:           true,
		`{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`: false,
		`{"a":["1"]}}`: false,
	} {
		_, err := Compile(text, false)
		assert.Equal(t, ok, err == nil, text)
	}
	n, deep, err := combinations(map[string]any{
		"a": map[string]any{"b": map[string]any{"c": []any{1, 2, 3, 4}}}, "d": map[string]any{"e": []any{1, 2, 3}}}, 1, 1)
	assert.NoError(t, err)
	assert.True(t, deep)
	assert.Equal(t, 72, n)
}
