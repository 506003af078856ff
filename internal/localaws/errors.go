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
	query                string // the message in the query protocol, where it differs
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refused(code, format string, args ...any) *apiError {
	return &apiError{shape: code, code: code, message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

// legacy errors have an old code that differs from their shape.
func legacy(shape, format string, args ...any) *apiError {
	return &apiError{shape: shape, code: "AWS.SimpleQueueService." + shape, message: fmt.Sprintf(format, args...), status: http.StatusBadRequest}
}

// withStatus is the error with another HTTP status.
func (e *apiError) withStatus(status int) *apiError {
	e.status = status
	return e
}

var (
	errUnknownOperation = refused("UnknownOperationException", "The operation is not known.")
	errSerialization    = refused("SerializationException", "The request could not be decoded.")
	errTooLarge         = refused("RequestEntityTooLarge", "The request is too large.").withStatus(http.StatusRequestEntityTooLarge)

	errNoQueue = &apiError{shape: "QueueDoesNotExist", code: "AWS.SimpleQueueService.NonExistentQueue", status: http.StatusBadRequest,
		message: "The specified queue does not exist.", query: "The specified queue does not exist for this wsdl version."}
	errQueueDeletedRecently = legacy("QueueDeletedRecently", "You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	errOverLimit            = refused("OverLimit", "Too many messages are in flight.").withStatus(http.StatusForbidden)
	errNoTask               = refused("ResourceNotFoundException", "Task does not exist.").withStatus(http.StatusNotFound)

	errEmptyBatch     = legacy("EmptyBatchRequest", "There should be at least one entry in the request.")
	errIDsNotDistinct = legacy("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
	errInvalidID      = legacy("InvalidBatchEntryId",
		"A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.")
)

func batchTooLong(size int) *apiError {
	return legacy("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", maxMessage, size)
}

func tooManyEntries(n int) *apiError {
	return legacy("TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10. You have sent %d.", n)
}

func queueExists(attribute string) *apiError {
	e := refused("QueueAlreadyExists", "A queue already exists with the same name and a different value for attribute %s", attribute)
	e.shape = "QueueNameExists"
	return e
}

func purgeInProgress(queue string) *apiError {
	return legacy("PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", queue).withStatus(http.StatusForbidden)
}

func invalidHandle(handle string) *apiError {
	return refused("ReceiptHandleIsInvalid", "The input receipt handle \"%s\" is not a valid receipt handle.", handle).withStatus(http.StatusNotFound)
}

func expiredHandle(handle string) *apiError {
	return invalidValue("ReceiptHandle", handle, "The receipt handle has expired.")
}

func notFoundResource(parameter string) *apiError {
	return refused("ResourceNotFoundException", "The resource that you specified for the %s parameter doesn't exist.", parameter).withStatus(http.StatusNotFound)
}

// invalid is InvalidParameterValue with a text of its own.
func invalid(format string, args ...any) *apiError {
	e := refused("InvalidParameterValue", format, args...)
	e.shape = "InvalidParameterValueException"
	return e
}

// invalidValue is InvalidParameterValue for the value of a parameter.
func invalidValue(parameter string, value any, format string, args ...any) *apiError {
	return invalid("Value %v for parameter %s is invalid. Reason: %s", value, parameter, fmt.Sprintf(format, args...))
}

func missingParameter(name string) *apiError {
	e := refused("MissingParameter", "The request must contain the parameter %s.", name)
	e.shape = "MissingRequiredParameterException"
	return e
}

// invalidAttribute is InvalidAttributeValue for a queue attribute.
func invalidAttribute(name, reason string) *apiError {
	text := "Invalid value for the parameter " + name + "."
	if reason != "" {
		text += " Reason: " + reason
	}
	return refused("InvalidAttributeValue", "%s", text)
}

func unknownAttribute(name string) *apiError {
	return refused("InvalidAttributeName", "Unknown Attribute %s.", printable(name))
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
