package localaws

// Guarantees are where AWS's documentation leaves open what standard queues do, or recordings of AWS differ from it.
// The zero value is the default. A consumer has to keep its promises whatever they are.
type Guarantees struct {
	// OlderHandlesDelete has a delete with an older receipt handle delete the message. By default it succeeds and
	// deletes nothing.
	OlderHandlesDelete bool
	// OlderHandlesChangeNothing has a change of visibility with a receipt handle that is older, or whose visibility
	// timeout has passed, succeed without an effect. By default it changes the visibility, although another receive
	// may hold the message.
	OlderHandlesChangeNothing bool
}

// SetGuarantees chooses what SQS guarantees from now on.
func (s *Server) SetGuarantees(g Guarantees) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.guarantees = g
}

func (s *Server) guaranteed() Guarantees {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.guarantees
}
