package redlock

type answer struct {
	node int
	ok   bool
	err  error
}

// ask puts a question to every node at once. The answers come as they come; whoever has heard enough
// need not wait for the rest.
func (l *Locker) ask(question func(*node) (bool, error)) <-chan answer {
	answers := make(chan answer, len(l.servers))
	l.commands.begin(len(l.servers))
	for i, n := range l.servers {
		go func() {
			defer l.commands.end()
			ok, err := question(n)
			answers <- answer{node: i, ok: ok, err: err}
		}()
	}
	return answers
}

// ping is a question that every node can answer, simulated ones too.
func ping(n *node) (bool, error) {
	_, err := n.get("iniesta:ping")
	return err == nil, err
}
