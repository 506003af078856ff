package porting

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/seed08532102/iniesta/iniesta"
)

func serve(ctx context.Context) error {
	app, err := iniesta.InitApp(ctx) // topic, queue, subscription, permission and lock nodes are checked
	if err != nil {
		return err
	}
	return app.Run(ctx) // receives until ctx ends, then drains
}

func serveHTTP(ctx context.Context, app *iniesta.App, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("/", app.HealthHandler()) // restart the process on /healthz, roll it out on /readyz
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	if err := app.Start(ctx); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case err := <-failed:
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := server.Shutdown(ctx); err != nil {
		return err
	}
	return app.Stop(ctx)
}
