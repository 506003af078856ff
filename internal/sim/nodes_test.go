package sim

import (
	"math/rand/v2"
	"time"

	"github.com/seed08532102/iniesta/internal/locknode"
)

// majority are the fewest nodes without which nothing can be locked.
func (w *world) majority() []*locknode.Node { return w.nodes[:len(w.nodes)/2+1] }

// breakNode has one node down, hung, mute, standing still or slow for a while.
func (w *world) breakNode(i int, most time.Duration) {
	r := w.draw("node", i)
	node := w.nodes[r.IntN(len(w.nodes))]
	switch r.IntN(5) {
	case 0:
		node.Down()
	case 1:
		node.Hang()
	case 2:
		node.Mute()
	case 3:
		node.Stall()
	case 4:
		node.SetLatency(between(r, 0, 400*time.Millisecond))
	}
	time.Sleep(between(r, 0, most))
	node.Up()
	node.SetLatency(0)
	time.Sleep(2*time.Second + most) // until it is asked again, and what is held is on it again
}

// wipe has a node restart empty: always the same node, so that the others keep the data.
func (w *world) wipe(r *rand.Rand) {
	w.nodes[0].Down()
	time.Sleep(between(r, 0, 3*time.Second))
	w.nodes[0].Wipe()
	w.nodes[0].Up()
}

// breakMajority has all but a minority down.
func (w *world) breakMajority(i int) {
	r := w.draw("majority", i)
	w.ledger.outage(true)
	for _, n := range w.majority() {
		[]func(){n.Down, n.Hang, n.Mute, n.Stall}[r.IntN(4)]()
	}
	time.Sleep(between(r, time.Second, 30*time.Second))
	w.mend()
	time.Sleep(3 * time.Second) // nodes that failed are asked again within a second
	w.ledger.outage(false)
	time.Sleep(w.lockTimeout)
}

// refuseWrites has one node, or all but a minority, answer reads and nothing else.
func (w *world) refuseWrites(i int) {
	r := w.draw("writes", i)
	nodes := w.majority()
	if r.IntN(3) == 0 {
		nodes = w.nodes[i%len(w.nodes):][:1]
	}
	outage := len(nodes) > 1
	if outage {
		w.ledger.outage(true)
	}
	for _, n := range nodes {
		n.RefuseWrites(locknode.Refusals[r.IntN(len(locknode.Refusals))])
	}
	time.Sleep(between(r, time.Second, 30*time.Second))
	w.mend()
	time.Sleep(3 * time.Second)
	if outage {
		w.ledger.outage(false)
	}
	time.Sleep(w.lockTimeout)
}

// withoutMajority has a majority broken for a time.
func (w *world) withoutMajority(d time.Duration, breaks func(*locknode.Node)) {
	w.ledger.outage(true)
	for _, n := range w.majority() {
		breaks(n)
	}
	time.Sleep(d)
	w.ledger.outage(false)
}

// mend ends whatever is wrong with the nodes.
func (w *world) mend() {
	for _, n := range w.nodes {
		n.Up()
		n.SetLatency(0)
		n.RefuseWrites(nil)
	}
}
