//go:build !unix

package testserver

// Pause has the server hang: connections stay open and nothing answers. Where the system cannot stop a process, the
// test is skipped.
func (n *RedisNode) Pause() {
	n.process.t.Helper()
	n.process.t.Skip("this system cannot stop a process")
}

// Resume ends a Pause.
func (n *RedisNode) Resume() {}
