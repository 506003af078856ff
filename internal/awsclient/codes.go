package awsclient

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
)

// Code returns the error code in err's chain, in one spelling for the query and the JSON protocol:
// without the prefix AWS.SimpleQueueService. and without Exception or Fault at its end, so
// AWS.SimpleQueueService.NonExistentQueue and QueueDoesNotExist are both QueueDoesNotExist. It is empty
// where err has no code, as errors of the network have none.
//
// The error may be of an API that a user wrote: a panic of its methods counts as no code.
func Code(err error) string {
	code, _ := describe(err)
	return code
}

// Final reports whether asking again is of no use: SQS or SNS refused what the request says. It decides
// by code alone, for calls and for entries of batches, because SenderFault is also true of throttling.
//
// Throttling and faults of the service are not final. Neither are refusals for a permission, the
// credentials or a KMS key, which change while a process runs. Codes that the table does not have and
// errors without a code are not final either: asking again has a bound everywhere, and giving a message
// up for a temporary error costs more than a few calls.
func Final(err error) bool { return classOf(Code(err)) == final }

// Temporary reports whether err is known to pass by itself: throttling, or a fault of the service.
func Temporary(err error) bool { return classOf(Code(err)) == temporary }

// EntryError is the failure of one entry of a batch, of either service, as the API error that it is.
func EntryError(code, message *string, senderFault bool) error {
	fault := smithy.FaultServer
	if senderFault {
		fault = smithy.FaultClient
	}
	return &smithy.GenericAPIError{Code: aws.ToString(code), Message: aws.ToString(message), Fault: fault}
}

// describe returns the normalised code and the message of the API error in err's chain.
func describe(err error) (code, message string) {
	defer func() {
		if recover() != nil {
			code, message = "", ""
		}
	}()
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return normal(api.ErrorCode()), api.ErrorMessage()
	}
	return "", ""
}

// legacy are codes of the query protocol that have another name in the JSON protocol.
var legacy = map[string]string{
	"NonExistentQueue":   "QueueDoesNotExist",
	"QueueAlreadyExists": "QueueNameExists",
}

func normal(code string) string {
	code, _, _ = strings.Cut(code, ";") // CODE;Sender in the header x-amzn-query-error
	code, _, _ = strings.Cut(code, ":") // CODE:URI in the header x-amzn-errortype
	code = code[strings.LastIndexByte(code, '#')+1:]
	code = strings.TrimPrefix(strings.TrimPrefix(code, "AWS.SimpleQueueService."), "AWS.")
	if key, ok := strings.CutPrefix(code, "KMS."); ok {
		code = "Kms" + key
	}
	for _, suffix := range []string{"Exception", "Fault"} {
		if short := strings.TrimSuffix(code, suffix); short != "" {
			code = short
		}
	}
	if name, ok := legacy[code]; ok {
		return name
	}
	return code
}

// class is what a code says about asking again.
type class int

const (
	unknown   class = iota
	temporary       // it passes by itself
	access          // it passes once someone has changed a permission, credentials or a key
	final           // the request is refused for what it says
)

func classOf(code string) class { return classes[strings.ToLower(code)] }

// classes has the normalised codes of SQS, SNS, KMS behind them, and those that all services share, in
// lower case: SQS writes KmsDisabled, SNS KMSDisabled.
var classes = classify(map[class]string{
	temporary: `
		Throttled Throttling RequestThrottled RequestThrottling TooManyRequests RequestLimitExceeded LimitExceeded
		ProvisionedThroughputExceeded BandwidthLimitExceeded SlowDown PriorRequestNotComplete EC2Throttled
		OverLimit PurgeQueueInProgress QueueDeletedRecently ConcurrentAccess TransactionInProgress
		KmsThrottled KmsThrottling KmsLimitExceeded KmsInternal KmsDependencyTimeout KmsKeyUnavailable
		ServiceUnavailable Unavailable InternalError InternalFailure InternalServer InternalServerError
		InternalService InternalServiceError RequestTimeout RequestTimedOut RequestExpired RequestTimeTooSkewed`,
	access: `
		AccessDenied AuthorizationError Unauthorized UnauthorizedOperation UnauthorizedAccess NotAuthorized Forbidden
		AuthFailure InvalidClientTokenId UnrecognizedClient InvalidAccessKeyId SignatureDoesNotMatch InvalidSignature
		IncompleteSignature MissingAuthenticationToken MissingAuthenticationTokenError InvalidToken ExpiredToken
		TokenRefreshRequired OptInRequired SubscriptionRequired
		KmsAccessDenied KmsDisabled KmsInvalidState KmsInvalidKeyUsage KmsInvalidGrantToken KmsNotFound KmsOptInRequired`,
	final: `
		ReceiptHandleIsInvalid MessageNotInflight ReadCountOutOfRange InvalidMessageContents InvalidIdFormat
		EmptyBatchRequest TooManyEntriesInBatchRequest BatchEntryIdsNotDistinct BatchRequestTooLong InvalidBatchEntryId
		InvalidParameterValue InvalidParameter ParameterValueInvalid InvalidParameterCombination MissingParameter
		MissingRequiredParameter MissingAction InvalidAction InvalidQueryParameter MalformedQueryString MalformedInput
		MalformedHttpRequest InvalidAttributeName InvalidAttributeValue Validation ValidationError Serialization
		UnknownOperation UnsupportedOperation RequestEntityTooLarge InvalidAddress InvalidSecurity InvalidHttpRequest
		QueueDoesNotExist QueueNameExists NotFound ResourceNotFound UserError Verification InvalidState EndpointDisabled
		PlatformApplicationDisabled OptedOut StaleTag TagPolicy TagLimitExceeded TopicLimitExceeded
		SubscriptionLimitExceeded FilterPolicyLimitExceeded ReplayLimitExceeded`,
})

func classify(names map[class]string) map[string]class {
	byCode := make(map[string]class)
	for class, codes := range names {
		for code := range strings.FieldsSeq(codes) {
			byCode[strings.ToLower(code)] = class
		}
	}
	return byCode
}
