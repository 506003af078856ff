package consumer

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Bench measures the engine without a queue: what happens between the SDK's message and the end of the handler, except
// for the lock and the settling. It is for benchmarks of package sqs.
type Bench struct {
	consumer *Consumer
	extender *extender
	inflight *inflight
}

// NewBench makes a Bench.
func NewBench(o Options) *Bench {
	c := New(o)
	return &Bench{consumer: c, extender: newExtender(c, o.Visibility, nil), inflight: newInflight()}
}

// ToTheHandler takes one message to its handler and back.
func (b *Bench) ToTheHandler(ctx context.Context, raw *types.Message) Result {
	d := newDelivery(b.consumer, nil, b.consumer.Handler.Decode(raw), time.Now())
	b.inflight.add(d)
	b.extender.track(d)
	res := b.consumer.processLocked(ctx, d, b.extender)
	b.extender.forget(d)
	b.inflight.remove(d)
	return res
}
