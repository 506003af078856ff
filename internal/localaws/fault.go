package localaws

import (
	"net/http"
	"time"
)

// Call is an API call as a fault decides on it.
type Call struct {
	Operation string // such as "ReceiveMessage"
	Queue     string // its name, empty where the call names none
	Topic     string // its ARN, empty where the call names none
	N         int    // 1 for the first call of the operation
}

// Fault is what goes wrong with a call. The zero value is that nothing does.
type Fault struct {
	Delay      time.Duration           // before the call acts
	DelayAfter time.Duration           // before the call answers
	Code       string                  // an error answer, instead of acting
	Status     int                     // of the error; 400 where it is 0
	Cut        bool                    // cuts the connection before the call acts
	Hang       bool                    // never answers, nor acts; ends with the client or the server
	Lose       bool                    // acts, then cuts the connection
	Entries    func(i int) *EntryFault // fails entries of a batch; nil for those that do not fail
	Again      bool                    // messages received are visible again at once: duplicate deliveries
	Twice      bool                    // each message received is in the answer twice, the second time with a newer handle
	ReceiveFault
}

// EntryFault fails one entry of a batch.
type EntryFault struct {
	Code        string
	SenderFault bool
}

// Throttle is the answer to too many requests.
var Throttle = Fault{Code: "ThrottlingException", Status: http.StatusBadRequest}

// SetFault has f decide what goes wrong with each call; nil ends all faults. F may be called from
// several goroutines.
func (s *Server) SetFault(f func(Call) Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) faultFor(c Call) Fault {
	s.mu.Lock()
	f := s.fault
	s.mu.Unlock()
	if f == nil {
		return Fault{}
	}
	return f(c)
}

// run acts, with what goes wrong before and after.
func (r *request) run(operation func(*request) (any, error)) (any, error) {
	if err := r.server.whole(); err != nil {
		return nil, err
	}
	if r.denied != nil {
		return nil, r.denied
	}
	f := r.fault
	if f.Hang {
		r.sleep(0, true)
		panic(http.ErrAbortHandler)
	}
	if f.Delay > 0 {
		r.sleep(f.Delay, false)
	}
	if f.Cut {
		panic(http.ErrAbortHandler)
	}
	if f.Code != "" {
		e := refused(f.Code, "This error was made on purpose.")
		if f.Status != 0 {
			e.status = f.Status
		}
		return nil, e
	}
	out, err := operation(r)
	if f.DelayAfter > 0 {
		r.sleep(f.DelayAfter, false)
	}
	if f.Lose {
		panic(http.ErrAbortHandler)
	}
	return out, err
}

// sleep waits for d, or for ever, while the client and the server are there.
func (r *request) sleep(d time.Duration, forever bool) {
	var passed <-chan time.Time
	if !forever {
		timer := time.NewTimer(d)
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-passed:
	case <-r.ctx.Done():
	case <-r.server.closed.Done():
	}
}
