package policy

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

type comparison struct {
	compare func(value string, wanted pattern) Verdict
	negated bool
}

// operators are the condition operators by their names in lower case, but for Null.
var operators = map[string]comparison{
	"stringequals":              {equal, false},
	"stringnotequals":           {equal, true},
	"stringequalsignorecase":    {equalFold, false},
	"stringnotequalsignorecase": {equalFold, true},
	"stringlike":                {like, false},
	"stringnotlike":             {like, true},
	"arnequals":                 {likeARN, false}, // one with ArnLike, as documented
	"arnnotequals":              {likeARN, true},
	"arnlike":                   {likeARN, false},
	"arnnotlike":                {likeARN, true},
	"bool":                      {equalFold, false},
	"binaryequals":              {equal, false},
	"ipaddress":                 {isAddress, false},
	"notipaddress":              {isAddress, true},
	"numericequals":             {numbers(0), false},
	"numericnotequals":          {numbers(0), true},
	"numericlessthan":           {numbers(-1), false},
	"numericlessthanequals":     {numbers(-1, 0), false},
	"numericgreaterthan":        {numbers(1), false},
	"numericgreaterthanequals":  {numbers(1, 0), false},
	"dateequals":                {dates(0), false},
	"datenotequals":             {dates(0), true},
	"datelessthan":              {dates(-1), false},
	"datelessthanequals":        {dates(-1, 0), false},
	"dategreaterthan":           {dates(1), false},
	"dategreaterthanequals":     {dates(1, 0), false},
}

// equal takes * and ? for what they are.
func equal(value string, wanted pattern) Verdict { return verdict(wanted.text() == value) }

func equalFold(value string, wanted pattern) Verdict {
	return verdict(strings.EqualFold(wanted.text(), value))
}

func like(value string, wanted pattern) Verdict { return verdict(wanted.matches(value)) }

func likeARN(value string, wanted pattern) Verdict { return wanted.matchesARN(value) }

// isAddress is never met: none of the values that are known here is an address.
func isAddress(string, pattern) Verdict { return verdict(false) }

// numbers compares decimal numbers, exactly. The orders are those that meet the condition.
func numbers(orders ...int) func(string, pattern) Verdict {
	return func(value string, wanted pattern) Verdict {
		limit, ok := decimal(wanted.text())
		if !ok {
			return undecided("it has a value that is no number")
		}
		number, ok := decimal(value)
		return verdict(ok && slices.Contains(orders, number.Cmp(limit)))
	}
}

func decimal(text string) (*big.Rat, bool) {
	if strings.Trim(text, "+-.0123456789") != "" { // fractions, and exponents that make a number huge
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

func dates(orders ...int) func(string, pattern) Verdict {
	return func(value string, wanted pattern) Verdict {
		limit, ok := date(wanted.text())
		if !ok {
			return undecided("it has a value that is no date")
		}
		moment, ok := date(value)
		return verdict(ok && slices.Contains(orders, moment.Compare(limit)))
	}
}

// layouts are the ISO 8601 formats of the W3C note that the documentation names.
var layouts = []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", time.DateOnly, "2006-01", "2006"}

// date reads ISO 8601, or seconds since 1970.
func date(text string) (time.Time, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) > len("2006") {
		return time.Unix(n, 0), true
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
