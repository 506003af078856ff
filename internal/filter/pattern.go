package filter

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The limits of wildcard characters, of a pattern and of a policy.
const (
	maxWildcards      = 3
	maxWildcardsOfAll = 100
)

// wildcardsIn counts the characters * of a pattern that stand for others.
func wildcardsIn(pattern string) int {
	return strings.Count(strings.NewReplacer(`\\`, "", `\*`, "").Replace(pattern), "*")
}

// allWildcards counts those of a policy, or a part of it.
func allWildcards(value any) (n int) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			n += allWildcards(item)
		}
	case map[string]any:
		for key, inner := range v {
			if pattern, ok := inner.(string); ok && key == "wildcard" {
				n += wildcardsIn(pattern)
				continue
			}
			n += allWildcards(inner)
		}
	}
	return n
}

// compileWildcard reads a pattern in which * stands for any characters, and \* and \\ for themselves.
func compileWildcard(operand any) (func(any) bool, error) {
	pattern, ok := operand.(string)
	if !ok || pattern == "" {
		return nil, refuse("wildcard match pattern must be a string")
	}
	if wildcardsIn(pattern) > maxWildcards {
		return nil, refuse("Wildcard patterns have at most %d wildcard characters", maxWildcards)
	}
	var expression strings.Builder
	for rest := pattern; rest != ""; {
		c := rest[0]
		switch {
		case strings.HasPrefix(rest, "**"):
			return nil, refuse("Consecutive wildcard characters are not allowed")
		case c == '*':
			expression.WriteString(".*")
		case c == '\\':
			if len(rest) < 2 || rest[1] != '*' && rest[1] != '\\' {
				return nil, refuse(`Invalid escape character in wildcard: only \* and \\ are allowed`)
			}
			expression.WriteString(regexp.QuoteMeta(rest[1:2]))
			rest = rest[1:]
		default:
			expression.WriteString(regexp.QuoteMeta(rest[:1]))
		}
		rest = rest[1:]
	}
	compiled, err := regexp.Compile("^(?s:" + expression.String() + ")$")
	if err != nil {
		return nil, refuse("wildcard match pattern must be a string in UTF-8")
	}
	return func(value any) bool {
		text, ok := value.(string)
		return ok && compiled.MatchString(text)
	}, nil
}

// compileCIDR reads a block of IP addresses.
func compileCIDR(operand any) (func(any) bool, error) {
	text, ok := operand.(string)
	if !ok {
		return nil, refuse("prefix match pattern must be a string") // as SNS says
	}
	address, bits, _ := strings.Cut(text, "/")
	if strings.Count(text, "/") != 1 {
		return nil, refuse("Malformed CIDR, one '/' required")
	}
	if _, err := strconv.Atoi(bits); err != nil {
		return nil, refuse("Malformed CIDR, mask bits must be an integer")
	}
	block, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, refuse("Nonstandard IP address: %s", address)
	}
	return func(value any) bool {
		text, _ := value.(string)
		ip, err := netip.ParseAddr(text)
		return err == nil && block.Contains(ip)
	}, nil
}
