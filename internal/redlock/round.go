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
	yes      any // the reply of a node that did what it was asked for
	majority int
	steps    *steps // nil, or told of each answer

	mu      sync.Mutex
	more    sync.Cond // another answer, where somebody waits for a certain node; or the decision
	answers []heard
	agreed  int
	refused int
	known   int
	waiting int            // for certain nodes
	then    func(won bool) // nil, or called once, when it is decided
}

type heard struct {
	known bool
	reply any
	err   error
}

// init makes the zero round one of n nodes.
func (r *round) init(n int, yes any, s *steps) {
	r.yes, r.majority, r.steps = yes, n/2+1, s
	r.more.L = &r.mu
	r.answers = make([]heard, n)
}

func (r *round) answer(node int, reply any, err error) {
	if r.steps != nil {
		r.steps.ended(node)
	}
	if r.note(node, reply, err) && r.then != nil {
		r.then(r.decide())
	}
}

// note reports whether the answer was the one that decided.
func (r *round) note(node int, reply any, err error) (decides bool) {
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
	decides = !before && r.isDecided()
	if r.waiting > 0 || decides {
		r.more.Broadcast()
	}
	return decides
}

// isDecided reports whether a majority said yes, or said no, or all have answered.
func (r *round) isDecided() bool {
	return r.agreed >= r.majority || r.refused >= r.majority || r.known == len(r.answers)
}

// decide waits for the decision, and reports whether a majority said yes.
func (r *round) decide() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for !r.isDecided() {
		r.more.Wait()
	}
	return r.agreed >= r.majority
}

// of waits for the answer of one node.
func (r *round) of(node int) (reply any, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
	defer func() { r.waiting-- }()
	for !r.answers[node].known {
		r.more.Wait()
	}
	return r.answers[node].reply, r.answers[node].err
}

// against are the nodes that are known not to have done what they were asked for.
func (r *round) against(l *Locker) (failed, refused []error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for node, a := range r.answers {
		switch {
		case !a.known || a.err == nil && a.reply == r.yes:
		case a.err != nil:
			failed = append(failed, l.nodeError(node, a.err))
		default:
			refused = append(refused, l.nodeError(node, errOther))
		}
	}
	return failed, refused
}
