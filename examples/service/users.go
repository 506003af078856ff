package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
)

// user is a user, in the API and in events alike.
type user struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// order is the body of OrderPlaced, whichever service publishes it.
type order struct {
	User  string `json:"user"`
	Order int    `json:"order"`
}

// users keeps users and what happened to them. A real one has a database.
type users struct {
	mu      sync.Mutex
	names   map[string]string
	history map[string][]string
}

func newUsers() *users {
	return &users{names: make(map[string]string), history: make(map[string][]string)}
}

// Handlers says which method gets which event.
func (u *users) Handlers() map[string]any {
	return map[string]any{
		"UserUpdated.user": u.Updated,
		"OrderPlaced.*":    u.Ordered,
	}
}

// Updated notes that a user was changed, by whichever instance of the service.
func (u *users) Updated(_ context.Context, changed user) error {
	u.note(changed.ID, fmt.Sprintf("is called %s", changed.Name))
	return nil
}

// Ordered notes an order.
func (u *users) Ordered(_ context.Context, placed order) error {
	u.note(placed.User, fmt.Sprintf("placed order %d", placed.Order))
	return nil
}

func (u *users) note(id, what string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.history[id] = append(u.history[id], what)
}

// Put changes a user. Its response is published.
func (u *users) Put(w http.ResponseWriter, r *http.Request) {
	changed := user{}
	if err := json.NewDecoder(r.Body).Decode(&changed); err != nil || changed.Name == "" {
		http.Error(w, `send {"name": "..."}`, http.StatusBadRequest) // is not published: 300 or more
		return
	}
	changed.ID = r.PathValue("id")
	u.mu.Lock()
	u.names[changed.ID] = changed.Name
	u.mu.Unlock()
	answer(w, changed)
}

// History shows what happened to a user.
func (u *users) History(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	defer u.mu.Unlock()
	answer(w, u.history[r.PathValue("id")])
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a client that left is not told
}
