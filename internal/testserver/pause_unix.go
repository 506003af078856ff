//go:build unix

package testserver

import "syscall"

// Pause has the server hang: connections stay open and nothing answers. Where the system cannot stop a process, the
// test is skipped.
func (n *RedisNode) Pause() { n.process.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (n *RedisNode) Resume() { n.process.signal(syscall.SIGCONT) }
