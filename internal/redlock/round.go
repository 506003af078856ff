package redlock

import "sync"

// sink takes the answers of nodes.
type sink interface {
	answer(node int, reply any, err error)
}

// tell puts a command to every node at once.
func (l *Locker) tell(c command, s sink) {
	for _, n := range l.servers {
		n.start(c, s)
	}
}

// answers is a sink with room for one answer of each node: who has heard enough need not wait.
type answers chan answer

type answer struct {
	node  int
	reply any
	err   error
}

func (a answers) answer(node int, reply any, err error) { a <- answer{node, reply, err} }

// ask puts a command to every node at once and returns their answers as they come.
func (l *Locker) ask(c command) answers {
	a := make(answers, len(l.servers))
	l.tell(c, a)
	return a
}

// round is a command to every node whose answers count: those of a majority decide.
type round struct {
	locker  *Locker
	yes     any           // the reply of a node that did what it was asked for
	steps   *steps        // nil, or told of each answer
	decided chan struct{} // closed when a majority said yes, or said no, or all have answered

	mu      sync.Mutex
	answers []heard
	more    *sync.Cond // nil until somebody waits for a certain node
	agreed  int
	refused int
	known   int
}

type heard struct {
	known bool
	reply any
	err   error
}

func (l *Locker) newRound(yes any, s *steps) *round {
	return &round{locker: l, yes: yes, steps: s, decided: make(chan struct{}), answers: make([]heard, len(l.servers))}
}

func (r *round) answer(node int, reply any, err error) {
	if r.steps != nil {
		r.steps.ended(node)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.isDecided()
	r.answers[node] = heard{true, reply, err}
	r.known++
	switch {
	case err != nil:
	case reply == r.yes:
		r.agreed++
	default:
		r.refused++
	}
	if !before && r.isDecided() {
		close(r.decided)
	}
	if r.more != nil {
		r.more.Broadcast()
	}
}

func (r *round) isDecided() bool {
	majority := r.locker.majority()
	return r.agreed >= majority || r.refused >= majority || r.known == len(r.answers)
}

// of waits for the answer of one node.
func (r *round) of(node int) (reply any, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.answers[node].known {
		if r.more == nil {
			r.more = sync.NewCond(&r.mu)
		}
		r.more.Wait()
	}
	return r.answers[node].reply, r.answers[node].err
}

// won reports whether a majority has said yes.
func (r *round) won() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.agreed >= r.locker.majority()
}

// against are the nodes that have not done what they were asked for.
func (r *round) against() (failed, refused []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for node, a := range r.answers {
		switch {
		case !a.known || a.err == nil && a.reply == r.yes:
		case a.err != nil:
			failed = append(failed, r.locker.nodeError(node, a.err))
		default:
			refused = append(refused, r.locker.nodeError(node, errOther))
		}
	}
	return failed, refused
}
