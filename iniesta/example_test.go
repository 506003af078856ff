package iniesta_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/iniesta/config"
	"github.com/seed08532102/iniesta/sqs"
)

// The whole main of a service. The settings say what it is.
func ExampleRun() {
	settings := config.Default()
	settings.InitializationType, settings.ServiceName = []string{"QUEUE_POLLING"}, "shop"
	settings.DryRun = true // so that the example needs no AWS

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go stop() // an end that comes at once
	if err := iniesta.Run(ctx, iniesta.WithConfig(settings), iniesta.WithLogger(slog.New(slog.DiscardHandler))); err != nil {
		log.Fatal(err)
	}
	fmt.Println("drained")
	// Output: drained
}

// A service with an HTTP server of its own.
func ExampleInitApp() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	app, err := iniesta.InitApp(ctx)
	if err != nil {
		log.Fatal(err) // every check that failed, with what to do about it
	}
	mux := http.NewServeMux()
	mux.Handle("/healthz", app.HealthHandler())
	mux.Handle("/readyz", app.HealthHandler())
	mux.Handle("POST /users", app.SNS.PublishEvent("UserUpdated")(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"id":7}`) // is published as UserUpdated.{SERVICE_NAME} too
	})))
	server := &http.Server{Addr: ":8000", Handler: mux}
	go func() { log.Println(server.ListenAndServe()) }()
	if err := app.Start(ctx); err != nil {
		log.Fatal(err)
	}
	<-ctx.Done()
	_ = server.Shutdown(context.Background()) // no more events from here
	if err := app.Stop(context.Background()); err != nil {
		log.Print(err)
	}
}

func ExampleInitializationTypes() {
	types, err := iniesta.ParseInitializationTypes("EVENT_POLLING", "SNS_PRODUCER")
	fmt.Println(types, err)
	_, err = iniesta.ParseInitializationTypes("POLLING")
	fmt.Println(err)
	// Output:
	// InitializationTypes.SNS_PRODUCER|EVENT_POLLING <nil>
	// "POLLING": not an initialization type: accepted are QUEUE_POLLING, EVENT_POLLING, SNS_PRODUCER, CUSTOM
}

func ExampleFilterPolicies() {
	os.Setenv("INIESTA_SQS_CONSUMER_FILTERS", "UserUpdated.user,Order.*")
	defer os.Unsetenv("INIESTA_SQS_CONSUMER_FILTERS")
	policy, err := iniesta.FilterPolicies()
	fmt.Println(policy, err)
	// Output: {"iniesta_pass":["UserUpdated.user",{"prefix":"Order."}]} <nil>
}

// What iniesta doctor prints.
func ExampleDiagnose() {
	settings := config.Default()
	settings.InitializationType = []string{"EVENT_POLLING"}
	settings.DryRun = true
	for _, finding := range iniesta.Diagnose(context.Background(), iniesta.WithConfig(settings))[:2] {
		fmt.Println(finding.Status, finding.Check, finding.Text)
	}
	// Output:
	// failed settings INIESTA_SNS_PRODUCER_GLOBAL_TOPIC_ARN: SNS_PRODUCER and EVENT_POLLING require it: the ARN of the topic
	// failed settings INIESTA_SQS_CONSUMER_FILTERS: EVENT_POLLING requires it: the events to receive, as "UserUpdated.user,OrderPlaced.*"
}

// Handlers are registered as for package sqs alone.
func ExampleApp() {
	settings := config.Default()
	settings.InitializationType = []string{"CUSTOM"}
	registry := sqs.NewRegistry()
	_ = registry.AddHandler(func(m *sqs.Message) {}, "UserUpdated.user")
	app, err := iniesta.InitApp(context.Background(), iniesta.WithConfig(settings), iniesta.WithSQS(sqs.WithRegistry(registry)),
		iniesta.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		log.Fatal(err)
	}
	defer app.Stop(context.Background())
	fmt.Println(app.InitializationTypes())
	// Output: InitializationTypes.CUSTOM
}
