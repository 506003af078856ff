package sqs_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/seed08532102/iniesta/internal/localaws"
	"github.com/seed08532102/iniesta/sqs"
)

// Where SQS refuses every delete, each message that is received is one more that is handled and comes back, until it is
// a dead letter.
func TestReceivingPausesWhileSQSRefusesEveryDelete(t *testing.T) {
	for name, fault := range map[string]localaws.Fault{
		"whole calls":   {Code: "AccessDenied", Status: 403},
		"every entry":   {Entries: func(int) *localaws.EntryFault { return &localaws.EntryFault{Code: "AccessDenied", SenderFault: true} }},
		"KMS of a call": {Code: "KMS.DisabledException", Status: 400},
	} {
		for _, queue := range []string{"orders", "orders.fifo"} {
			t.Run(name+" ("+queue+")", func(t *testing.T) {
				inWorldOf(t, queue, func(t *testing.T, w *world) {
					var ran runs
					var receives, refusals atomic.Int32
					w.handle(func(m *sqs.Message) { ran.note(m) })
					c := w.start(sqs.WithPollers(1, 1), sqs.WithConcurrency(10))
					w.after(time.Second)
					assert.NoError(t, c.Healthy(t.Context()))
					w.server.SetFault(func(call localaws.Call) localaws.Fault {
						switch call.Operation {
						case "ReceiveMessage":
							receives.Add(1)
						case "DeleteMessageBatch":
							refusals.Add(1)
							return fault
						}
						return localaws.Fault{}
					})
					ids := map[string]bool{}
					send := func(from, to int) {
						for i := from; i < to; i++ {
							var group []string
							if queue != "orders" {
								group = []string{fmt.Sprint(i)}
							}
							ids[w.send("", fmt.Sprint(i), group...)] = true
						}
					}
					send(0, 5)
					w.after(time.Minute)
					err := c.Healthy(t.Context())
					assert.ErrorContains(t, err, "receiving pauses")
					assert.ErrorIs(t, err, sqs.ErrNotSettled)
					if fault.Code != "KMS.DisabledException" {
						assert.ErrorContains(t, err, "sqs:DeleteMessage")
					} else {
						assert.ErrorContains(t, err, "the KMS key is disabled")
					}
					before, handled := receives.Load(), ran.count()
					send(5, 20)
					w.after(10 * time.Minute)
					assert.Equal(t, before, receives.Load(), "nothing is received")
					assert.Equal(t, handled, ran.count())
					assert.Equal(t, 5, handled)
					for _, m := range w.left() {
						assert.LessOrEqual(t, m.Receives, 1, "no receive count is burnt")
					}
					assert.LessOrEqual(t, int(refusals.Load()), 1300, "in eleven minutes: a probe a second, and a few tries of each message a minute")
					assert.Error(t, c.Healthy(t.Context()), "as long as it lasts")

					w.server.SetFault(nil)
					w.after(3 * time.Minute)
					assert.NoError(t, c.Healthy(t.Context()))
					assert.Equal(t, 20, ran.count(), "each message is handled once")
					assert.Empty(t, w.left())
					for id := range ids {
						assert.Equal(t, 1, w.deletes(id))
					}
					assert.Zero(t, c.Stats().InFlight)
					assert.Contains(t, w.logs.String(), "Receiving goes on: messages can be deleted")
				})
			})
		}
	}
}
