package measure

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// lockNode is a redis-server of its own.
type lockNode struct {
	process *process
	address string
	client  *redis.Client
}

func startLockNode() (*lockNode, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p, err := start("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err != nil {
		return nil, err
	}
	n := &lockNode{p, "127.0.0.1:" + port, redis.NewClient(&redis.Options{Addr: "127.0.0.1:" + port, DisableIdentity: true})}
	if err := answers(n.address); err != nil {
		n.stop()
		return nil, err
	}
	return n, nil
}

func (n *lockNode) stop() {
	_ = n.client.Close() // its server ends
	n.process.stop()
}

func (n *lockNode) empty(ctx context.Context) error { return n.client.FlushAll(ctx).Err() }

// work is what a Redis server has done so far.
type work struct{ commands, reads float64 }

// work reads the server's counters. Each read is a round trip: whatever came in together is read at
// once.
func (n *lockNode) work(ctx context.Context) (work, error) {
	info, err := n.client.Info(ctx, "stats").Result()
	if err != nil {
		return work{}, fmt.Errorf("asking %s for its counters: %w", n.address, err)
	}
	return work{number(info, "total_commands_processed"), number(info, "total_reads_processed")}, nil
}

func number(info, name string) float64 {
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return n
		}
	}
	return 0
}
