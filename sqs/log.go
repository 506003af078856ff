package sqs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
)

// logFailure logs a failed message with the fields that Python's iniesta logs, so that searches and
// alerts keep working. The body is logged only where INIESTA_LOG_MESSAGE_BODY asks for it.
func (c *consumer) logFailure(m *Message, res result) {
	attributes, _ := json.Marshal(m.Attributes) // a map of strings always encodes
	fields := []slog.Attr{
		slog.String("iniesta_pass", m.Event()),
		slog.String("sqs_message_id", m.MessageID),
		slog.String("sqs_receipt_handle", m.ReceiptHandle),
		slog.String("sqs_md5_of_body", m.MD5OfBody),
		slog.String("sqs_attributes", string(attributes)),
		slog.String("handler_name", res.handler),
		slog.Any("error", res.err),
	}
	if c.config.LogMessageBody {
		fields = append(fields, slog.String("sqs_message_body", m.RawBody))
	}
	if panicked, ok := errors.AsType[*PanicError](res.err); ok && len(panicked.Stack) > 0 {
		fields = append(fields, slog.String("stack", string(panicked.Stack)))
	}
	cause := res.err
	if handler, ok := errors.AsType[*HandlerError](res.err); ok {
		cause = handler.Err
	}
	c.log.LogAttrs(context.Background(), slog.LevelError, fmt.Sprintf("[INIESTA] Error while handling message: %v", cause), fields...)
}

// step logs one step of a message's path at debug level, and costs nothing where that is off.
func (c *consumer) step(m *Message, what string) {
	if !c.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	c.log.Debug("[INIESTA] Message "+what, slog.String("sqs_message_id", m.MessageID), slog.String("iniesta_pass", m.Event()))
}

func (c *consumer) logHandled(m *Message, res result) {
	if !c.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	c.log.Debug("[INIESTA] Message handled successfully",
		slog.String("sqs_message_id", m.MessageID), slog.String("iniesta_pass", m.Event()), slog.String("handler_name", res.handler))
}

func (c *consumer) logReceiveFailure(failures int, err error) {
	c.log.Error("[INIESTA] Receiving failed and is tried again",
		slog.String("queue", c.queue.name), slog.Int("failures_in_a_row", failures), slog.Any("error", err))
}
