// Package embedded is an SQS, an SNS and three Redis nodes inside a program, for development and for trying
// things out. Nothing is kept on disk unless a directory is named, and only this machine reaches them.
package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/seed08532102/iniesta/internal/localaws"
)

// ErrPort is matched where a port cannot be listened on.
var ErrPort = errors.New("a port cannot be listened on")

// Nodes is how many Redis nodes there are.
const Nodes = 3

// Options of Start. The zero value takes free ports, and an account of zeros in us-east-1.
type Options struct {
	Region, Account string
	Port            int    // of SQS and SNS
	RedisPort       int    // of the first Redis node; the others follow
	Data            string // directory where queues, topics and messages are kept for the next start; nothing is kept where it is empty
}

// Servers are the servers.
type Servers struct {
	AWS   *localaws.Server
	URL   string   // of SQS and SNS
	Redis []string // URLs of the Redis nodes

	region, account string

	store *store
	nodes []*miniredis.Miniredis
	stop  context.CancelFunc
	clock sync.WaitGroup
}

// Start starts them. Close ends them.
func Start(o Options) (_ *Servers, err error) {
	s := &Servers{region: cmp.Or(o.Region, "us-east-1"), account: cmp.Or(o.Account, "000000000000")}
	s.AWS = localaws.NewIn(s.region, s.account)
	var ctx context.Context
	ctx, s.stop = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if o.Data != "" {
		if s.store, err = openStore(o.Data); err != nil {
			return nil, err
		}
		if err := s.AWS.Keep(s.store); err != nil {
			return nil, err
		}
	}
	if s.URL, err = s.AWS.StartAt(address(o.Port)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPort, err)
	}
	for i := range Nodes {
		port := 0
		if o.RedisPort != 0 {
			port = o.RedisPort + i
		}
		node := miniredis.NewMiniRedis()
		if err := node.StartAddr(address(port)); err != nil {
			return nil, fmt.Errorf("%w: starting a Redis node: %w", ErrPort, err)
		}
		s.nodes = append(s.nodes, node)
		s.Redis = append(s.Redis, "redis://"+node.Addr()+"/0")
	}
	s.clock.Go(func() { s.keepTime(ctx) })
	return s, nil
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// Close ends the servers and waits for them.
func (s *Servers) Close() {
	s.stop()
	s.clock.Wait()
	_ = s.AWS.Close() // what it reports is of no use to anybody
	if s.store != nil {
		_ = s.store.Close() // every write was made
	}
	for _, node := range s.nodes {
		node.Close()
	}
}

// keepTime has the keys of the Redis nodes expire, which they do not by themselves.
func (s *Servers) keepTime(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case now := <-tick.C:
			for _, node := range s.nodes {
				node.FastForward(now.Sub(last))
			}
			last = now
		case <-ctx.Done():
			return
		}
	}
}
