package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// network is a process's way to SQS. It sees how often the process asks.
type network struct {
	world   *world
	process *process
	inner   http.RoundTripper
	idle    *idleReceives
}

// to is the way of a process to SQS.
func (w *world) to(p *process) network {
	return network{w, p, w.server.Transport(), &idleReceives{most: mostIdle + w.pollers + 2*(w.pollers-1)}}
}

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := n.process.pass(r.Context()); err != nil {
		return nil, err
	}
	began := time.Now()
	out, err := n.inner.RoundTrip(r)
	if e := n.process.pass(r.Context()); e != nil {
		return nil, e
	}
	if err == nil && out.StatusCode == http.StatusOK && r.Header.Get("X-Amz-Target") == "AmazonSQS.ReceiveMessage" {
		n.received(out, time.Since(began))
	}
	return out, err
}

// received looks at what a receive brought. Where that is nothing and came before the wait was over, who asks again
// and again at once would ask for ever.
func (n network) received(out *http.Response, after time.Duration) {
	text, err := io.ReadAll(out.Body)
	out.Body = io.NopCloser(bytes.NewReader(text))
	var brought struct{ Messages []struct{ MessageId string } }
	if err != nil || json.Unmarshal(text, &brought) != nil {
		return
	}
	for _, m := range brought.Messages {
		n.world.ledger.receipt(n.process, m.MessageId)
	}
	if len(brought.Messages) > 0 || after >= n.world.wait/2 || !n.idle.tooMany(time.Now()) {
		return
	}
	n.world.ledger.failProcess("%s asks more than %d times a second for messages although the answers come at once and are empty", n.process.name, n.idle.most)
	time.Sleep(time.Second) // or no time would pass any more
}

// mostIdle is how often in a second a process may ask where nothing is to be had. Each poller may find that out once.
const mostIdle = 20

// idleReceives are those of the last second that came back early and empty.
type idleReceives struct {
	most int

	mu sync.Mutex
	at []time.Time
}

func (r *idleReceives) tooMany(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = append(slices.DeleteFunc(r.at, func(t time.Time) bool { return now.Sub(t) >= time.Second }), now)
	if len(r.at) <= r.most {
		return false
	}
	r.at = nil
	return true
}
