package consumer

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"
)

// Timing says how long a consumer runs and what its handler does.
type Timing struct {
	Warmup   time.Duration // before anything is counted
	Measured time.Duration
	Handler  time.Duration // each handler takes that long
	SlowOne  time.Duration // the first handler after the warm-up takes that long
	Profile  string        // a file for a CPU profile of the measured time, empty for none
}

// Sample is what a consumer says of itself at the beginning and at the end of the measured time.
type Sample struct {
	Handled    int64         `json:"handled"`
	At         time.Duration `json:"at"`  // since the process began
	CPU        time.Duration `json:"cpu"` // of the process, user and system
	PeakRSS    int64         `json:"peak_rss"`
	Goroutines int           `json:"goroutines"`
	Mallocs    uint64        `json:"mallocs"`
	P50        time.Duration `json:"p50"` // from send to handler start, since the last sample
	P99        time.Duration `json:"p99"`
}

// Measure runs a consumer and writes two samples to standard output, a line each.
func Measure(kind string, s Settings, t Timing) error {
	began := time.Now()
	var handled atomic.Int64
	var slow atomic.Bool
	latencies := &histogram{}
	s.Handle = func(sent time.Time) {
		latencies.note(time.Since(sent))
		if t.SlowOne > 0 && slow.CompareAndSwap(true, false) {
			time.Sleep(t.SlowOne)
		}
		if t.Handler > 0 {
			time.Sleep(t.Handler)
		}
		handled.Add(1)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, kind, s) }()
	if err := pass(t.Warmup, ended); err != nil {
		return err
	}
	stopProfile, err := profile(t.Profile)
	if err != nil {
		return err
	}
	slow.Store(true)
	write(sample(began, &handled, latencies))
	if err := pass(t.Measured, ended); err != nil {
		return err
	}
	last := sample(began, &handled, latencies)
	stopProfile() // before the sample is out: the process is killed then
	write(last)
	return nil
}

// pass waits, and fails where the consumer ends meanwhile.
func pass(d time.Duration, ended <-chan error) error {
	select {
	case err := <-ended:
		return fmt.Errorf("the consumer ended by itself: %w", err)
	case <-time.After(d):
		return nil
	}
}

func sample(began time.Time, handled *atomic.Int64, latencies *histogram) Sample {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage) // fails for no valid argument
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	s := Sample{
		Handled:    handled.Load(),
		At:         time.Since(began),
		CPU:        time.Duration(usage.Utime.Nano() + usage.Stime.Nano()),
		PeakRSS:    int64(usage.Maxrss) << 10,
		Goroutines: runtime.NumGoroutine(),
		Mallocs:    memory.Mallocs,
	}
	s.P50, s.P99 = latencies.quantiles()
	return s
}

func write(s Sample) {
	_ = json.NewEncoder(os.Stdout).Encode(s) // nobody listens any more
}

func profile(path string) (stop func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = f.Close() // read by people
	}, nil
}
