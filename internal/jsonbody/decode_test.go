package jsonbody_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed08532102/iniesta/internal/jsonbody"
)

func TestNumbersKeepTheirDigits(t *testing.T) {
	const long = "123456789012345678901234567890"
	text := `{"id":9007199254740993,"in":{"id":18446744073709551615},"list":[1e400,-0],"long":` + long + `,"price":0.10}`
	var decoded any
	require.NoError(t, jsonbody.Decode(text, &decoded))
	assert.Equal(t, map[string]any{
		"id": json.Number("9007199254740993"), "long": json.Number(long), "price": json.Number("0.10"),
		"list": []any{json.Number("1e400"), json.Number("-0")}, "in": map[string]any{"id": json.Number("18446744073709551615")},
	}, decoded)
	encoded, err := json.Marshal(decoded)
	require.NoError(t, err)
	assert.Equal(t, text, string(encoded))
}

func TestNothingButOneValueIsTaken(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for _, text := range []string{``, ` `, `{`, `{"a":`, `{}{}`, `{}}`, `[1]]`, `1 2`, `{} x`, "null\x00", `nul`, "\ufeff{}", deep} {
		var decoded any
		_, ok := jsonbody.Decode(text, &decoded).(*json.SyntaxError)
		assert.True(t, ok, "%.20q", text)
	}
	var decoded any
	require.NoError(t, jsonbody.Decode(" \n{\"a\":1,\"a\":2}\t\r\n ", &decoded))
	assert.Equal(t, map[string]any{"a": json.Number("2")}, decoded, "of a key that comes twice the last counts, as in Python")
}

func TestNullIsFound(t *testing.T) {
	for text, want := range map[string]bool{"null": true, "\n null\t": true, `"null"`: false, "nil": false, "": false} {
		assert.Equal(t, want, jsonbody.IsNull(text), text)
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"a":[1,2.5,"x",null,true]}`, `{} {}`, `"\ud800"`, `1e999`, "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var decoded any
		err := jsonbody.Decode(text, &decoded)
		if valid := json.Valid([]byte(text)); valid != (err == nil) {
			t.Fatalf("valid %v, error %v", valid, err)
		}
	})
}
