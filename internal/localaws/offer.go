package localaws

import (
	"maps"
	"slices"
)

// Operations are the calls that the server answers, of SQS and of SNS, by name.
func Operations() (ofSQS, ofSNS []string) {
	return slices.Sorted(maps.Keys(operations)), slices.Sorted(maps.Keys(snsOperations))
}

// Absent are the calls of SNS that the server does not answer, with what they are for. Those of SQS are all there.
var Absent = map[string]string{
	"CheckIfPhoneNumberIsOptedOut": phones, "GetSMSAttributes": phones, "GetSMSSandboxAccountStatus": phones, "CreateSMSSandboxPhoneNumber": phones,
	"DeleteSMSSandboxPhoneNumber": phones, "ListOriginationNumbers": phones, "ListPhoneNumbersOptedOut": phones, "ListSMSSandboxPhoneNumbers": phones,
	"OptInPhoneNumber": phones, "SetSMSAttributes": phones, "VerifySMSSandboxPhoneNumber": phones,
	"CreatePlatformApplication": push, "CreatePlatformEndpoint": push, "DeleteEndpoint": push, "DeletePlatformApplication": push,
	"GetEndpointAttributes": push, "GetPlatformApplicationAttributes": push, "ListEndpointsByPlatformApplication": push,
	"ListPlatformApplications": push, "SetEndpointAttributes": push, "SetPlatformApplicationAttributes": push,
	"GetDataProtectionPolicy": protection, "PutDataProtectionPolicy": protection,
}

const (
	phones     = "text messages to phones"
	push       = "mobile push notifications"
	protection = "data protection policies"
)

// noAction is the refusal of a call that is not answered.
func noAction(name string) *apiError {
	if what, known := Absent[name]; known {
		return refused("InvalidAction", "The action %s is not offered by this local server: it has no %s.", name, what)
	}
	return refused("InvalidAction", "The action %s is not valid for this endpoint.", printable(name))
}
