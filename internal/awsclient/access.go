package awsclient

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// AccessProblem reports whether err is a refusal for a permission, the credentials or a KMS key, and
// says the cause and what to change in words for an operator. Action is what was asked for, such as
// sqs:DeleteMessage; it is named where AWS does not say which permission is missing. Throttling is no
// such refusal, whoever throttles.
func AccessProblem(err error, action string) (cause string, ok bool) {
	code, message := describe(err)
	if classOf(code) != access {
		return "", false
	}
	reason, known := accessCauses[strings.ToLower(code)]
	switch {
	case known:
	case denied[strings.ToLower(code)]:
		reason = "the permission " + cmp.Or(permission(message), action, "for it") + " is missing" + policyKind(message)
	default:
		reason = "AWS does not accept the credentials: check the keys, the role and the clock"
	}
	return fmt.Sprintf("%s (%s)", reason, code), true
}

var denied = map[string]bool{
	"accessdenied": true, "authorizationerror": true, "unauthorized": true, "unauthorizedoperation": true,
	"unauthorizedaccess": true, "notauthorized": true, "forbidden": true,
}

var accessCauses = map[string]string{
	"kmsaccessdenied":      "the permission on the KMS key is missing: kms:Decrypt to receive, kms:GenerateDataKey and kms:Decrypt to send",
	"kmsdisabled":          "the KMS key is disabled: enable it",
	"kmsinvalidstate":      "the KMS key cannot be used in its state: see whether it is about to be deleted",
	"kmsinvalidkeyusage":   "the KMS key is not for encryption: use a symmetric key",
	"kmsinvalidgranttoken": "the grant on the KMS key is not accepted",
	"kmsnotfound":          "the KMS key does not exist: set an existing one",
	"kmsoptinrequired":     "the account is not subscribed to KMS, or the key's policy is not correct",
	"optinrequired":        "the account is not subscribed to the service or the region",
	"subscriptionrequired": "the account is not subscribed to the service",
	"expiredtoken":         "the credentials have expired: renew them",
	"tokenrefreshrequired": "the credentials have expired: renew them",
}

// AWS writes: User: ARN is not authorized to perform: sqs:deletemessage on resource: ARN because no
// identity-based policy allows the sqs:deletemessage action.
var (
	performs = regexp.MustCompile(`not authorized to perform: ([A-Za-z0-9-]{1,32}:[A-Za-z*]{1,64})`)
	denies   = regexp.MustCompile(`with an explicit deny in an? ([a-z -]{1,40}policy)`)
	allows   = regexp.MustCompile(`because no ([a-z -]{1,40}policy) allows`)
)

func permission(message string) string {
	if m := performs.FindStringSubmatch(message); m != nil {
		return m[1]
	}
	return ""
}

func policyKind(message string) string {
	if m := denies.FindStringSubmatch(message); m != nil {
		return ", denied by a " + m[1]
	}
	if m := allows.FindStringSubmatch(message); m != nil {
		return ", no " + m[1] + " allows it"
	}
	return ""
}
