// Ported is the Go form of the small Python service in docs/porting.md: it counts points for orders, and
// publishes when a user reaches a new level.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/seed08532102/iniesta/iniesta"
	"github.com/seed08532102/iniesta/sns"
	"github.com/seed08532102/iniesta/sqs"
)

type order struct {
	User   string `json:"user"`
	Amount int    `json:"amount"`
}

type level struct {
	User  string `json:"user"`
	Level int    `json:"level"`
}

// points is what users have. A real service has a database.
var (
	mu     sync.Mutex
	points = map[string]int{}
)

var _ = sqs.Handler(orderPlaced, "OrderPlaced.*")

func orderPlaced(ctx context.Context, o order) error {
	mu.Lock()
	before := points[o.User] / 100
	points[o.User] += o.Amount
	after := points[o.User] / 100
	mu.Unlock()
	if after == before {
		return nil
	}
	m, err := sns.CreateMessage("LevelReached", level{o.User, after}, sns.WithVersion(2))
	if err != nil {
		return err
	}
	return m.Publish(ctx)
}

var _ = sqs.Handler(func(m *sqs.Message) {
	log.Printf("nobody handles %s", m.Event())
})

func give(w http.ResponseWriter, r *http.Request) {
	user := r.PathValue("user")
	mu.Lock()
	points[user] += 10
	now := points[user]
	mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]any{"user": user, "points": now})
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	app, err := iniesta.InitApp(ctx)
	if err != nil {
		log.Fatal(err)
	}
	given := sns.PublishEvent("PointsGiven", sns.WithAttribute("source", "api"))
	http.Handle("POST /users/{user}/points", given(http.HandlerFunc(give)))
	http.Handle("GET /readyz", app.HealthHandler())
	server := &http.Server{Addr: ":8000", ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Fatal(err)
		}
	}()
	if err := app.Start(ctx); err != nil {
		log.Fatal(err)
	}
	<-ctx.Done()
	ctx = context.WithoutCancel(ctx)
	if err := server.Shutdown(ctx); err != nil {
		log.Print(err)
	}
	if err := app.Stop(ctx); err != nil {
		log.Fatal(err)
	}
}
