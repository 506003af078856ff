// Service is the whole of a service: an HTTP API whose responses are published as events, handlers for
// events, health checks, and an end that loses nothing.
//
// With everything inside the program:
//
//	go run ./examples/service -embedded
//
// Against iniesta local, which other services can use at the same time:
//
//	go run ./cmd/iniesta local --env-file examples/service/service.env
//	# in another terminal
//	set -a; . examples/service/service.env; eval "$(go run ./cmd/iniesta local --print-env)"; set +a
//	go run ./examples/service
//
// Then:
//
//	curl -X PUT localhost:8000/users/7 -d '{"name": "Andrés"}'
//	curl localhost:8000/users/7/history
//	curl localhost:8000/readyz
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/sqs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], func(url string) { fmt.Println("listening on", url) }); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, listening func(url string)) (err error) {
	flags := flag.NewFlagSet("service", flag.ContinueOnError)
	address := flags.String("listen", "127.0.0.1:8000", "where the API listens")
	inside := flags.Bool("embedded", false, "run SQS, SNS and Redis inside the program")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var options []iniesta.Option
	if *inside {
		servers, settings, err := embed(ctx)
		if err != nil {
			return err
		}
		defer servers.Close()
		options = append(options, iniesta.WithConfig(settings))
	}

	users := newUsers()
	if err := sqs.RegisterMethods(users); err != nil {
		return err
	}
	app, err := iniesta.InitApp(ctx, options...) // says all that is wrong with the set-up
	if err != nil {
		return err
	}
	defer func() { // last of all: what the API publishes is waited for, what runs is drained
		err = errors.Join(err, app.Stop(context.WithoutCancel(ctx)))
	}()
	if err := app.Start(ctx); err != nil {
		return err
	}
	return serve(ctx, *address, routes(app, users), listening)
}

// routes are the API and the health checks.
func routes(app *iniesta.App, users *users) http.Handler {
	updated := app.SNS.PublishEvent("UserUpdated") // published as UserUpdated.user
	mux := http.NewServeMux()
	mux.Handle("PUT /users/{id}", updated(http.HandlerFunc(users.Put)))
	mux.HandleFunc("GET /users/{id}/history", users.History)
	mux.Handle("GET /healthz", app.HealthHandler())
	mux.Handle("GET /readyz", app.HealthHandler())
	return mux
}

// serve serves until ctx ends, and then lets requests finish.
func serve(ctx context.Context, address string, handler http.Handler, listening func(url string)) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	listening("http://" + l.Addr().String())
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	slog.Info("stopping: requests finish, then messages")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = server.Shutdown(ctx)
	<-ended // http.ErrServerClosed
	return err
}
