package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"

	"github.com/seed08532102/iniesta/sqs"
)

const (
	mixedVariable = "INIESTA_CHAOS_MIXED" // handlers that fail in every way, and samples on the output
	samplesEvery  = 40                    // of the soak
	messagesPer   = 200                   // a second
)

// mixed is a handler's work in a soak: most succeed, some take their time, some fail in one of the ways there are.
func mixed(ctx context.Context) error {
	switch n := rand.IntN(100); {
	case n < 5:
		return errors.New("it failed")
	case n < 6:
		panic("it panicked")
	case n < 7:
		runtime.Goexit()
	case n < 9:
		return sqs.RetryAfter(time.Second, errors.New("not yet"))
	case n < 11: // lock and visibility timeout are extended meanwhile
		select {
		case <-time.After(4 * time.Second):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// sample is what a consumer process holds.
type sample struct {
	at                      float64 // seconds from the start
	heap, goroutines, files float64 // heap and redis in MiB
	redis                   float64 // memory of a lock node
}

// report prints a sample now and then.
func report(every time.Duration) {
	for {
		<-time.After(every)
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		files, _ := os.ReadDir("/proc/self/fd") // Linux has it
		fmt.Printf("%d %d %d\n", m.HeapAlloc, runtime.NumGoroutine(), len(files))
	}
}

// TestSoak runs a consumer for as long as INIESTA_SOAK says, beside others that are restarted and killed.
func TestSoak(t *testing.T) {
	duration, err := time.ParseDuration(os.Getenv("INIESTA_SOAK"))
	if err != nil {
		duration = 30 * time.Second
	}
	every := duration / samplesEvery
	w := newWorld(t, settings{visibility: 5, lock: 3, wait: 5})
	w.environment = append(w.environment, mixedVariable+"="+every.String(), "INIESTA_IDEMPOTENCY_WINDOW=10")
	w.scale.messages = int(duration.Seconds()) * messagesPer
	steady := w.consumer()
	w.produce(duration)
	var restarting sync.WaitGroup
	killed := 0
	restarting.Go(func() { killed = w.restartOthers(duration) })
	samples := w.samples(steady)
	restarting.Wait()
	w.producing.Wait()
	w.drained()
	v := w.ledger.judge(time.Now())
	t.Logf("%-52s %s", "", columns)
	t.Logf("%-52s %v", "soak of "+duration.String(), v)
	assert.Zero(t, v.lost)
	assert.LessOrEqual(t, v.twice, killed*concurrency, "at most what was between return and mark when a process was killed")
	assert.Zero(t, v.together)
	for name, of := range series {
		flat(t, name, samples, of)
	}
	if path := os.Getenv("INIESTA_SOAK_PLOT"); path != "" {
		require.NoError(t, draw(path, samples))
	}
}

// samples are what a consumer prints, with the memory of a lock node.
func (w *world) samples(p *process) (samples []sample) {
	options, err := redis.ParseURL(w.nodes[0].URL())
	require.NoError(w.t, err)
	node := redis.NewClient(options)
	defer node.Close()
	start := time.Now()
	for range samplesEvery {
		var heap, goroutines, files, memory float64
		_, err := fmt.Sscan(p.line(), &heap, &goroutines, &files)
		require.NoError(w.t, err)
		info, err := node.InfoMap(w.t.Context(), "memory").Result()
		require.NoError(w.t, err)
		_, err = fmt.Sscan(info["Memory"]["used_memory"], &memory)
		require.NoError(w.t, err)
		samples = append(samples, sample{time.Since(start).Seconds(), heap / (1 << 20), goroutines, files, memory / (1 << 20)})
	}
	return samples
}

// restartOthers has other consumers come and go, and returns how many were killed.
func (w *world) restartOthers(during time.Duration) (killed int) {
	const restarts = 10
	for i := range restarts {
		other := w.consumer()
		<-time.After(during / (restarts + 1))
		if i%2 == 0 {
			other.signal(syscall.SIGTERM)
			<-other.ended
			continue
		}
		other.kill()
		w.ledger.killed(other.pid())
		killed++
	}
	w.consumer() // until the end, so that the load of the one that is watched stays what it was
	return killed
}

// series are what has to stay flat.
var series = map[string]func(sample) float64{
	"heap in MiB":              func(s sample) float64 { return s.heap },
	"goroutines":               func(s sample) float64 { return s.goroutines },
	"file descriptors":         func(s sample) float64 { return s.files },
	"memory of a Redis in MiB": func(s sample) float64 { return s.redis },
}

// flat checks that the trend over the second half is within its noise: the first is for warming up.
func flat(t *testing.T, name string, samples []sample, of func(sample) float64) {
	var at, values []float64
	for _, s := range samples[len(samples)/2:] {
		at, values = append(at, s.at), append(values, of(s))
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	_, slope := stat.LinearRegression(at, values, nil, false)
	growth := slope * (at[len(at)-1] - at[0])
	t.Logf("%-26s mean %8.2f, deviation %6.2f, growth over the second half %+.2f", name, mean, deviation, growth)
	assert.Less(t, growth, max(3*deviation, mean/10), name)
	assert.Positive(t, slices.Max(values), "%s was sampled", name)
}
