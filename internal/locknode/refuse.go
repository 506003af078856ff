package locknode

// Refusal is an error that Redis answers a command with.
type Refusal string

// Refusals are the answers of a Redis that serves reads and refuses writes.
var Refusals = []Refusal{
	"OOM command not allowed when used memory > 'maxmemory'.",
	"READONLY You can't write against a read only replica.",
	"NOREPLICAS Not enough good replicas to write.",
	"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
	"NOPERM this user has no permissions to run the 'set' command",
	"NOPERM this user has no permissions to access one of the keys used as arguments",
	"MOVED 866 127.0.0.1:7001",
	"CLUSTERDOWN Hash slot not served",
}

// Error is the text that Redis sends.
func (r Refusal) Error() string { return string(r) }

// RedisError marks the error as one that go-redis would return for the text.
func (r Refusal) RedisError() {}

// RefuseWrites has every command that writes fail with err; reads are answered. With nil, writes are
// accepted again. Unlike Down and Hang it is not ended by Up.
func (n *Node) RefuseWrites(err error) { n.set(func() { n.refusal = err }) }
