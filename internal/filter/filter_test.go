package filter

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFiltersBecomeThePolicyThatPythonMakes(t *testing.T) {
	for name, c := range map[string]struct {
		filters []string
		want    string
	}{
		"none":               {nil, `{}`},
		"one producer":       {[]string{"UserUpdated.user"}, `{"iniesta_pass":["UserUpdated.user"]}`},
		"every producer":     {[]string{"UserUpdated.*"}, `{"iniesta_pass":[{"prefix":"UserUpdated."}]}`},
		"in the order given": {[]string{"B.b", "A.*", "C.c"}, `{"iniesta_pass":["B.b",{"prefix":"A."},"C.c"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse("iniesta_pass", c.filters)
			require.NoError(t, err)
			assert.Equal(t, c.want, p.String())
			again, err := ParsePolicy(c.want)
			require.NoError(t, err)
			assert.True(t, p.Equal(again))
		})
	}
}

func TestWhatIsNoFilterIsRefusedByName(t *testing.T) {
	bad := []string{"", "UserUpdated", ".", "UserUpdated.", ".user", "*", "*.user", "User*.user", "UserUpdated.us*", "A.b.c", "A.*.c", " A.b", "A.b "}
	_, err := Parse("iniesta_pass", append([]string{"Good.one"}, bad...))
	require.ErrorIs(t, err, ErrInvalid)
	for _, text := range bad {
		quoted, _ := json.Marshal(text)
		assert.ErrorContains(t, err, string(quoted)+": not a filter")
	}
	assert.NotContains(t, err.Error(), "Good")
}

func TestPoliciesAreComparedByMeaning(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		want bool
	}{
		"empty and absent":               {``, `{}`, true},
		"the same":                       {`{"k":["A.b"]}`, `{"k":["A.b"]}`, true},
		"in another order":               {`{"k":["A.b",{"prefix":"C."}]}`, `{"k":[{"prefix":"C."},"A.b"]}`, true},
		"twice":                          {`{"k":["A.b","A.b"]}`, `{"k":["A.b"]}`, true},
		"a value that a prefix covers":   {`{"k":["A.b",{"prefix":"A."}]}`, `{"k":[{"prefix":"A."}]}`, true},
		"a prefix that another covers":   {`{"k":[{"prefix":"A.b"},{"prefix":"A."}]}`, `{"k":[{"prefix":"A."}]}`, true},
		"other rules, keys reordered":    {`{"k":[{"numeric":[">",1]},{"exists":true}]}`, `{"k":[{"exists": true},{"numeric":[">", 1]}]}`, true},
		"one more":                       {`{"k":["A.b","C.d"]}`, `{"k":["A.b"]}`, false},
		"another value":                  {`{"k":["A.b"]}`, `{"k":["A.c"]}`, false},
		"a value and its prefix":         {`{"k":["A."]}`, `{"k":[{"prefix":"A."}]}`, false},
		"another attribute":              {`{"k":["A.b"]}`, `{"l":["A.b"]}`, false},
		"an attribute more":              {`{"k":["A.b"],"l":["x"]}`, `{"k":["A.b"]}`, false},
		"a policy and none":              {`{"k":["A.b"]}`, `{}`, false},
		"another rule than a prefix":     {`{"k":[{"anything-but":"A."}]}`, `{"k":[{"prefix":"A."}]}`, false},
		"two operators are not a prefix": {`{"k":[{"prefix":"A.","suffix":"b"}]}`, `{"k":[{"prefix":"A."}]}`, false},
		"null is no value":               {`{"k":[null]}`, `{"k":[""]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := ParsePolicy(c.a)
			require.NoError(t, err)
			b, err := ParsePolicy(c.b)
			require.NoError(t, err)
			assert.Equal(t, c.want, a.Equal(b))
			assert.Equal(t, c.want, b.Equal(a))
		})
	}
}

// Policies made of few short values: whether they are equal shows in what they let through.
func TestEqualPoliciesLetTheSameThrough(t *testing.T) {
	values := []string{"A.a", "A.b", "B.a", "B.b", "C.c"}
	r := rand.New(rand.NewPCG(1, 2))
	draw := func() Policy {
		var rules []Rule
		for range 1 + r.IntN(4) {
			if r.IntN(3) == 0 {
				rules = append(rules, Rule{Prefix: []string{"A.", "B.", "C.", "D."}[r.IntN(4)]})
			} else {
				rules = append(rules, Rule{Exact: values[r.IntN(len(values))]})
			}
		}
		return Policy{"k": rules}
	}
	passes := func(p Policy) []string {
		return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !p.Matches("k", v) })
	}
	equal := 0
	for range 5000 {
		a, b := draw(), draw()
		if a.Equal(b) {
			equal++
			assert.Equal(t, passes(a), passes(b), "%s and %s", a, b)
		}
	}
	assert.Positive(t, equal)
}

func TestWhatPasses(t *testing.T) {
	p, err := ParsePolicy(`{"k":["A.b",{"prefix":"C."},{"anything-but":"x"}]}`)
	require.NoError(t, err)
	assert.True(t, p.Matches("k", "A.b"))
	assert.True(t, p.Matches("k", "C.anything"))
	assert.False(t, p.Matches("k", "A.c"))
	assert.False(t, p.Matches("other", "A.b"))
	assert.True(t, Policy{}.Matches("k", "anything"), "no filter lets everything through")
}

func TestAPolicyThatIsNoneIsAnError(t *testing.T) {
	for _, text := range []string{"x", "[]", `{"k":"A.b"}`} {
		_, err := ParsePolicy(text)
		assert.ErrorContains(t, err, "reading a filter policy", text)
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(`{"k":["A.b",{"prefix":"C."},{"numeric":[">",1]}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy(text)
		if err != nil {
			return
		}
		again, err := ParsePolicy(p.String())
		require.NoError(t, err)
		assert.True(t, p.Equal(again), "%s is read as it was written", p)
	})
}
