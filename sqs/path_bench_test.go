package sqs

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/internal/consumer"
)

// BenchmarkToTheHandler is all that is done between what the SDK decoded and the handler, but for the
// lock: the message, its record, the look for the handler, its context, and the way back.
func BenchmarkToTheHandler(b *testing.B) {
	r := NewRegistry()
	if err := r.AddHandler(func(context.Context, *Message) error { return nil }, "UserUpdated.user"); err != nil {
		b.Fatal(err)
	}
	s := &setup{queue: &queue{eventKey: "iniesta_pass"}, registry: r, telemetry: &telemetry{}}
	engine := consumer.NewBench(consumer.Options{Handler: s, Locker: ownLocker{noLocker{}}, Visibility: 30 * time.Second, MaxExtension: time.Hour,
		Log: slog.New(slog.DiscardHandler), Counters: &consumer.Counters{}})
	raw := &types.Message{MessageId: aws.String("1"), ReceiptHandle: aws.String("h"), Body: aws.String("{}"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("UserUpdated.user")},
		}}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		if res := engine.ToTheHandler(ctx, raw); res.Outcome != consumer.Handled {
			b.Fatal(res.Err)
		}
	}
}
