package localaws

import (
	"encoding/json"
	"net/http"
)

// healthPath is what a GET is answered at while the server runs.
const healthPath = "/health"

// serveHealth says that the server answers, and what it has.
func (s *Server) serveHealth(w http.ResponseWriter) {
	s.mu.Lock()
	state := struct {
		Status   string   `json:"status"`
		Services []string `json:"services"`
		Queues   int      `json:"queues"`
		Topics   int      `json:"topics"`
	}{"ok", []string{"sqs", "sns"}, len(s.queues), len(s.topics)}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(state) // a client that left is not told
}
