package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// fill makes n dead letters in the way they are made in earnest: by messages that are received too often.
func (s *stage) fill(ctx context.Context, queue string, n int) error {
	work, err := s.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &queue})
	if err != nil {
		return err
	}
	for from := 0; from < n; from += 10 {
		in := &sqs.SendMessageBatchInput{QueueUrl: work.QueueUrl}
		for i := from; i < min(from+10, n); i++ {
			in.Entries = append(in.Entries, types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(strconv.Itoa(i)),
				MessageAttributes: map[string]types.MessageAttributeValue{"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("Order.shop")}}})
		}
		if _, err := s.queues.SendMessageBatch(ctx, in); err != nil {
			return err
		}
	}
	dead, err := s.queues.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queue + "-dead")})
	if err != nil {
		return err
	}
	if err := s.allowReceives(ctx, work.QueueUrl, queue, 1); err != nil {
		return err
	}
	for range n + 10 {
		if err := s.receiveAndLeave(ctx, work.QueueUrl); err != nil {
			return err
		}
		if count, err := s.count(ctx, dead.QueueUrl); err != nil || count == n {
			return errors.Join(err, s.allowReceives(ctx, work.QueueUrl, queue, 5))
		}
	}
	return fmt.Errorf("%d dead letters could not be made", n)
}

func (s *stage) allowReceives(ctx context.Context, url *string, queue string, n int) error {
	_, err := s.queues.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{
		"RedrivePolicy": fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:%s-dead","maxReceiveCount":"%d"}`, queue, n)}})
	return err
}

// receiveAndLeave receives ten messages and has them visible again at once.
func (s *stage) receiveAndLeave(ctx context.Context, url *string) error {
	out, err := s.queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
	if err != nil || len(out.Messages) == 0 {
		return err
	}
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: url}
	for i, m := range out.Messages {
		in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	_, err = s.queues.ChangeMessageVisibilityBatch(ctx, in)
	return err
}

// count is how many messages a queue has, visible or in flight.
func (s *stage) count(ctx context.Context, url *string) (int, error) {
	out, err := s.queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible}})
	if err != nil {
		return 0, err
	}
	total := 0
	for _, text := range out.Attributes {
		n, err := strconv.Atoi(text)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func portsAreFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		l, err := net.Listen("tcp", loopback(port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}
