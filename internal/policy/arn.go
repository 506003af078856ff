package policy

import "strings"

// fields are the fields of an ARN that policies ask for, empty where it is no ARN.
type fields struct{ partition, region, account string }

func fieldsOf(arn string) fields {
	parts := strings.SplitN(arn, ":", arnParts)
	if len(parts) != arnParts {
		return fields{}
	}
	return fields{partition: parts[1], region: parts[3], account: parts[4]}
}

const arnParts = 6

// matchesARN compares part by part, so that a wildcard ends at a colon of the first five parts.
func (p pattern) matchesARN(arn string) Verdict {
	wanted, parts := p.split(arnParts), strings.SplitN(arn, ":", arnParts)
	if len(p) == 1 && p[0].kind == anyText {
		return undecided("* is no pattern of an ARN")
	}
	if len(wanted) != arnParts || len(parts) != arnParts {
		return verdict(false)
	}
	return verdict(matchEach(wanted, parts))
}

// matchesResource compares part by part too. A pattern with fewer parts is about all that begins so.
func (p pattern) matchesResource(arn string) bool {
	wanted, parts := p.split(arnParts), strings.SplitN(arn, ":", arnParts)
	if len(wanted) == 1 || len(parts) != arnParts {
		return p.matches(arn)
	}
	for len(wanted) < arnParts {
		wanted = append(wanted, pattern{{kind: anyText}})
	}
	return matchEach(wanted, parts)
}

func matchEach(wanted []pattern, parts []string) bool {
	for i, p := range wanted {
		if !p.matches(parts[i]) {
			return false
		}
	}
	return true
}
