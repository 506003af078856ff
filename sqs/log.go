package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed08532102/iniesta/internal/consumer"
)

// logFailure logs a failed message with the fields that Python's iniesta logs, so that searches and alerts keep working.
// The body is logged only where INIESTA_LOG_MESSAGE_BODY asks for it. The fields are those that SQS sent, whatever the
// handler made of its message.
func (s *setup) logFailure(m *consumer.Message, res consumer.Result) {
	raw := incomingOf(m).raw
	attributes, _ := json.Marshal(raw.Attributes) // a map of strings always encodes
	fields := []slog.Attr{
		slog.String("iniesta_pass", m.Event),
		slog.String("sqs_message_id", m.ID),
		slog.String("sqs_receipt_handle", m.Handle),
		slog.String("sqs_md5_of_body", aws.ToString(raw.MD5OfBody)),
		slog.String("sqs_attributes", string(attributes)),
		slog.String("handler_name", res.Handler),
		slog.Any("error", res.Err),
	}
	if s.config.LogMessageBody {
		fields = append(fields, slog.String("sqs_message_body", newMessage(raw, s.queue).RawBody))
	}
	if panicked, ok := errors.AsType[*PanicError](res.Err); ok && len(panicked.Stack) > 0 {
		fields = append(fields, slog.String("stack", string(panicked.Stack)))
	}
	cause := res.Err
	if handler, ok := res.Err.(*HandlerError); ok {
		cause = handler.Err
	}
	s.log.LogAttrs(context.Background(), slog.LevelError, fmt.Sprintf("[INIESTA] Error while handling message: %v", cause), fields...)
}

func (s *setup) logHandled(m *consumer.Message, res consumer.Result) {
	if !s.engine.WantsDebug() {
		return
	}
	s.engine.Note(slog.LevelDebug, "[INIESTA] Message handled successfully",
		slog.String("sqs_message_id", m.ID), slog.String("iniesta_pass", m.Event), slog.String("handler_name", res.Handler))
}

// callbackFailed notes that code of the user's did not return.
func (s *setup) callbackFailed(err error) {
	if s.engine == nil { // Initialize fails, or goes on without
		s.stats.CallbackFailures.Add(1)
		return
	}
	s.engine.CallbackFailed(err)
}
