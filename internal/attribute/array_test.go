package attribute_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/attribute"
)

type point struct {
	Y int     `json:"y"`
	X float64 `json:"x"`
}

// level writes its own JSON, through a pointer.
type level float64

func (l *level) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, `"level %g"`, *l), nil }

func TestListsAreWrittenAsUjsonWritesThem(t *testing.T) {
	half, list := 0.5, []any{1.0}
	tests := []struct {
		name string
		list any
		want string // what ujson 5.7 writes
	}{
		{"whole floats", []float64{1, 0, -3, 100}, `[1.0,0.0,-3.0,100.0]`},
		{"negative zero", []float64{math.Copysign(0, -1)}, `[-0.0]`},
		{"large floats", []float64{1e15, 9999999999999998, 1e16, 123456789012345680, 1e21, 1e22, 1e300}, `[1000000000000000.0,9999999999999998.0,1e+16,1.2345678901234568e+17,1e+21,1e+22,1e+300]`},
		{"small floats", []float64{0.0001, 0.00001, 0.0000001, 1.5e-10, 1e-300}, `[0.0001,1e-5,1e-7,1.5e-10,1e-300]`},
		{"fractions", []float64{0.1, 2.34, 12345678.9}, `[0.1,2.34,12345678.9]`},
		{"float32", []float32{0.1, 2}, `[0.1,2.0]`},
		{"integers", []any{1, int64(math.MinInt64), uint64(math.MaxUint64), int64(9007199254740993)}, `[1,-9223372036854775808,18446744073709551615,9007199254740993]`},
		{"what is inside", []any{[]float64{1}, map[string]any{"a": 2.0, "b": []any{3.0}}, &half, &list}, `[[1.0],{"a":2.0,"b":[3.0]},0.5,[1.0]]`},
		{"an array of arrays", [2][1]float64{{1}, {2}}, `[[1.0],[2.0]]`},
		{"durations are integers", []time.Duration{1}, `[1]`},
		{"json.Number as it is", []any{json.Number("1.50")}, `[1.50]`},
		{"control characters", []string{"\x00\b\t\n\f\r\x7f\u2028"}, `["\u0000\b\t\n\f\r` + "\x7f" + `\u2028"]`},
		{"quotes", []string{`"\`}, `["\"\\"]`},
		{"nothing", []any{nil, []float64(nil), map[string]any(nil), (*float64)(nil)}, `[null,null,null,null]`},
		{"a struct has the order of its fields", []point{{1, 0.5}}, `[{"y":1,"x":0.5}]`},
		{"bytes are base64", []any{[]byte{1}}, `["AQ=="]`},
		{"a time", []any{time.Unix(0, 0).UTC()}, `["1970-01-01T00:00:00Z"]`},
		{"what writes its own JSON", []level{1}, `["level 1"]`},
		{"a map of numbers", []any{map[int]int{1: 2}}, `[{"1":2}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := attribute.Encode(tt.list)
			require.NoError(t, err)
			assert.Equal(t, attribute.Value{DataType: attribute.Array, StringValue: tt.want}, got)
		})
	}
}

func TestListsThatAreNoJSONAreRefused(t *testing.T) {
	endless := []any{nil}
	endless[0] = endless
	for name, list := range map[string]any{
		"NaN": []float64{math.NaN()}, "infinity inside": []any{[]any{math.Inf(-1)}}, "a list in itself": endless, "a function": []any{func() {}},
	} {
		_, err := attribute.Encode(list)
		assert.ErrorIs(t, err, attribute.ErrInvalid, name)
	}
}
