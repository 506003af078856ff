package filter

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFilterOfAttributesKnowsTheOperatorsOfSNS(t *testing.T) {
	for name, c := range map[string]struct {
		policy     string
		attributes map[string]any
		want       bool
	}{
		"an empty filter":             {`{}`, nil, true},
		"a value":                     {`{"k":["a","b"]}`, map[string]any{"k": "b"}, true},
		"another value":               {`{"k":["a"]}`, map[string]any{"k": "b"}, false},
		"no attribute":                {`{"k":["a"]}`, map[string]any{"l": "a"}, false},
		"every key counts":            {`{"k":["a"],"l":["b"]}`, map[string]any{"k": "a"}, false},
		"a prefix":                    {`{"k":[{"prefix":"A."}]}`, map[string]any{"k": "A.b"}, true},
		"a prefix of a number":        {`{"k":[{"prefix":"1"}]}`, map[string]any{"k": json.Number("12")}, false},
		"a suffix":                    {`{"k":[{"suffix":".b"}]}`, map[string]any{"k": "A.b"}, true},
		"another case":                {`{"k":[{"equals-ignore-case":"ab"}]}`, map[string]any{"k": "aB"}, true},
		"anything but a value":        {`{"k":[{"anything-but":"a"}]}`, map[string]any{"k": "b"}, true},
		"anything but that value":     {`{"k":[{"anything-but":["a","b"]}]}`, map[string]any{"k": "b"}, false},
		"anything but a prefix":       {`{"k":[{"anything-but":{"prefix":"A."}}]}`, map[string]any{"k": "A.b"}, false},
		"anything but needs a value":  {`{"k":[{"anything-but":"a"}]}`, map[string]any{}, false},
		"anything but, of an array":   {`{"k":[{"anything-but":["a"]}]}`, map[string]any{"k": []any{"a", "c"}}, true},
		"an address of a block":       {`{"k":[{"cidr":"10.0.0.0/24"}]}`, map[string]any{"k": "10.0.0.7"}, true},
		"an address of another":       {`{"k":[{"cidr":"10.0.0.0/24"}]}`, map[string]any{"k": "10.0.1.7"}, false},
		"no address":                  {`{"k":[{"cidr":"10.0.0.0/24"}]}`, map[string]any{"k": "ten"}, false},
		"an address of IPv6":          {`{"k":[{"cidr":"2001:db8:1234:1a00::/64"}]}`, map[string]any{"k": "2001:db8:1234:1a00::1"}, true},
		"a wildcard":                  {`{"k":[{"wildcard":"a*b*"}]}`, map[string]any{"k": "axxbyy"}, true},
		"a wildcard of another":       {`{"k":[{"wildcard":"a*b"}]}`, map[string]any{"k": "axxbyy"}, false},
		"stars that do not count":     {`{"k":[{"wildcard":"a*b*c*\\*\\\\"}]}`, map[string]any{"k": `abc*\`}, true},
		"a star that is one":          {`{"k":[{"wildcard":"a\\*"}]}`, map[string]any{"k": "a*"}, true},
		"a star that is no letter":    {`{"k":[{"wildcard":"a\\*"}]}`, map[string]any{"k": "ab"}, false},
		"anything but a wildcard":     {`{"k":[{"anything-but":{"wildcard":"a*"}}]}`, map[string]any{"k": "ab"}, false},
		"a hundred and fifty values":  {`{"k":[0` + strings.Repeat(",1", 149) + `]}`, map[string]any{"k": json.Number("1")}, true},
		"a number":                    {`{"k":[1]}`, map[string]any{"k": json.Number("1.0")}, true},
		"a number is no text":         {`{"k":["1"]}`, map[string]any{"k": json.Number("1")}, false},
		"a range":                     {`{"k":[{"numeric":[">",0,"<=",5]}]}`, map[string]any{"k": json.Number("5")}, true},
		"out of a range":              {`{"k":[{"numeric":[">",0,"<=",5]}]}`, map[string]any{"k": json.Number("0")}, false},
		"equal numbers":               {`{"k":[{"numeric":["=",3.015e2]}]}`, map[string]any{"k": json.Number("301.5")}, true},
		"a text is no number":         {`{"k":[{"numeric":["<",5]}]}`, map[string]any{"k": "4"}, false},
		"there":                       {`{"k":[{"exists":true}]}`, map[string]any{"k": ""}, true},
		"not there":                   {`{"k":[{"exists":true}]}`, map[string]any{}, false},
		"absent":                      {`{"k":[{"exists":false}]}`, map[string]any{"l": "x"}, true},
		"not absent":                  {`{"k":[{"exists":false}]}`, map[string]any{"k": "x"}, false},
		"one of an array":             {`{"k":["b"]}`, map[string]any{"k": []any{"a", "b"}}, true},
		"true and null of an array":   {`{"k":[true]}`, map[string]any{"k": []any{nil, true}}, true},
		"either, the second":          {`{"$or":[{"k":["a"]},{"l":["b"]}]}`, map[string]any{"l": "b"}, true},
		"either, neither":             {`{"$or":[{"k":["a"]},{"l":["b"]}]}`, map[string]any{"l": "a"}, false},
		"a number with a text in it":  {`{"k":[{"numeric":["<",5]}]}`, map[string]any{"k": json.Number("x")}, false},
		"equal to an unreadable":      {`{"k":[5]}`, map[string]any{"k": json.Number("x")}, false},
		"anything but an equal value": {`{"k":[{"anything-but":5}]}`, map[string]any{"k": json.Number("5")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Compile(c.policy, false)
			require.NoError(t, err)
			assert.Equal(t, c.want, f.PassesAttributes(c.attributes))
		})
	}
}

func TestAFilterOfBodiesLooksInside(t *testing.T) {
	for name, c := range map[string]struct {
		policy, body string
		want         bool
	}{
		"a key":                  {`{"k":["a"]}`, `{"k":"a","l":1}`, true},
		"a nested key":           {`{"k":{"l":["a"]}}`, `{"k":{"l":"a"}}`, true},
		"another nested value":   {`{"k":{"l":["a"]}}`, `{"k":{"l":"b"}}`, false},
		"no object there":        {`{"k":{"l":["a"]}}`, `{"k":"l"}`, false},
		"objects in an array":    {`{"k":{"l":["a"]}}`, `{"k":[{"l":"b"},{"l":"a"}]}`, true},
		"an absent nested key":   {`{"k":{"l":[{"exists":false}]}}`, `{}`, true},
		"a path for a key":       {`{"k.l":["a"]}`, `{"k":{"l":"a"}}`, true},
		"a key with a dot":       {`{"k.l":["a"]}`, `{"k.l":"a"}`, true},
		"dots here and there":    {`{"k.l.m":["a"]}`, `{"k":{"l.m":"a"}}`, true},
		"dots, another value":    {`{"k.l.m":["a"]}`, `{"k.l":{"m":"b"}}`, false},
		"an object is no leaf":   {`{"k":[{"exists":true}]}`, `{"k":{"l":1}}`, false},
		"an empty array":         {`{"k":[{"exists":true}]}`, `{"k":[]}`, false},
		"arrays in arrays":       {`{"k":["a"]}`, `{"k":[["b","a"]]}`, true},
		"null":                   {`{"k":[null]}`, `{"k":null}`, true},
		"a number":               {`{"k":[{"numeric":[">=",100]}]}`, `{"k":100}`, true},
		"no JSON":                {`{"k":["a"]}`, `k=a`, false},
		"JSON that is no object": {`{"k":[{"exists":false}]}`, `null`, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Compile(c.policy, true)
			require.NoError(t, err)
			assert.Equal(t, c.want, f.PassesBody(c.body))
		})
	}
}

func TestAFilterThatSNSRefusesIsRefused(t *testing.T) {
	for _, text := range []string{
		``, `x`, `[]`, `null`, `{} {}`, `{"k":"a"}`, `{"k":[]}`, `{"k":{"l":["a"]}}`, `{"k":[{"cidr":"10.0.0.0"}]}`, `{"k":[{"cidr":"x/8"}]}`, `{"k":[{"cidr":8}]}`, `{"k":[{}]}`, `{"k":[["a"]]}`,
		`{"k":[{"wildcard":"a**"}]}`, `{"k":[{"wildcard":"a\\b"}]}`, `{"k":[{"wildcard":1}]}`, `{"k":[{"wildcard":"a*b*c*d*"}]}`, `{"k":[{"anything-but":{"wildcard":"a*b*c*d*"}}]}`,
		`{"k":[{"wildcard":"a*b*c*"}` + strings.Repeat(`,{"wildcard":"a*b*c*"}`, 33) + `]}`, `{"k":[{"anything-but":{"suffix":"a"}}]}`,
		`{"k":[{"anything-but":[["a"]]}]}`, `{"k":[{"numeric":[1,"<"]}]}`, `{"k":[{"numeric":["<",100,">",10]}]}`, `{"k":[{"numeric":[">=",1,">",2]}]}`,
		`{"k":[{"numeric":[">",3,"<",1]}]}`, `{"k":[{"numeric":[">",20,30]}]}`, `{"k":[{"numeric":[">",20,"<",30,"<",50]}]}`,
		`{"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]}`, `{"k":[0` + strings.Repeat(",1", 150) + `]}`,
		`{"k":[0` + strings.Repeat(",1", 99) + `],"l":[0` + strings.Repeat(",1", 50) + `]}`,
		`{"k":[{"prefix":"a","suffix":"b"}]}`, `{"k":[{"prefix":1}]}`, `{"k":[{"exists":"yes"}]}`, `{"k":[{"numeric":[">"]}]}`,
		`{"k":[{"numeric":["~",1]}]}`, `{"k":[{"numeric":[">","1"]}]}`, `{"k":[{"anything-but":[]}]}`,
		`{"k":[{"anything-but":{"exists":true}}]}`, `{"k":[{"anything-but":{"prefix":1}}]}`, `{"$or":[{"k":["a"]}]}`, `{"$or":["a","b"]}`,
		`{"$or":[{"k":"a"},{"k":["b"]}]}`,
	} {
		_, err := Compile(text, false)
		assert.Error(t, err, text)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`{"k":["A.b",{"prefix":"C."},{"numeric":[">",1]}],"$or":[{"a":[1]},{"b":[{"exists":false}]}]}`, `{"k":"A.b","b":[1,{"c":null}]}`)
	f.Fuzz(func(t *testing.T, policy, body string) {
		compiled, err := Compile(policy, true)
		if err == nil {
			compiled.PassesBody(body)
		}
	})
}
