package attribute_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/seed08532102/iniesta/internal/attribute"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type named string

func TestValuesAreEncodedAsPythonEncodesThem(t *testing.T) {
	tests := []struct {
		name  string
		value any
		kind  string
		text  string
	}{
		{"string", "hello", "String", "hello"},
		{"named string", named("x"), "String", "x"},
		{"not ASCII", "café ☕", "String", "café ☕"},
		{"int", 42, "Number", "42"},
		{"negative", int64(-7), "Number", "-7"},
		{"largest", uint64(math.MaxUint64), "Number", "18446744073709551615"},
		{"float", 1.5, "Number", "1.5"},
		{"whole float", 1.0, "Number", "1.0"},
		{"zero float", 0.0, "Number", "0.0"},
		{"large float", 1e16, "Number", "1e+16"},
		{"just below", 123456789012345.0, "Number", "123456789012345.0"},
		{"small float", 0.00001, "Number", "1e-05"},
		{"just above", 0.0001, "Number", "0.0001"},
		{"float32", float32(0.1), "Number", "0.1"},
		{"json.Number", json.Number("12.50"), "Number", "12.50"},
		{"list of strings", []string{"a", "b"}, "String.Array", `["a","b"]`},
		{"mixed list", []any{1, "a", nil, true}, "String.Array", `[1,"a",null,true]`},
		{"array", [2]int{1, 2}, "String.Array", `[1,2]`},
		{"empty list", []string{}, "String.Array", `[]`},
		{"nil list", []string(nil), "String.Array", `[]`},
		{"slashes and markup", []string{"a/b", "<&>"}, "String.Array", `["a\/b","<&>"]`},
		{"list not ASCII", []string{"é", "☕", "😀"}, "String.Array", `["\u00e9","\u2615","\ud83d\ude00"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := attribute.Encode(tt.value)
			require.NoError(t, err)
			assert.Equal(t, attribute.Value{DataType: tt.kind, StringValue: tt.text}, got)
		})
	}
	got, err := attribute.Encode([]byte{0, 255})
	require.NoError(t, err)
	assert.Equal(t, attribute.Value{DataType: "Binary", BinaryValue: []byte{0, 255}}, got)
	assert.Equal(t, len("n")+len("Binary")+2, got.Size("n"))
}

func TestValuesThatCannotBeSentAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"nil", nil, "the value is nil"},
		{"bool", true, "a bool cannot be sent: use a string, a number, a list or []byte"},
		{"map", map[string]int{}, "a map[string]int cannot be sent: use a string, a number, a list or []byte"},
		{"empty string", "", "the value is empty"},
		{"empty bytes", []byte{}, "the value is empty"},
		{"not UTF-8", "\xff", "the value: it is not UTF-8: send it as Binary, or encode it as base64"},
		{"control character", "a\x00", "the value: character U+0000 at byte 1 is not allowed: only tab, line feed, carriage return and what is above U+001F is, but U+FFFE and U+FFFF"},
		{"NaN", math.NaN(), "NaN is not a number that can be sent"},
		{"infinity", math.Inf(1), "+Inf is not a number that can be sent"},
		{"not a number", json.Number("twelve"), `"twelve" is not a number`},
		{"too many digits", json.Number(strings.Repeat("9", 39)), "a number of 39 digits, at most 38 are allowed"},
		{"list of channels", []chan int{nil}, "a []interface {} cannot be written as JSON: json: unsupported type: chan int"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := attribute.Encode(tt.value)
			require.ErrorIs(t, err, attribute.ErrInvalid)
			assert.EqualError(t, err, "invalid message attribute: "+tt.want)
		})
	}
}

func TestValuesAreDecodedByTheirTypeUpToTheDot(t *testing.T) {
	tests := []struct {
		kind, text string
		want       any
	}{
		{"String", "x", "x"},
		{"String.uuid", "x", "x"},
		{"Number", "1", json.Number("1")},
		{"Number.int", "1", json.Number("1")},
		{"String.Array", `[9007199254740993,"a"]`, []any{json.Number("9007199254740993"), "a"}},
		{"String.Array", `[1] [2]`, "[1] [2]"},
		{"String.Array", `not JSON`, "not JSON"},
		{"String.Array", `null`, "null"},
		{"Unknown", "x", "x"},
		{"", "x", "x"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, attribute.Decode(attribute.Value{DataType: tt.kind, StringValue: tt.text}), tt.kind)
	}
	assert.Equal(t, []byte("b"), attribute.Decode(attribute.Value{DataType: "Binary.png", BinaryValue: []byte("b")}))
}

func TestWhatIsEncodedIsDecodedToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[\t\n -~à-ž☕]{1,40}`).Draw(t, "text")
		v, err := attribute.Encode(text)
		require.NoError(t, err)
		assert.Equal(t, text, attribute.Decode(v))

		list := rapid.SliceOfN(rapid.String(), 0, 5).Draw(t, "list")
		v, err = attribute.Encode(list)
		require.NoError(t, err)
		decoded := attribute.Decode(v).([]any)
		require.Len(t, decoded, len(list))
		for i := range list {
			assert.Equal(t, strings.ToValidUTF8(list[i], "\ufffd"), decoded[i])
		}

		f := rapid.Float64Range(-1e30, 1e30).Draw(t, "float")
		v, err = attribute.Encode(f)
		require.NoError(t, err)
		back, err := attribute.Decode(v).(json.Number).Float64()
		require.NoError(t, err)
		assert.Equal(t, f, back)
	})
}

func TestNamesAreChecked(t *testing.T) {
	for _, name := range []string{"a", "iniesta_pass", "a.b-c_9", strings.Repeat("x", 256)} {
		assert.NoError(t, attribute.CheckName(name), name)
	}
	for name, want := range map[string]string{
		"":                       "it is empty",
		strings.Repeat("x", 257): "it has 257 characters, at most 256 are allowed",
		"a b":                    "only letters, digits, '_', '-' and '.' are allowed",
		"é":                      "only letters, digits, '_', '-' and '.' are allowed",
		"aws.x":                  "names that begin with AWS. or Amazon. are reserved",
		"Amazon.x":               "names that begin with AWS. or Amazon. are reserved",
		".a":                     "dots stand singly and inside",
		"a.":                     "dots stand singly and inside",
		"a..b":                   "dots stand singly and inside",
	} {
		err := attribute.CheckName(name)
		require.ErrorIs(t, err, attribute.ErrInvalid, name)
		assert.ErrorContains(t, err, want)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("String.Array", `["a"]`, []byte("x"))
	f.Add("Number.int", "1", []byte(nil))
	f.Fuzz(func(t *testing.T, kind, text string, binary []byte) {
		switch attribute.Decode(attribute.Value{DataType: kind, StringValue: text, BinaryValue: binary}).(type) {
		case string, json.Number, []byte, []any:
		default:
			t.Fatal("a type that is not documented")
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for name, value := range map[string]any{"string": "UserUpdated.user", "int": 42, "float": 1.5, "list": []string{"a", "b"}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := attribute.Encode(value); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
