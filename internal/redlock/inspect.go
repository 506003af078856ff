package redlock

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// NodeReport is what Inspect found at one node.
type NodeReport struct {
	Name    string
	Server  string        // the same for two names of one server; empty where it is not known
	Latency time.Duration // the least of a few pings
	Clock   time.Duration // how far the node's clock is ahead of the clock here, to within Latency
	Err     error         // nil where the node answers
	Refusal error         // why the node does not accept what a lock needs; nil where it does
	Unfit   error         // why the node cannot be a lock node, whatever it answers; nil where it can
}

const (
	inspectPings = 3
	inspectWait  = 2 * time.Second
)

// Inspect looks at nodes, all at once, for two seconds at most. It writes keys of probes, and removes them.
func Inspect(ctx context.Context, clients []redis.UniversalClient) []NodeReport {
	ctx, cancel := context.WithTimeout(ctx, inspectWait)
	defer cancel()
	reports := make([]NodeReport, len(clients))
	each(clients, func(i int, client redis.UniversalClient) {
		reports[i] = inspect(ctx, client)
		reports[i].Name = nameOf(client, i)
	})
	for i, err := range unfit(ctx, clients) {
		reports[i].Unfit = err
	}
	each(clients, func(i int, client redis.UniversalClient) {
		if reports[i].Err == nil && reports[i].Unfit == nil {
			reports[i].Refusal = refusal(ctx, client)
		}
	})
	return reports
}

// each calls do for every client at the same time and returns when all calls have.
func each(clients []redis.UniversalClient, do func(i int, client redis.UniversalClient)) {
	var calls sync.WaitGroup
	for i, client := range clients {
		calls.Go(func() { do(i, client) })
	}
	calls.Wait()
}

func inspect(ctx context.Context, client redis.UniversalClient) (r NodeReport) {
	for i := range inspectPings + 1 { // the first one connects
		began := time.Now()
		if r.Err = client.Ping(ctx).Err(); r.Err != nil {
			return r
		}
		if took := time.Since(began); i == 1 || i > 1 && took < r.Latency {
			r.Latency = took
		}
	}
	began := time.Now()
	if now, err := client.Time(ctx).Result(); err == nil {
		r.Clock = now.Sub(began.Add(time.Since(began) / 2))
	}
	if info, err := client.Info(ctx, "server").Result(); err == nil { // may be forbidden, or unknown
		r.Server = field(info, "run_id:")
	}
	return r
}

// refusal is why a node by itself does not accept what a lock needs.
func refusal(ctx context.Context, client redis.UniversalClient) error {
	l, err := New(NodesOf(client), Options{NodeTimeout: inspectWait / 4})
	if err != nil {
		return err
	}
	err = l.Ping(ctx)
	_ = l.Close() // never fails
	if causes, ok := errors.AsType[nodeErrors](err); ok {
		return errors.Unwrap(causes[0]) // without the name
	}
	return err
}

// field is what follows a name at the beginning of a line.
func field(text, name string) string {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// OneServer returns the names of nodes that are the server of another node, with that one, and nil where
// all are servers of their own as far as can be told.
func OneServer(reports []NodeReport) []string {
	names := make(map[string][]string)
	for _, r := range reports {
		if r.Server != "" {
			names[r.Server] = append(names[r.Server], r.Name)
		}
	}
	var shared []string
	for _, n := range names {
		if len(n) > 1 {
			shared = append(shared, n...)
		}
	}
	slices.Sort(shared)
	return shared
}
