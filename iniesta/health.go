package iniesta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed08532102/iniesta/sqs"
)

// healthTimeout bounds what a health check asks of the lock nodes.
const healthTimeout = 2 * time.Second

// Healthy returns nil while the application does its work, and otherwise an error that says why not:
// ErrStopped, and where the types poll what sqs.Client.Healthy returns: sqs.ErrNotReceiving before Start,
// sqs.ErrLockNotAcquired while no majority of the lock nodes takes a lock, sqs.ErrNotSettled while messages cannot
// be deleted, kept invisible or marked, the error of receives once none has succeeded for three of their waits.
func (a *App) Healthy(ctx context.Context) error {
	a.mu.Lock()
	stopped := a.stopped
	a.mu.Unlock()
	if stopped {
		return ErrStopped
	}
	if !a.receives() {
		return nil
	}
	return a.SQS.Healthy(ctx)
}

// alive returns an error once the loop has ended although nobody stopped the application.
func (a *App) alive() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started && !a.stopped && !a.ending && !a.SQS.Receiving() {
		return fmt.Errorf("iniesta: the loop has ended: %w", sqs.ErrNotReceiving)
	}
	return nil
}

// health is the body of an answer.
type health struct {
	Status string    `json:"status"` // "ok" or "failed"
	Error  string    `json:"error,omitempty"`
	Types  string    `json:"initialization_type"`
	Queue  string    `json:"queue,omitempty"`
	Topic  string    `json:"topic,omitempty"`
	Counts *counters `json:"messages,omitempty"`
}

type counters struct {
	InFlight int64 `json:"in_flight"`
	Running  int64 `json:"running"`
	Handled  int64 `json:"handled"`
	Failed   int64 `json:"failed"`
}

// HealthHandler answers /healthz and /readyz with a JSON body, and status 200 or 503.
//
// /healthz is for restarting: it fails only when the loop has ended although the application was not
// stopped. /readyz is for alarms and rollouts: it fails while Healthy returns an error, which is before
// Start, during a stop, during an outage of SQS, without a majority of the lock nodes, and without the permission
// to delete messages. Do not restart
// on it: a restart cures none of these.
func (a *App) HealthHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, a.alive()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
		defer cancel()
		a.answer(w, a.Healthy(ctx))
	})
	return mux
}

func (a *App) answer(w http.ResponseWriter, err error) {
	status, body := http.StatusOK, health{Status: "ok", Types: a.types.String()}
	if err != nil {
		status, body.Status, body.Error = http.StatusServiceUnavailable, "failed", err.Error()
	}
	if a.types.Has(SNS_PRODUCER) {
		body.Topic = a.SNS.TopicARN()
	}
	if a.receives() {
		s := a.SQS.Stats()
		body.Queue = a.SQS.QueueName()
		body.Counts = &counters{InFlight: s.InFlight, Running: s.Running, Handled: s.Handled, Failed: s.Failed}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(errors.Join(errors.New("a struct of strings and numbers does not encode"), err))
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // a client that left is not told
}
