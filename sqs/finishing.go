package sqs

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

// noHandle is a receipt handle that SQS never gives out.
const noHandle = "iniesta-asks-whether-it-may"

// ConfirmFinishing checks that the credentials may delete messages and change their visibility timeout: without one
// of them handled messages come back until they are dead letters. It names the permissions that are missing, in an
// error that matches ErrPermissionNotFound. Other failures of the calls are no answer, and nil. It returns
// ErrNotInitialized before Initialize.
//
// It asks with a receipt handle that belongs to no message, in a batch of one, so that nothing is changed. SQS refuses
// a caller who may not do something before it looks at the entries of a batch: AccessDenied is the answer of the whole
// call, as IAM evaluates policies before a request is processed ("Policy evaluation logic" in the IAM User Guide). A
// caller who may gets an answer for each entry, here ReceiptHandleIsInvalid (recorded from AWS in getmoto/moto#4765).
func (c *Client) ConfirmFinishing(ctx context.Context) error {
	consumer, err := c.initialized("confirming the permissions to finish messages")
	if err != nil {
		return err
	}
	q := consumer.queue
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, deleting := q.api.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{
		QueueUrl: &q.url, Entries: []types.DeleteMessageBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: aws.String(noHandle)}}})
	_, hiding := q.api.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{
		QueueUrl: &q.url, Entries: []types.ChangeMessageVisibilityBatchRequestEntry{{Id: aws.String("0"), ReceiptHandle: aws.String(noHandle), VisibilityTimeout: 0}}})
	return errors.Join(
		q.missing("sqs:DeleteMessage", "handled messages come back until they are dead letters", deleting),
		q.missing("sqs:ChangeMessageVisibility", "messages come back while their handlers run", hiding))
}

// missing is an error where err refuses an action to the caller.
func (q *queue) missing(action, consequence string, err error) error {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok || !deniedCodes[api.ErrorCode()] {
		return nil
	}
	return fmt.Errorf("%w: %s on %s is denied, so that %s: allow it in the policy of the service's role, and in the queue's (%w)",
		ErrPermissionNotFound, action, q.name, consequence, err)
}

// deniedCodes are the codes by which SQS and what is in its place refuse an action to a caller.
var deniedCodes = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "AuthorizationError": true, "KmsAccessDenied": true, "KMS.AccessDeniedException": true,
	"UnauthorizedOperation": true, "NotAuthorized": true,
}
