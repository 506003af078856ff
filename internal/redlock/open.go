package redlock

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"

	redsyncredis "github.com/go-redsync/redsync/v4/redis"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/seed08532102/iniesta/internal/redisurl"
)

// Open makes a client for each redis:// or rediss:// URL, and the nodes for New. It does no I/O. The
// clients are the caller's to close, and tell log of failed dials at debug. Errors never have the password.
func Open(urls []string, log *slog.Logger) (clients []redis.UniversalClient, nodes []Node, err error) {
	var problems []error
	for i, text := range urls {
		o, err := redisurl.Parse(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("lock node %d of %d: %w", i+1, len(urls), err))
			continue
		}
		tune(o)
		logDials(o, log)
		clients = append(clients, redis.NewClient(o))
	}
	if len(problems) > 0 {
		for _, c := range clients {
			_ = c.Close() // was never used
		}
		return nil, nil, fmt.Errorf("opening the lock nodes: %w", nodeErrors(problems))
	}
	return clients, NodesOf(clients...), nil
}

// NodesOf makes nodes of clients. Several names of one server are several nodes: redlock is then no
// better than a lock on that server.
func NodesOf(clients ...redis.UniversalClient) []Node {
	nodes := make([]Node, len(clients))
	for i, client := range clients {
		nodes[i] = Node{Name: nameOf(client, i), Pool: shared{goredis.NewPool(client), client}}
	}
	return nodes
}

// shared is a pool of which New takes the client, so that commands share round trips.
type shared struct {
	redsyncredis.Pool
	client redis.UniversalClient
}

// tune keeps a node that hangs from costing more than a command's deadline. The client's own retries
// are few: redlock has other nodes to go on with.
func tune(o *redis.Options) {
	o.ContextTimeoutEnabled = true
	o.DialTimeout = time.Second
	o.ReadTimeout = time.Second
	o.WriteTimeout = time.Second
	o.DialerRetries = 1
	o.MaxRetries = 1
	o.MinRetryBackoff = time.Millisecond
	o.MaxRetryBackoff = 10 * time.Millisecond
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

func nameOf(client redis.UniversalClient, i int) string {
	if c, ok := client.(*redis.Client); ok {
		o := c.Options()
		return o.Addr + "/" + strconv.Itoa(o.DB)
	}
	return "lock node " + strconv.Itoa(i+1)
}
