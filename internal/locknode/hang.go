package locknode

// Hang has every command wait until its context ends, or until Up: the way to the node is cut off.
func (n *Node) Hang() { n.hang(nothing) }

// Mute is Hang for the answers alone: commands are carried out, and nobody is told until Up.
func (n *Node) Mute() { n.hang(answers) }

// Stall is Hang for a process that stands still: what was sent to it meanwhile is carried out on Up,
// also for those who have given up waiting.
func (n *Node) Stall() { n.hang(commandsForLater) }

// Up ends Down, Hang, Mute and Stall.
func (n *Node) Up() {
	n.set(func() {
		n.down = false
		if n.hung == nil {
			return
		}
		for _, do := range n.hung.late {
			do()
		}
		close(n.hung.over)
		n.hung = nil
	})
}

// hang is what a node that does not answer does.
type hang struct {
	keeps kept
	over  chan struct{} // closed when it answers again
	late  []func()      // commands, to be carried out then
}

// kept is what reaches a node that does not answer.
type kept int

const (
	nothing kept = iota
	answers
	commandsForLater
)

func (n *Node) hang(keeps kept) {
	n.set(func() {
		if n.hung == nil {
			n.hung = &hang{keeps: keeps, over: make(chan struct{})}
		}
	})
}
