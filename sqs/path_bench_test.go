package sqs

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/seed08532102/iniesta/iniesta/config"
)

// BenchmarkToTheHandler is all that is done between what the SDK decoded and the handler, but for the
// lock: the message, its record, the look for the handler, its context, and the way back.
func BenchmarkToTheHandler(b *testing.B) {
	r := NewRegistry()
	if err := r.AddHandler(func(context.Context, *Message) error { return nil }, "UserUpdated.user"); err != nil {
		b.Fatal(err)
	}
	c := &consumer{config: config.Default(), queue: &queue{eventKey: "iniesta_pass"}, registry: r, locker: noLocker{},
		visibility: 30 * time.Second, log: slog.New(slog.DiscardHandler), stats: &counters{}, telemetry: &telemetry{}}
	k := &keeper{visibility: c.visibility, maxExtension: time.Hour, wake: make(chan struct{}, 1), stats: c.stats}
	inflight := newInflight()
	raw := &types.Message{MessageId: aws.String("1"), ReceiptHandle: aws.String("h"), Body: aws.String("{}"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"iniesta_pass": {DataType: aws.String("String"), StringValue: aws.String("UserUpdated.user")},
		}}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		d := newDelivery(newMessage(raw, c.queue), time.Now())
		inflight.add(d)
		k.track(d)
		if res := c.execute(ctx, d, k); res.outcome != handled {
			b.Fatal(res.err)
		}
		k.releaseIdle(d)
		inflight.remove(d)
	}
}
