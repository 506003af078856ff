package sqs

import (
	"log/slog"
	"time"
)

// quickLease is a lease that can be marked done while its owner does something else.
type quickLease interface {
	MarkDoneThen(window time.Duration, then func(error))
}

// settleQuickly settles a message that was handled, without a goroutine that waits: the mark, then the
// delete, each begun where the one before was answered. It reports false, having done nothing, where
// an extension is under way or the lease cannot be marked like that.
func (r *run) settleQuickly(d *delivery, res result) bool {
	if r.consumer.window <= 0 {
		return false
	}
	lease, ok := d.heldLease().(quickLease)
	if !ok || !r.keeper.releaseIdle(d) {
		return false
	}
	lease.MarkDoneThen(r.consumer.window, func(err error) {
		if err != nil {
			go r.settleNow(d, res) // marks it again and again
			return
		}
		d.takeLease()
		r.noteHandled(d, res)
		d.forgetBody()
		r.deleteQuickly(d)
	})
	return true
}

func (r *run) deleteQuickly(d *delivery) {
	handle := d.receiptHandle()
	r.settler.deleteThen(handle, func(err error) {
		switch {
		case err != nil:
			r.logNotDeleted(d, err)
		case !r.inflight.removeIf(d, handle): // it was received again meanwhile
			r.deleteQuickly(d)
			return
		default:
			r.consumer.step(d.message, "deleted")
		}
		r.settled(d)
	})
}

func (r *run) logNotDeleted(d *delivery, err error) {
	r.consumer.log.Warn("[INIESTA] Message was handled and could not be deleted; it is deleted when it comes back",
		slog.String("sqs_message_id", d.message.MessageID), slog.Any("error", err))
}
