package localaws

import (
	"fmt"
	"net/http"
)

// apiError is an error of the service: the shape that JSON clients know it by, the code that the
// older query protocol had for it and that SDKs still report, and the HTTP status.
type apiError struct {
	shape, code, message string
	status               int
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refused(code, format string, args ...any) *apiError {
	return &apiError{shape: code, code: code, message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

// legacy errors have an old code that differs from their shape.
func legacy(shape, code, message string) *apiError {
	return &apiError{shape: shape, code: code, message: message, status: http.StatusBadRequest}
}

var (
	errUnknownOperation = refused("UnknownOperationException", "The operation is not known.")
	errSerialization    = refused("SerializationException", "The request could not be decoded.")
	errTooLarge         = &apiError{shape: "RequestEntityTooLarge", code: "RequestEntityTooLarge",
		message: "The request is too large.", status: http.StatusRequestEntityTooLarge}

	errNoQueue = legacy("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
		"The specified queue does not exist.")
	errQueueExists = legacy("QueueNameExists", "QueueAlreadyExists",
		"A queue already exists with the same name and a different value for an attribute.")
	errEmptyBatch = legacy("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest",
		"There should be at least one entry in the request.")
	errBatchTooLong = legacy("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong",
		"Batch requests cannot be longer than 1048576 bytes.")
	errTooManyEntries = legacy("TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
		"Maximum number of entries per request are 10.")
	errIDsNotDistinct = legacy("BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
		"Two or more batch entries in the request have the same Id.")
	errInvalidID = legacy("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId",
		"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
	errOverLimit = &apiError{shape: "OverLimit", code: "OverLimit",
		message: "Too many messages are in flight.", status: http.StatusForbidden}
	errNotInFlight = legacy("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight",
		"The message referred to is not in flight.")
	errInvalidHandle = &apiError{shape: "ReceiptHandleIsInvalid", code: "ReceiptHandleIsInvalid",
		message: "The input receipt handle is invalid.", status: http.StatusNotFound}
	errExpiredHandle = refused("InvalidParameterValue",
		"Value for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.")
	errGoneHandle = refused("InvalidParameterValue",
		"Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.")
)

func invalidValue(parameter, format string, args ...any) *apiError {
	return refused("InvalidParameterValue", "Value for parameter %s is invalid. Reason: %s", parameter, fmt.Sprintf(format, args...))
}

func missingParameter(name string) *apiError {
	return refused("MissingParameter", "The request must contain the parameter %s.", name)
}

func respondError(w http.ResponseWriter, err error) {
	e, ok := err.(*apiError)
	if !ok {
		e = &apiError{shape: "InternalFailure", code: "InternalFailure", message: err.Error(), status: http.StatusInternalServerError}
	}
	fault := "Sender"
	if e.status >= http.StatusInternalServerError {
		fault = "Receiver"
	}
	w.Header().Set("x-amzn-query-error", e.code+";"+fault)
	respond(w, e.status, struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{"com.amazonaws.sqs#" + e.shape, e.message})
}
