package measure

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed08532102/iniesta/bench/consumer"
	"github.com/seed08532102/iniesta/bench/stub"
)

// Bench has the Redis servers that all measurements share.
type Bench struct {
	Warmup, Measured time.Duration
	Profile          string // a file for the consumer's CPU profile
	nodes            []*lockNode
}

const mostLockNodes = 5

// New starts the Redis servers.
func New(warmup, measured time.Duration) (*Bench, error) {
	b := &Bench{Warmup: warmup, Measured: measured}
	for range mostLockNodes {
		n, err := startLockNode()
		if err != nil {
			b.Close()
			return nil, err
		}
		b.nodes = append(b.nodes, n)
	}
	return b, nil
}

// Close stops the Redis servers.
func (b *Bench) Close() {
	for _, n := range b.nodes {
		n.stop()
	}
}

// Run measures one case.
func (b *Bench) Run(ctx context.Context, c Case) (Result, error) {
	nodes := b.nodes[:cmp.Or(c.LockNodes, 3)]
	for _, n := range nodes {
		if err := n.empty(ctx); err != nil {
			return Result{}, fmt.Errorf("emptying %s: %w", n.address, err)
		}
	}
	server, err := startStub(c)
	if err != nil {
		return Result{}, err
	}
	defer server.process.stop()
	measured := cmp.Or(c.Measured, b.Measured)
	child, err := startSelf(b.consumerArguments(c, server, nodes, measured)...)
	if err != nil {
		return Result{}, err
	}
	defer child.stop()
	before, err := observe(ctx, child, server, nodes)
	if err != nil {
		return Result{}, fmt.Errorf("measuring %s: %w", c.Kind, err)
	}
	after, err := observe(ctx, child, server, nodes)
	if err != nil {
		return Result{}, fmt.Errorf("measuring %s: %w", c.Kind, err)
	}
	return compare(before, after, len(nodes)), nil
}

func (b *Bench) consumerArguments(c Case, server *stubProcess, nodes []*lockNode, measured time.Duration) []string {
	addresses := make([]string, len(nodes))
	for i, n := range nodes {
		addresses[i] = n.address
	}
	return []string{
		"consume", "-kind", c.Kind, "-endpoint", server.url, "-redis", strings.Join(addresses, ","),
		"-concurrency", strconv.Itoa(cmp.Or(c.Concurrency, 100)),
		"-warmup", b.Warmup.String(), "-measured", measured.String(),
		"-handler", c.Handler.String(), "-slow-one", c.SlowOne.String(), "-profile", b.Profile,
	}
}

type stubProcess struct {
	process *process
	url     string
}

func startStub(c Case) (*stubProcess, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	rate := c.Rate
	if c.Idle {
		rate = -1
	}
	p, err := startSelf("stub", "-port", port, "-latency", c.Latency.String(), "-body", strconv.Itoa(cmp.Or(c.Body, 200)),
		"-rate", strconv.FormatFloat(rate, 'g', -1, 64), "-burst", strconv.Itoa(cmp.Or(c.Burst, 1)), "-random="+strconv.FormatBool(c.Random))
	if err != nil {
		return nil, err
	}
	s := &stubProcess{p, "http://127.0.0.1:" + port}
	if err := answers("127.0.0.1:" + port); err != nil {
		p.stop()
		return nil, err
	}
	return s, nil
}

func (s *stubProcess) counts() (counts stub.Counts, err error) {
	response, err := http.Get(s.url + "/counts")
	if err != nil {
		return counts, err
	}
	defer response.Body.Close()
	return counts, json.NewDecoder(response.Body).Decode(&counts)
}

// observation is everything that is known at one moment.
type observation struct {
	sample consumer.Sample
	counts stub.Counts
	redis  work // of all nodes
}

// observe waits for the consumer's next sample and asks the servers for theirs.
func observe(ctx context.Context, child *process, server *stubProcess, nodes []*lockNode) (o observation, err error) {
	line, err := child.output.ReadBytes('\n')
	if err != nil {
		return o, fmt.Errorf("the consumer gave up: %w", err)
	}
	if err := json.Unmarshal(line, &o.sample); err != nil {
		return o, fmt.Errorf("reading a sample: %w", err)
	}
	if o.counts, err = server.counts(); err != nil {
		return o, fmt.Errorf("reading the stub's counts: %w", err)
	}
	for _, n := range nodes {
		w, err := n.work(ctx)
		if err != nil {
			return o, err
		}
		o.redis.commands += w.commands
		o.redis.reads += w.reads
	}
	return o, nil
}

func compare(before, after observation, nodes int) Result {
	took := after.sample.At - before.sample.At
	handled := float64(after.sample.Handled - before.sample.Handled)
	cpu := after.sample.CPU - before.sample.CPU
	counts := after.counts.Minus(before.counts)
	given := float64(counts.Messages)
	r := Result{
		PerSecond:     handled / took.Seconds(),
		CPUShare:      cpu.Seconds() / took.Seconds(),
		CallsPerHour:  float64(counts.Calls()) / took.Hours(),
		PeakRSS:       float64(after.sample.PeakRSS),
		P50:           after.sample.P50,
		P99:           after.sample.P99,
		Goroutines:    float64(after.sample.Goroutines),
		NewGoroutines: float64(after.sample.Goroutines - before.sample.Goroutines),
	}
	if handled == 0 || given == 0 {
		return r
	}
	asked := float64(nodes) // the counters' own reading
	r.CPU = time.Duration(float64(cpu) / handled)
	r.Allocs = float64(after.sample.Mallocs-before.sample.Mallocs) / handled
	r.Calls = float64(counts.Calls()) / given * 1000
	r.Commands = max(after.redis.commands-before.redis.commands-asked, 0) / given / float64(nodes)
	r.RoundTrips = max(after.redis.reads-before.redis.reads-asked, 0) / given / float64(nodes)
	return r
}
