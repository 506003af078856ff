package policy

import (
	"fmt"
	"strings"
)

// pattern is a text with wildcards, after its variables were replaced.
type pattern []symbol

type symbol struct {
	kind kind
	r    rune
}

type kind int

const (
	character kind = iota
	anyText        // *
	anyOne         // ?
)

func literal(text string) (p pattern) {
	for _, r := range text {
		p = append(p, symbol{r: r})
	}
	return p
}

func wildcards(text string) (p pattern) {
	for _, r := range text {
		switch r {
		case '*':
			p = append(p, symbol{anyText, r})
		case '?':
			p = append(p, symbol{anyOne, r})
		default:
			p = append(p, symbol{r: r})
		}
	}
	return p
}

// matches reports whether the pattern is the whole text. It goes back to the last * only, so that it takes no longer
// than both lengths multiplied.
func (p pattern) matches(text string) bool {
	runes := []rune(text)
	i, j, star, from := 0, 0, -1, 0
	for j < len(runes) {
		switch {
		case i < len(p) && p[i].kind == anyText:
			star, from = i, j
			i++
		case i < len(p) && (p[i].kind == anyOne || p[i].r == runes[j]):
			i, j = i+1, j+1
		case star >= 0:
			from++
			i, j = star+1, from
		default:
			return false
		}
	}
	for i < len(p) && p[i].kind == anyText {
		i++
	}
	return i == len(p)
}

// split cuts a pattern at its colons, into n parts at most.
func (p pattern) split(n int) []pattern {
	parts, start := []pattern{}, 0
	for i, s := range p {
		if len(parts) < n-1 && s == (symbol{r: ':'}) {
			parts, start = append(parts, p[start:i]), i+1
		}
	}
	return append(parts, p[start:])
}

// text takes the wildcards for the characters that they are.
func (p pattern) text() string {
	var b strings.Builder
	for _, s := range p {
		b.WriteRune(s.r)
	}
	return b.String()
}

// expand replaces the variables of a text: ${key}, ${key, 'default'}, and ${*}, ${?} and ${$} for those characters. It
// is undecided where a variable has no value that is known.
func (s statement) expand(text string, c context) (pattern, Verdict) {
	if !s.hasVariables {
		return wildcards(text), verdict(true)
	}
	var p pattern
	result := verdict(true)
	for {
		before, rest, found := strings.Cut(text, "${")
		variable, after, ended := strings.Cut(rest, "}")
		if !found || !ended {
			return append(p, wildcards(text)...), result
		}
		value, v := c.variable(variable)
		p = append(append(p, wildcards(before)...), literal(value)...)
		result, text = all(result, v), after
	}
}

func (c context) variable(text string) (string, Verdict) {
	if text == "*" || text == "?" || text == "$" {
		return text, verdict(true)
	}
	key, standIn, hasDefault := strings.Cut(text, ",")
	value := c.value(strings.TrimSpace(key))
	switch {
	case value.known() && len(value.texts) == 1:
		return value.texts[0], verdict(true)
	case value.known() && hasDefault:
		return strings.Trim(strings.TrimSpace(standIn), "'"), verdict(true)
	}
	return "", undecided(fmt.Sprintf("the value of ${%s} is not known", text))
}
