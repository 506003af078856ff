package testserver

import (
	"fmt"
	"os/exec"
	"testing"
)

// RedisNode is a redis-server of its own.
type RedisNode struct{ process *process }

// Redis starts a redis-server, which ends with the test. It skips the test where there is none to
// start; see Missing. Arguments are added to its command line.
func Redis(t testing.TB, arguments ...string) *RedisNode {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		Missing(t, "redis-server", "apt-get install redis-server, brew install redis")
	}
	port := freePort(t)
	p := &process{t: t, address: "127.0.0.1:" + port, command: func() *exec.Cmd {
		base := []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"}
		return exec.Command(path, append(base, arguments...)...)
	}}
	t.Cleanup(p.kill)
	p.start()
	return &RedisNode{p}
}

// RedisNodes starts n servers.
func RedisNodes(t testing.TB, n int) []*RedisNode {
	t.Helper()
	nodes := make([]*RedisNode, n)
	for i := range nodes {
		nodes[i] = Redis(t)
	}
	return nodes
}

// URLs are the URLs of nodes.
func URLs(nodes []*RedisNode) []string {
	urls := make([]string, len(nodes))
	for i, n := range nodes {
		urls[i] = n.URL()
	}
	return urls
}

// URL is the node's URL.
func (n *RedisNode) URL() string { return fmt.Sprintf("redis://%s/0", n.process.address) }

// Kill ends the server.
func (n *RedisNode) Kill() { n.process.kill() }

// Restart starts the server on the same port, empty.
func (n *RedisNode) Restart() {
	n.process.kill()
	n.process.start()
}
