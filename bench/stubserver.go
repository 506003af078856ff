package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/seed08532102/iniesta/bench/stub"
)

// runStub serves the stub until it is killed.
func runStub(arguments []string) error {
	flags := flag.NewFlagSet("stub", flag.ExitOnError)
	port := flags.String("port", "0", "of 127.0.0.1")
	latency := flags.Duration("latency", 0, "of every call")
	body := flags.Int("body", 200, "bytes of a body")
	rate := flags.Float64("rate", 0, "messages a second; 0 for a backlog without end, negative for none")
	burst := flags.Int("burst", 1, "messages sent at a time")
	random := flags.Bool("random", false, "messages are sent at random times")
	_ = flags.Parse(arguments) // exits

	server := stub.New(stub.Options{Latency: *latency, Body: *body, Supply: supply(*rate, *burst, *random)})
	listener, err := net.Listen("tcp", "127.0.0.1:"+*port)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	return (&http.Server{Handler: server, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

func supply(rate float64, burst int, random bool) stub.Supply {
	if rate == 0 {
		return stub.Endless{}
	}
	line := stub.NewLine()
	switch {
	case random:
		go line.AtRandom(context.Background(), rate)
	case rate > 0:
		go line.Every(context.Background(), time.Duration(float64(burst)/rate*float64(time.Second)), burst)
	}
	return line
}
