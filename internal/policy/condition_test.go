package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The rules of "Condition operators" and "Set operators" in the IAM User Guide, with the keys that SNS sends.
func TestConditions(t *testing.T) {
	tomorrow := time.Now().Add(24 * time.Hour).UTC()
	for name, c := range map[string]struct {
		operator, key, values string
		met                   Decision
	}{
		"ArnEquals":                                {"ArnEquals", "aws:SourceArn", `"` + topic + `"`, Yes},
		"ArnEquals with a wildcard":                {"ArnEquals", "aws:SourceArn", `"arn:aws:sns:eu-west-?:123456789012:*"`, Yes},
		"ArnEquals of several":                     {"ArnEquals", "aws:SourceArn", `["arn:aws:sns:a:b:c","` + topic + `"]`, Yes},
		"ArnEquals of another":                     {"ArnEquals", "aws:SourceArn", `"` + topic + `2"`, No},
		"ArnEquals in other letters":               {"ArnEquals", "aws:SourceArn", `"arn:aws:sns:eu-west-1:123456789012:EVENTS"`, No},
		"ArnLike with a wildcard in each part":     {"ArnLike", "aws:SourceArn", `"arn:*:sns:*:*:ev*"`, Yes},
		"ArnLike over a colon":                     {"ArnLike", "aws:SourceArn", `"arn:aws:sns:*:events"`, No},
		"ArnLike over colons at the end":           {"ArnLike", "aws:SourceArn", `"arn:aws:sns:*"`, No},
		"ArnLike of another account":               {"ArnLike", "aws:SourceArn", `"arn:aws:sns:*:111111111111:*"`, No},
		"ArnLike of another partition":             {"ArnLike", "aws:SourceArn", `"arn:aws-cn:sns:*:*:*"`, No},
		"ArnLike of everything":                    {"ArnLike", "aws:SourceArn", `"*"`, Undecided},
		"ArnNotEquals":                             {"ArnNotEquals", "aws:SourceArn", `"` + topic + `"`, No},
		"ArnNotEquals of others":                   {"ArnNotEquals", "aws:SourceArn", `["arn:aws:sns:a:b:c","arn:aws:sns:a:b:d"]`, Yes},
		"ArnNotEquals of several, this among them": {"ArnNotEquals", "aws:SourceArn", `["arn:aws:sns:a:b:c","` + topic + `"]`, No},
		"ArnNotLike":                               {"ArnNotLike", "aws:SourceArn", `"arn:aws:sns:*:*:ev*"`, No},
		"the key in other letters":                 {"ArnLike", "AWS:sourceARN", `"` + topic + `"`, Yes},
		"the operator in other letters":            {"arnlike", "aws:SourceArn", `"` + topic + `"`, Yes},

		"StringEquals":                            {"StringEquals", "aws:SourceArn", `"` + topic + `"`, Yes},
		"StringEquals has no wildcards":           {"StringEquals", "aws:SourceArn", `"*"`, No},
		"StringEquals is of one case":             {"StringEquals", "aws:PrincipalServiceName", `"SNS.amazonaws.com"`, No},
		"StringEqualsIgnoreCase":                  {"StringEqualsIgnoreCase", "aws:PrincipalServiceName", `"SNS.amazonaws.com"`, Yes},
		"StringNotEqualsIgnoreCase":               {"StringNotEqualsIgnoreCase", "aws:PrincipalServiceName", `"SNS.amazonaws.com"`, No},
		"StringNotEquals":                         {"StringNotEquals", "aws:SourceAccount", `"123456789012"`, No},
		"StringNotEquals of another":              {"StringNotEquals", "aws:SourceAccount", `"111111111111"`, Yes},
		"StringLike":                              {"StringLike", "aws:SourceArn", `"*:events"`, Yes},
		"StringLike is of one case":               {"StringLike", "aws:SourceArn", `"*:EVENTS"`, No},
		"StringLike with question marks":          {"StringLike", "aws:SourceAccount", `"1234567890??"`, Yes},
		"StringLike with too many question marks": {"StringLike", "aws:SourceAccount", `"1234567890???"`, No},
		"StringNotLike":                           {"StringNotLike", "aws:SourceArn", `"*:events"`, No},
		"BinaryEquals":                            {"BinaryEquals", "aws:SourceAccount", `"QQ=="`, No},
		"no values":                               {"StringEquals", "aws:SourceAccount", `[]`, No},
		"no values, negated":                      {"StringNotEquals", "aws:SourceAccount", `[]`, Yes},

		"the account as a number":  {"StringEquals", "aws:SourceAccount", `123456789012`, Yes},
		"the account in a list":    {"StringEquals", "aws:SourceAccount", `["1",123456789012]`, Yes},
		"Bool in quotes":           {"Bool", "aws:SecureTransport", `"false"`, No},
		"Bool without quotes":      {"Bool", "aws:SecureTransport", `false`, No},
		"Bool that is met":         {"Bool", "aws:SecureTransport", `true`, Yes},
		"Bool in a list":           {"Bool", "aws:SecureTransport", `[true]`, Yes},
		"Bool in other letters":    {"Bool", "aws:SecureTransport", `"True"`, Yes},
		"BoolIfExists":             {"BoolIfExists", "aws:PrincipalIsAWSService", `"false"`, No},
		"it is an AWS service":     {"Bool", "aws:PrincipalIsAWSService", `"true"`, Yes},
		"it is not through one":    {"Bool", "aws:ViaAWSService", `false`, Yes},
		"the name of the service":  {"StringLike", "aws:PrincipalServiceName", `"sns.*"`, Yes},
		"the account of the queue": {"StringEquals", "aws:ResourceAccount", `"210987654321"`, Yes},
		"the region":               {"StringNotEquals", "aws:RequestedRegion", `["eu-west-1","eu-west-2"]`, No},

		"a key that is missing":              {"StringEquals", "aws:PrincipalOrgID", `"o-1"`, No},
		"missing, IfExists":                  {"StringEqualsIfExists", "aws:PrincipalOrgID", `"o-1"`, Yes},
		"missing, negated":                   {"StringNotEquals", "aws:SourceVpce", `"vpce-1"`, Yes},
		"missing, negated ARN":               {"ArnNotLike", "aws:SourceVpcArn", `"arn:aws:ec2:*:*:vpc/*"`, Yes},
		"missing, negated address":           {"NotIpAddress", "aws:VpcSourceIp", `"10.0.0.0/8"`, Yes},
		"missing, negated, IfExists":         {"StringNotEqualsIfExists", "aws:PrincipalOrgID", `"o-1"`, Yes},
		"missing, like everything":           {"StringLike", "aws:SourceVpc", `"*"`, No},
		"missing, an address":                {"IpAddress", "aws:VpcSourceIp", `"0.0.0.0/0"`, No},
		"missing, a tag of who asks":         {"StringEquals", "aws:PrincipalTag/team", `"shop"`, No},
		"missing, the session's age":         {"NumericLessThan", "aws:MultiFactorAuthAge", `3600`, No},
		"missing, BoolIfExists":              {"BoolIfExists", "aws:MultiFactorAuthPresent", `"true"`, Yes},
		"Null of a missing key":              {"Null", "aws:SourceVpce", `"true"`, Yes},
		"Null without quotes":                {"Null", "aws:SourceVpce", `true`, Yes},
		"Null, false, of a missing key":      {"Null", "aws:SourceVpce", `"false"`, No},
		"Null of a key that is there":        {"Null", "aws:SourceArn", `"true"`, No},
		"Null, false, of a key that is":      {"Null", "aws:SourceArn", `false`, Yes},
		"Null of a key that is hidden":       {"Null", "aws:SourceOrgID", `"true"`, Undecided},
		"Null of an account's older name":    {"Null", "aws:SourceOwner", `"true"`, Undecided},
		"the older name":                     {"StringEquals", "aws:SourceOwner", `"123456789012"`, Undecided},
		"the older name, of another account": {"StringEquals", "aws:SourceOwner", `"1"`, No},
		"the older name, IfExists":           {"StringEqualsIfExists", "aws:SourceOwner", `"123456789012"`, Yes},

		"ForAnyValue":                         {"ForAnyValue:StringEquals", "aws:PrincipalServiceNamesList", `"sns.amazonaws.com"`, Yes},
		"ForAnyValue of another":              {"ForAnyValue:StringEquals", "aws:PrincipalServiceNamesList", `"s3.amazonaws.com"`, No},
		"ForAnyValue of a missing key":        {"ForAnyValue:StringEquals", "aws:TagKeys", `"x"`, No},
		"ForAnyValue, negated, of a missing":  {"ForAnyValue:StringNotEquals", "aws:TagKeys", `"x"`, No},
		"ForAnyValue, IfExists, of a missing": {"ForAnyValue:StringEqualsIfExists", "aws:TagKeys", `"x"`, Undecided},
		"ForAllValues":                        {"ForAllValues:StringLike", "aws:PrincipalServiceNamesList", `"sns.*"`, Yes},
		"ForAllValues of one":                 {"ForAllValues:StringEquals", "aws:PrincipalServiceNamesList", `"s3.amazonaws.com"`, No},
		"ForAllValues of a missing key":       {"ForAllValues:StringEquals", "aws:TagKeys", `"x"`, Yes},
		"ForAllValues, negated":               {"ForAllValues:StringNotEquals", "aws:PrincipalServiceNamesList", `"s3.amazonaws.com"`, Yes},
		"ForAllValues, negated, and not met":  {"ForAllValues:StringNotEquals", "aws:PrincipalServiceNamesList", `"sns.amazonaws.com"`, No},
		"ForAnyValue of a single key":         {"ForAnyValue:StringEquals", "aws:SourceAccount", `["1","123456789012"]`, Yes},
		"several values without a set":        {"StringEquals", "aws:PrincipalServiceNamesList", `"sns.amazonaws.com"`, Undecided},
		"ForAnyValue, negated, in part":       {"ForAnyValue:StringNotEquals", "aws:PrincipalServiceNamesList", `"sns.amazonaws.com"`, Yes},
		"an address of SNS":                   {"IpAddress", "aws:SourceIp", `"10.0.0.0/8"`, Undecided},
		"not an address of SNS":               {"NotIpAddress", "aws:SourceIp", `"10.0.0.0/8"`, Undecided},
		"the ARN of who asks":                 {"ArnNotLike", "aws:PrincipalArn", `"arn:aws:iam::1:role/x"`, Undecided},
		"a tag of the queue":                  {"StringEquals", "aws:ResourceTag/team", `"shop"`, Undecided},
		"an organization's path":              {"ForAnyValue:StringLike", "aws:SourceOrgPaths", `"o-1/*"`, Undecided},
		"an operator that is not known":       {"StringMatches", "aws:SourceArn", `"x"`, Undecided},
		"a set that is not known":             {"ForSomeValues:StringLike", "aws:SourceArn", `"x"`, Undecided},

		"DateGreaterThan":                      {"DateGreaterThan", "aws:CurrentTime", `"2020-01-01T00:00:00Z"`, Yes},
		"DateLessThan":                         {"DateLessThan", "aws:CurrentTime", `"2020-01-01T00:00:00Z"`, No},
		"DateLessThan, tomorrow":               {"DateLessThan", "aws:CurrentTime", `"` + tomorrow.Format(time.RFC3339) + `"`, Yes},
		"DateLessThanEquals of a day":          {"DateLessThanEquals", "aws:CurrentTime", `"2020-01-01"`, No},
		"DateGreaterThanEquals of an epoch":    {"DateGreaterThanEquals", "aws:CurrentTime", `1577836800`, Yes},
		"DateEquals":                           {"DateEquals", "aws:CurrentTime", `"2020-01-01T00:00Z"`, No},
		"DateNotEquals":                        {"DateNotEquals", "aws:CurrentTime", `"2020-01-01T00:00:00.5+01:00"`, Yes},
		"a date that is none":                  {"DateLessThan", "aws:CurrentTime", `"soon"`, Undecided},
		"NumericGreaterThan":                   {"NumericGreaterThan", "aws:EpochTime", `1577836800`, Yes},
		"NumericGreaterThan in quotes":         {"NumericGreaterThan", "aws:EpochTime", `"1577836800.5"`, Yes},
		"NumericLessThanEquals":                {"NumericLessThanEquals", "aws:EpochTime", `1577836800`, No},
		"NumericLessThan":                      {"NumericLessThan", "aws:EpochTime", `99999999999`, Yes},
		"NumericGreaterThanEquals":             {"NumericGreaterThanEquals", "aws:SourceAccount", `123456789012`, Yes},
		"NumericEquals":                        {"NumericEquals", "aws:SourceAccount", `"123456789012.0"`, Yes},
		"NumericNotEquals":                     {"NumericNotEquals", "aws:SourceAccount", `123456789012`, No},
		"a number that is none":                {"NumericEquals", "aws:EpochTime", `"1e99999999"`, Undecided},
		"a number of a key that is none":       {"NumericEquals", "aws:SourceArn", `1`, No},
		"a variable":                           {"StringEquals", "aws:SourceAccount", `"${aws:SourceAccount}"`, Yes},
		"a variable of the queue":              {"StringNotEquals", "aws:SourceAccount", `"${aws:ResourceAccount}"`, Yes},
		"a variable in an ARN":                 {"ArnLike", "aws:SourceArn", `"arn:aws:sns:*:${aws:SourceAccount}:*"`, Yes},
		"a variable whose value is an ARN":     {"ArnLike", "aws:SourceArn", `"${aws:SourceArn}"`, Yes},
		"a variable that is missing":           {"StringEquals", "aws:SourceAccount", `"${aws:username}"`, Undecided},
		"a variable that is missing, replaced": {"StringEquals", "aws:SourceAccount", `"${aws:username, '123456789012'}"`, Yes},
		"a variable beside what is met":        {"StringEquals", "aws:SourceAccount", `["${aws:username}","123456789012"]`, Yes},
		"a star that is none":                  {"StringLike", "aws:SourceArn", `"${*}"`, No},
		"a dollar that is one":                 {"StringLike", "aws:SourceArn", `"${$}*"`, No},
		"a variable without an end":            {"StringEquals", "aws:SourceAccount", `"${aws:SourceAccount"`, No},
	} {
		t.Run(name, func(t *testing.T) {
			allowed := of(t, allowing(on(c.operator, c.key, c.values))).TopicMaySend(topic, queue)
			assert.Equal(t, c.met.String(), allowed.Decision.String(), allowed.Why)
			denied := of(t, allowing(""), denying(on(c.operator, c.key, c.values))).TopicMaySend(topic, queue)
			assert.Equal(t, (Yes - c.met).String(), denied.Decision.String(), "in a denial: %s", denied.Why)
		})
	}
}

func TestAllConditionsCount(t *testing.T) {
	both := `,"Condition":{"ArnEquals":{"aws:SourceArn":"` + topic + `"},"StringEquals":{"aws:SourceAccount":"%s"}}`
	for account, want := range map[string]Decision{"123456789012": Yes, "1": No} {
		condition := strings.Replace(both, "%s", account, 1)
		assert.Equal(t, want, of(t, allowing(condition)).TopicMaySend(topic, queue).Decision)
	}
}

func TestVariablesAreTextInAnOlderPolicy(t *testing.T) {
	statement := allowing(on("StringEquals", "aws:SourceAccount", `"${aws:SourceAccount}"`))
	for _, text := range []string{`{"Version":"2008-10-17","Statement":` + statement + `}`, `{"Statement":` + statement + `}`} {
		assert.Equal(t, No, parsed(t, text).TopicMaySend(topic, queue).Decision)
	}
}

// "Sending Amazon SNS messages to an Amazon SQS queue in a different Region" of the SNS guide.
func TestSNSHasTheNameOfARegionThatHasToBeOptedInto(t *testing.T) {
	for _, c := range []struct {
		topic, queue, name string
		want               Decision
	}{
		{"eu-west-1", "eu-west-1", "sns.amazonaws.com", Yes},
		{"eu-west-1", "eu-west-1", "sns.eu-west-1.amazonaws.com", Undecided},
		{"eu-west-1", "eu-west-1", "sns.us-east-1.amazonaws.com", No},
		{"us-east-1", "eu-west-1", "sns.amazonaws.com", Yes},
		{"af-south-1", "eu-west-1", "sns.af-south-1.amazonaws.com", Yes},
		{"af-south-1", "eu-west-1", "sns.amazonaws.com", No},
		{"ap-east-1", "us-east-1", "sns.af-south-1.amazonaws.com", No},
		{"eu-west-1", "me-south-1", "sns.me-south-1.amazonaws.com", Yes},
		{"eu-west-1", "me-south-1", "sns.amazonaws.com", Undecided},
		{"eu-south-1", "eu-south-1", "sns.amazonaws.com", Yes},
		{"eu-south-1", "eu-south-1", "sns.eu-south-1.amazonaws.com", Yes},
		{"eu-south-1", "ap-east-1", "sns.ap-east-1.amazonaws.com", Undecided},
		{"ap-northeast-3", "us-east-1", "sns.amazonaws.com", Undecided},
		{"us-gov-west-1", "us-gov-east-1", "sns.amazonaws.com", Yes},
		{"cn-north-1", "cn-northwest-1", "sns.amazonaws.com", Yes},
		{"cn-north-1", "cn-north-1", "sns.amazonaws.com.cn", Undecided},
	} {
		partition := "aws"
		if strings.HasPrefix(c.topic, "cn-") {
			partition = "aws-cn"
		} else if strings.HasPrefix(c.topic, "us-gov-") {
			partition = "aws-us-gov"
		}
		p := of(t, `{"Effect":"Allow","Principal":{"Service":"`+c.name+`"},"Action":"*"}`)
		v := p.TopicMaySend("arn:"+partition+":sns:"+c.topic+":1:events", "arn:"+partition+":sqs:"+c.queue+":1:orders")
		assert.Equal(t, c.want.String(), v.Decision.String(), "%+v: %s", c, v.Why)
	}
}
