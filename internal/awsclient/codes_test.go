package awsclient_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/awsclient"
)

const (
	passes = "temporary"
	access = "access"
	final  = "final"
	open   = "unknown"
)

func TestCodesDecideWhetherToAskAgain(t *testing.T) {
	tests := []struct{ code, normal, kind string }{
		{"RequestThrottled", "RequestThrottled", passes},
		{"Throttling", "Throttling", passes},
		{"ThrottlingException", "Throttling", passes},
		{"ThrottledException", "Throttled", passes},
		{"TooManyRequestsException", "TooManyRequests", passes},
		{"OverLimit", "OverLimit", passes},
		{"KmsThrottled", "KmsThrottled", passes},
		{"AWS.SimpleQueueService.KmsThrottled", "KmsThrottled", passes},
		{"KMS.ThrottlingException", "KmsThrottling", passes},
		{"KMSThrottling", "KMSThrottling", passes},
		{"KMSInternalException", "KMSInternal", passes},
		{"ServiceUnavailable", "ServiceUnavailable", passes},
		{"InternalError", "InternalError", passes},
		{"InternalFailure", "InternalFailure", passes},
		{"InternalServerError", "InternalServerError", passes},
		{"RequestTimeout", "RequestTimeout", passes},
		{"RequestTimeoutException", "RequestTimeout", passes},
		{"AccessDenied", "AccessDenied", access},
		{"AccessDeniedException", "AccessDenied", access},
		{"AuthorizationError", "AuthorizationError", access},
		{"ExpiredTokenException", "ExpiredToken", access},
		{"KmsAccessDenied", "KmsAccessDenied", access},
		{"KMS.DisabledException", "KmsDisabled", access},
		{"KMSInvalidStateException", "KMSInvalidState", access},
		{"KmsNotFound", "KmsNotFound", access},
		{"KMSOptInRequired", "KMSOptInRequired", access},
		{"ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", final},
		{"AWS.SimpleQueueService.MessageNotInflight", "MessageNotInflight", final},
		{"InvalidParameterValue", "InvalidParameterValue", final},
		{"InvalidParameterValueException", "InvalidParameterValue", final},
		{"AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "BatchEntryIdsNotDistinct", final},
		{"BatchEntryIdsNotDistinctException", "BatchEntryIdsNotDistinct", final},
		{"com.amazonaws.sqs#QueueDoesNotExist", "QueueDoesNotExist", final},
		{"AWS.SimpleQueueService.NonExistentQueue;Sender", "QueueDoesNotExist", final},
		{"QueueDoesNotExist:http://internal.amazon.com/coral/", "QueueDoesNotExist", final},
		{"NotFoundException", "NotFound", final},
		{"SomethingThatIsNew", "SomethingThatIsNew", open},
		{"Exception", "Exception", open},
		{"", "", open},
	}
	for _, tt := range tests {
		for _, senderFault := range []bool{true, false} {
			err := fmt.Errorf("deleting: %w", awsclient.EntryError(&tt.code, aws.String("why"), senderFault))
			_, denied := awsclient.AccessProblem(err, "sqs:DeleteMessage")
			assert.Equal(t, tt.normal, awsclient.Code(err), tt.code)
			assert.Equal(t, tt.kind == final, awsclient.Final(err), "Final %s", tt.code)
			assert.Equal(t, tt.kind == passes, awsclient.Temporary(err), "Temporary %s", tt.code)
			assert.Equal(t, tt.kind == access, denied, "AccessProblem %s", tt.code)
		}
	}
}

func TestTheSDKsErrorsHaveTheCodeOfTheirBatchEntries(t *testing.T) {
	tests := []struct {
		err  error
		want string
	}{
		{&sqstypes.QueueDoesNotExist{ErrorCodeOverride: aws.String("AWS.SimpleQueueService.NonExistentQueue")}, "QueueDoesNotExist"},
		{&sqstypes.QueueDoesNotExist{}, "QueueDoesNotExist"},
		{&sqstypes.RequestThrottled{}, "RequestThrottled"},
		{&snstypes.ThrottledException{}, "Throttled"},
		{&snstypes.KMSThrottlingException{}, "KMSThrottling"},
		{&smithy.OperationError{ServiceID: "SQS", Err: &sqstypes.ReceiptHandleIsInvalid{}}, "ReceiptHandleIsInvalid"},
		{nil, ""},
		{context.DeadlineExceeded, ""},
		{errors.New("connection reset by peer"), ""},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, awsclient.Code(tt.err), "%v", tt.err)
	}
}

// hostile is an error of an API that a user wrote.
type hostile struct{ smithy.APIError }

func (hostile) Error() string { return "hostile" }

func TestAnErrorWhoseMethodsPanicHasNoCode(t *testing.T) {
	assert.Empty(t, awsclient.Code(hostile{}))
	assert.False(t, awsclient.Final(fmt.Errorf("calling: %w", hostile{})))
	_, ok := awsclient.AccessProblem((*hostile)(nil), "sqs:DeleteMessage")
	assert.False(t, ok)
}

func TestAccessProblemsNameTheCause(t *testing.T) {
	tests := []struct{ code, message, want string }{
		{"AccessDenied", "Access to the resource https://sqs.us-east-1.amazonaws.com/ is denied.",
			"the permission sqs:DeleteMessage is missing (AccessDenied)"},
		{"AccessDenied", "User: arn:aws:sts::1:assumed-role/r is not authorized to perform: sqs:deletemessage on resource: arn:aws:sqs:eu-west-1:1:q because no identity-based policy allows the sqs:deletemessage action",
			"the permission sqs:deletemessage is missing, no identity-based policy allows it (AccessDenied)"},
		{"AuthorizationError", "User: arn:aws:iam::1:user/u is not authorized to perform: SNS:Publish on resource: x with an explicit deny in a service control policy",
			"the permission SNS:Publish is missing, denied by a service control policy (AuthorizationError)"},
		{"KmsAccessDenied", "", "the permission on the KMS key is missing: kms:Decrypt to receive, kms:GenerateDataKey and kms:Decrypt to send (KmsAccessDenied)"},
		{"KMS.DisabledException", "", "the KMS key is disabled: enable it (KmsDisabled)"},
		{"ExpiredTokenException", "", "the credentials have expired: renew them (ExpiredToken)"},
		{"InvalidClientTokenId", "", "AWS does not accept the credentials: check the keys, the role and the clock (InvalidClientTokenId)"},
	}
	for _, tt := range tests {
		got, ok := awsclient.AccessProblem(awsclient.EntryError(&tt.code, &tt.message, true), "sqs:DeleteMessage")
		assert.True(t, ok)
		assert.Equal(t, tt.want, got)
	}
}
